package io.depthscope.verification;

import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.Op;
import io.depthscope.graph.Sampling;
import io.depthscope.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;

/**
 * The part of a {@link LayerLine} that one operation alone takes.
 *
 * <pre>
 * to=6x4                    height and width of what is resized or rearranged
 * rows=0.5:-0.25            of a resize: step and first place of the rows, columns likewise
 * slope=0.1                 of a leaky-relu: one for the tensor, or one a channel with commas
 * response=5:1e-4:0.75:1    size, alpha, beta and bias of a local-response
 * epsilon=1e-5              what a layer-norm adds to the variance; with scale=1 and shift=0: one
 *                           for the tensor, or one a channel with commas
 * from=0+2*3,-1,7           of any other kind, a rearrangement: where its values come from in turn,
 *                           here 0, 2, 4, a constant and 7
 * fill=0.5                  the constant, or one a channel with commas; 0 if left out
 * </pre>
 */
final class LayerOptions {
  static final Set<String> NAMES =
      Set.of(
          "to",
          "rows",
          "columns",
          "slope",
          "response",
          "epsilon",
          "scale",
          "shift",
          "from",
          "fill");

  private LayerOptions() {}

  /** The options of an operation; none for one that a word and a window say everything of. */
  static Map<String, String> of(Op op) {
    Map<String, String> options = new LinkedHashMap<>();
    switch (op) {
      case Op.Resize r -> {
        options.put("to", r.height() + "x" + r.width());
        options.put("rows", r.rows().step() + ":" + r.rows().first());
        options.put("columns", r.columns().step() + ":" + r.columns().first());
      }
      case Op.LeakyRelu r -> options.put("slope", list(r.slope()));
      case Op.LocalResponse r ->
          options.put("response", r.size() + ":" + r.alpha() + ":" + r.beta() + ":" + r.bias());
      case LayerNorm n -> {
        options.put("epsilon", Float.toString(n.epsilon()));
        options.put("scale", list(n.scale()));
        options.put("shift", list(n.shift()));
      }
      case Op.Rearrange r -> {
        options.put("to", r.output().height() + "x" + r.output().width());
        options.put("from", runs(r.source()));
        if (r.fill().length > 1 || Float.floatToIntBits(r.fill()[0]) != 0) {
          options.put("fill", list(r.fill()));
        }
      }
      default -> {}
    }
    return options;
  }

  /**
   * The operation of a word with its options; empty if it has none of them.
   *
   * @param channels of the output
   * @throws IllegalArgumentException if they do not fit the word or each other
   */
  static Optional<Op> op(String word, Shape in, int channels, Map<String, String> options) {
    Optional<Op> op = read(word, in, channels, options);
    for (String name : NAMES) {
      boolean own = op.isPresent() && of(op.get()).containsKey(name);
      if (options.containsKey(name) && !own && !name.equals("fill")) {
        throw new IllegalArgumentException("a " + word + " has no " + name);
      }
    }
    return op;
  }

  private static Optional<Op> read(
      String word, Shape in, int channels, Map<String, String> options) {
    if (options.containsKey("from")) {
      int[] to = LayerLine.pair(needed("to", options));
      Shape out = new Shape(to[0], to[1], channels);
      int[] source = source(options.get("from"), out.size());
      float[] fill = floats(options.getOrDefault("fill", "0"), ",");
      return Optional.of(new Op.Rearrange(in, out, source, fill, word));
    }
    return switch (word) {
      case "resize-bilinear" -> {
        int[] to = LayerLine.pair(needed("to", options));
        yield Optional.of(
            new Op.Resize(
                to[0],
                to[1],
                sampling(needed("rows", options)),
                sampling(needed("columns", options))));
      }
      case "leaky-relu" -> Optional.of(new Op.LeakyRelu(floats(needed("slope", options), ",")));
      case "local-response" -> {
        String text = needed("response", options);
        float[] r = floats(text, ":");
        if (r.length != 4) {
          throw new IllegalArgumentException("'" + text + "' is no response");
        }
        yield Optional.of(new Op.LocalResponse((int) r[0], r[1], r[2], r[3]));
      }
      case "layer-norm" -> {
        float[] epsilon = floats(needed("epsilon", options), ",");
        if (epsilon.length != 1) {
          throw new IllegalArgumentException("an epsilon of " + epsilon.length + " numbers");
        }
        float[] scale = floats(needed("scale", options), ",");
        yield Optional.of(new LayerNorm(epsilon[0], scale, floats(needed("shift", options), ",")));
      }
      default -> Optional.empty();
    };
  }

  private static String needed(String name, Map<String, String> options) {
    String text = options.get(name);
    if (text == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return text;
  }

  private static Sampling sampling(String text) {
    String[] words = text.split(":", -1);
    try {
      if (words.length == 2) {
        return new Sampling(Double.parseDouble(words[0]), Double.parseDouble(words[1]));
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is no step and first place", e);
    }
    throw new IllegalArgumentException("'" + text + "' is no step and first place");
  }

  private static String list(float[] values) {
    StringJoiner list = new StringJoiner(",");
    for (float v : values) {
      list.add(Float.toString(v));
    }
    return list.toString();
  }

  private static float[] floats(String text, String separator) {
    String[] words = text.split(separator, -1);
    float[] values = new float[words.length];
    for (int i = 0; i < values.length; i++) {
      try {
        values[i] = Float.parseFloat(words[i]);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("'" + words[i] + "' is no number", e);
      }
    }
    return values;
  }

  /** Runs of equal steps, each as long as it can be. */
  private static String runs(int[] values) {
    StringJoiner runs = new StringJoiner(",");
    for (int i = 0, n; i < values.length; i += n) {
      int step = i + 1 < values.length ? values[i + 1] - values[i] : 0;
      n = 1;
      while (i + n < values.length && values[i + n] - values[i + n - 1] == step) {
        n++;
      }
      runs.add(n == 1 ? "" + values[i] : values[i] + (step < 0 ? "" : "+") + step + "*" + n);
    }
    return runs.toString();
  }

  private static int[] source(String text, int size) {
    int[] source = new int[size];
    int at = 0;
    for (String run : text.split(",", -1)) {
      if (!run.matches("-?\\d{1,9}([+-]\\d{1,9}\\*\\d{1,9})?")) {
        throw new IllegalArgumentException("'" + run + "' is no run of places");
      }
      int sign = Math.max(run.indexOf('+'), run.indexOf('-', 1));
      int star = run.indexOf('*');
      int first = Integer.parseInt(star < 0 ? run : run.substring(0, sign));
      int step = star < 0 ? 0 : Integer.parseInt(run.substring(sign, star));
      int n = star < 0 ? 1 : Integer.parseInt(run.substring(star + 1));
      if (n > size - at) {
        throw new IllegalArgumentException("more than " + size + " places");
      }
      for (int i = 0; i < n; i++) {
        source[at++] = Math.addExact(first, Math.multiplyExact(i, step));
      }
    }
    if (at < size) {
      throw new IllegalArgumentException(at + " places, not " + size);
    }
    return source;
  }
}
