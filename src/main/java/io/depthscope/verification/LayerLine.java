package io.depthscope.verification;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;

/**
 * The text of a {@link LayerCase}: name, kind, height, width and channels of the input, output
 * channels, kernel, stride and padding, and what else there is to say.
 *
 * <pre>
 * kernel, stride    3, or 5x2 for height and width; - for a kind without a window
 * padding           same, symmetric, none, or zeros above,below,left,right; - likewise
 * groups=3          of a conv; 1 if left out. A depthwise one has as many as input channels
 * dilation=2        or 2x1
 * with=7x7x16,1x1x8 inputs after the first; another of the first's shape if left out
 * clamp=relu        none, relu, relu6, or -1:6 (one for the tensor, or one a channel with commas);
 *                   if left out, relu6 after conv, depthwise and pointwise, none after others
 * {@link LayerOptions} has those that one operation alone takes
 * </pre>
 */
final class LayerLine {
  private static final int FIELDS = 9;
  private static final int LARGEST = 1 << 16;
  private static final long MOST_WEIGHTS = 1L << 27;
  private static final String NO_WINDOW = "-";
  private static final Set<String> OPTIONS = Set.of("groups", "dilation", "with", "clamp");
  private static final Set<String> RECTIFIED = Set.of("conv", "depthwise", "pointwise");

  private LayerLine() {}

  /** The line, words separated by one space. */
  static String of(LayerCase c) {
    StringJoiner line = new StringJoiner(" ");
    Shape in = c.in();
    line.add(c.name()).add(c.word());
    line.add("" + in.height()).add("" + in.width()).add("" + in.channels());
    line.add("" + c.out().channels());
    Optional<Window> window = window(c.op());
    if (window.isPresent()) {
      Window w = window.get();
      line.add(pair(w.kernelH(), w.kernelW())).add(pair(w.strideH(), w.strideW()));
      line.add(padding(w, in));
    } else {
      line.add(NO_WINDOW).add(NO_WINDOW).add(NO_WINDOW);
    }
    if (c.op() instanceof Op.Convolution o && o.groups() > 1 && !o.isDepthwise(in)) {
      line.add("groups=" + o.groups());
    }
    window
        .filter(w -> w.dilationH() != 1 || w.dilationW() != 1)
        .ifPresent(w -> line.add("dilation=" + pair(w.dilationH(), w.dilationW())));
    if (!c.inputs().equals(inputs(in, List.of(), c.op()))) {
      StringJoiner others = new StringJoiner(",", "with=", "");
      c.inputs().stream().skip(1).forEach(s -> others.add(s.toString()));
      line.add(others.toString());
    }
    LayerOptions.of(c.op()).forEach((key, value) -> line.add(key + "=" + value));
    if (!c.clamp().equals(usualClamp(c.word()))) {
      line.add("clamp=" + clamp(c.clamp()));
    }
    return line.toString();
  }

  /**
   * The layer of a line.
   *
   * @throws IllegalArgumentException with the reason, if it is none
   */
  static LayerCase parse(String line) {
    String[] words = line.strip().split("\\s+");
    if (words.length < FIELDS) {
      throw new IllegalArgumentException(words.length + " fields, expected " + FIELDS);
    }
    Map<String, String> options = new HashMap<>();
    for (int i = FIELDS; i < words.length; i++) {
      String[] option = words[i].split("=", 2);
      boolean known = OPTIONS.contains(option[0]) || LayerOptions.NAMES.contains(option[0]);
      if (option.length < 2 || !known) {
        throw new IllegalArgumentException("'" + words[i] + "' is unknown");
      }
      if (options.put(option[0], option[1]) != null) {
        throw new IllegalArgumentException(option[0] + " is given twice");
      }
    }
    String kind = words[1];
    Shape in = new Shape(number(words[2]), number(words[3]), number(words[4]));
    int channels = number(words[5]);
    Optional<Window> window = window(words, in, options.getOrDefault("dilation", "1"));
    checkOneToOne(kind, in, window);
    int groups =
        options.containsKey("groups")
            ? number(options.get("groups"))
            : kind.equals("depthwise") ? in.channels() : 1;
    List<Shape> others = shapes(options.get("with"));
    Op op =
        kind.equals("input")
            ? new Op.Input(in)
            : LayerOptions.op(kind, in, channels, options)
                .orElseGet(() -> op(kind, window, groups, channels, 1 + others.size()));
    LayerCase c =
        new LayerCase(
            words[0],
            op,
            inputs(in, others, op),
            options.containsKey("clamp") ? clamp(options.get("clamp")) : usualClamp(kind));
    checkWeights(c);
    if (c.out().channels() != channels || !window(c.op()).equals(window)) {
      throw new IllegalArgumentException(
          kind
              + " of "
              + in.channels()
              + " channels gives "
              + c.out().channels()
              + (window(c.op()).isPresent() ? "" : " and has no window"));
    }
    return c;
  }

  /**
   * The operation of a word of tables and files.
   *
   * @param window empty where the word needs none
   * @param arity number of inputs
   * @throws IllegalArgumentException if there is no such word
   */
  static Op op(String word, Optional<Window> window, int groups, int channels, int arity) {
    for (Op op : withoutWindow(arity)) {
      if (op.word(List.of()).equals(word)) {
        return op;
      }
    }
    Window needed =
        window.orElseThrow(
            () -> new IllegalArgumentException("kind '" + word + "' without a window is unknown"));
    for (Op.Pool.Kind kind : Op.Pool.Kind.values()) {
      if (Op.Pool.of(kind, needed).word(List.of()).equals(word)) {
        return Op.Pool.of(kind, needed);
      }
    }
    return switch (word) {
      case "conv", "depthwise", "pointwise", "fully-connected" ->
          new Op.Convolution(needed, groups, channels);
      default -> throw new IllegalArgumentException("kind '" + word + "' is unknown");
    };
  }

  /** The operations that a word alone says everything of, but for the number of inputs. */
  private static List<Op> withoutWindow(int arity) {
    List<Op> all = new ArrayList<>();
    for (Op.Elementwise.Function f : Op.Elementwise.Function.values()) {
      all.add(new Op.Elementwise(f));
    }
    for (Op.Unary.Function f : Op.Unary.Function.values()) {
      all.add(new Op.Unary(f));
    }
    for (Op.Pool.Kind kind : Op.Pool.Kind.values()) {
      all.add(new Op.Pool(kind, Optional.empty()));
    }
    all.add(new Op.Concat(Math.max(2, arity)));
    return all;
  }

  private static Optional<Window> window(Op op) {
    return switch (op) {
      case Op.Convolution c -> Optional.of(c.window());
      case Op.Pool p -> p.window();
      default -> Optional.empty();
    };
  }

  /** They are drawn into one array; the largest layer of VGG has 2^26.6. */
  private static void checkWeights(LayerCase c) {
    long weights;
    try {
      weights = c.op().kernelSize(c.inputs());
    } catch (ArithmeticException beyondLong) {
      weights = Long.MAX_VALUE;
    }
    if (weights > MOST_WEIGHTS) {
      throw new IllegalArgumentException("more than " + MOST_WEIGHTS + " weights");
    }
  }

  private static List<Shape> inputs(Shape in, List<Shape> others, Op op) {
    if (op.arity() == 0) {
      return List.of();
    }
    List<Shape> all = new ArrayList<>(List.of(in));
    all.addAll(op.arity() == 2 && others.isEmpty() ? List.of(in) : others);
    return all;
  }

  private static void checkOneToOne(String kind, Shape in, Optional<Window> window) {
    if (kind.equals("fully-connected") && in.positions() != 1) {
      throw new IllegalArgumentException("fully connected layer on a " + in + " input");
    }
    boolean one = kind.equals("fully-connected") || kind.equals("pointwise");
    if (one && window.isPresent() && !window.get().isPointwise()) {
      Window w = window.get();
      throw new IllegalArgumentException(
          kind
              + (" with kernel " + pair(w.kernelH(), w.kernelW()))
              + (" and stride " + pair(w.strideH(), w.strideW())));
    }
  }

  private static Optional<Window> window(String[] words, Shape in, String dilation) {
    if (words[6].equals(NO_WINDOW) && words[7].equals(NO_WINDOW) && words[8].equals(NO_WINDOW)) {
      return Optional.empty();
    }
    int[] kernel = pair(words[6]);
    int[] stride = pair(words[7]);
    int[] apart = pair(dilation);
    Window bare =
        new Window(kernel[0], kernel[1], stride[0], stride[1], Padding.NONE)
            .dilated(apart[0], apart[1]);
    return Optional.of(bare.padded(padding(words[8], bare, in)));
  }

  private static Padding padding(String word, Window w, Shape in) {
    return switch (word) {
      case "same" -> w.same(in);
      case "symmetric" -> symmetric(w);
      case "none" -> Padding.NONE;
      default -> {
        if (!word.matches("\\d{1,5},\\d{1,5},\\d{1,5},\\d{1,5}")) {
          throw new IllegalArgumentException("padding '" + word + "' is unknown");
        }
        String[] sides = word.split(",", -1);
        yield new Padding(
            Integer.parseInt(sides[0]),
            Integer.parseInt(sides[1]),
            Integer.parseInt(sides[2]),
            Integer.parseInt(sides[3]));
      }
    };
  }

  private static String padding(Window w, Shape in) {
    Padding p = w.padding();
    if (p.equals(Padding.NONE)) {
      return "none";
    }
    if (p.equals(symmetric(w))) {
      return "symmetric";
    }
    return p.equals(w.same(in))
        ? "same"
        : p.top() + "," + p.bottom() + "," + p.left() + "," + p.right();
  }

  private static Padding symmetric(Window w) {
    int rows = (w.extentH() - 1) / 2;
    int columns = (w.extentW() - 1) / 2;
    return new Padding(rows, rows, columns, columns);
  }

  private static Clamp usualClamp(String kind) {
    return RECTIFIED.contains(kind) ? Clamp.RELU6 : Clamp.NONE;
  }

  private static String clamp(Clamp clamp) {
    if (!clamp.word().equals("clamp")) {
      return clamp.word();
    }
    StringJoiner intervals = new StringJoiner(",");
    for (int c = 0; c < clamp.lower().length; c++) {
      intervals.add(clamp.lower()[c] + ":" + clamp.upper()[c]);
    }
    return intervals.toString();
  }

  private static Clamp clamp(String text) {
    if (!text.contains(":")) {
      return Clamp.named(text);
    }
    String[] intervals = text.split(",", -1);
    float[] lower = new float[intervals.length];
    float[] upper = new float[intervals.length];
    for (int c = 0; c < intervals.length; c++) {
      String[] ends = intervals[c].split(":", -1);
      if (ends.length != 2) {
        throw new IllegalArgumentException("'" + intervals[c] + "' is no interval");
      }
      try {
        lower[c] = Float.parseFloat(ends[0]);
        upper[c] = Float.parseFloat(ends[1]);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("'" + intervals[c] + "' is no interval", e);
      }
    }
    return new Clamp(lower, upper);
  }

  private static List<Shape> shapes(String text) {
    List<Shape> shapes = new ArrayList<>();
    if (text != null) {
      for (String shape : text.split(",", -1)) {
        String[] extents = shape.split("x", -1);
        if (extents.length != 3) {
          throw new IllegalArgumentException("'" + shape + "' is no shape");
        }
        shapes.add(new Shape(number(extents[0]), number(extents[1]), number(extents[2])));
      }
    }
    return shapes;
  }

  private static String pair(int height, int width) {
    return height == width ? Integer.toString(height) : height + "x" + width;
  }

  static int[] pair(String text) {
    String[] two = text.split("x", 2);
    return new int[] {number(two[0]), number(two[two.length - 1])};
  }

  static int number(String text) {
    int n;
    try {
      n = Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is no number", e);
    }
    if (n < 1 || n > LARGEST) {
      throw new IllegalArgumentException(n + " is not in 1.." + LARGEST);
    }
    return n;
  }
}
