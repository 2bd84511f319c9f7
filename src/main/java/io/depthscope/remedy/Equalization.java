package io.depthscope.remedy;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Cross-layer equalization: a channel that is divided by s where it is made and multiplied by s
 * where it is read computes the same, so s is free to be chosen such that both layers use their
 * range of weights: s = sqrt(r1 / r2), with r1 the largest weight that makes the channel and r2 the
 * largest that reads it (Nagel et al., Data-Free Quantization through Weight Equalization and Bias
 * Correction, 2019). Repeated from the first layer to the last until no scale changes by more than
 * a thousandth of itself.
 *
 * <p>The clamps are scaled, too, and become one interval a channel: a ReLU6 stays exactly what it
 * was. Channels are tied through whatever commutes with a scale; see {@link Wires}. Constant
 * channels, and those without weights on one side, are left as they are: their scales would run
 * away.
 */
public record Equalization() implements Rewrite {
  private static final int MOST_SWEEPS = 1000;
  private static final double SETTLED = 1e-3;

  @Override
  public String name() {
    return "equalize";
  }

  @Override
  public String words() {
    return "equalization";
  }

  @Override
  public String summary() {
    return "scales of channels move between layers until both use their range; clamps are kept";
  }

  /**
   * The largest weights of a layer between each output and each input channel.
   *
   * @param most rows x input channels of a group
   * @param in wire of each input channel
   * @param out wire of each row
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Magnitudes(Draft.Layer layer, float[] most, int[] in, int[] out) {
    static Magnitudes of(Draft.Layer layer, int[] in, int[] out) {
      float[] most = new float[layer.rows() * layer.depth()];
      for (int i = 0; i < layer.kernel().length; i++) {
        int at = i / layer.perRow() * layer.depth() + i % layer.depth();
        most[at] = Math.max(most[at], Math.abs(layer.kernel()[i]));
      }
      return new Magnitudes(layer, most, in, out);
    }
  }

  @Override
  public Rewritten rewrite(Mending before) {
    Graph graph = before.network().graph();
    Wires wires = new Wires(graph);
    Draft draft = new Draft(before.network());
    Magnitudes[] layers = new Magnitudes[graph.size()];
    for (int i = 0; i < graph.size(); i++) {
      if (graph.node(i).op() instanceof Op.Convolution) {
        int input = graph.node(i).inputs().getFirst();
        layers[i] = Magnitudes.of(draft.layer(i), wires.all(input), wires.all(i));
      }
    }
    double[] scale = new double[wires.count()];
    Arrays.fill(scale, 1);
    List<Wires.Group> groups = new ArrayList<>();
    for (Wires.Group g : wires.groups()) {
      if (g.made().stream().anyMatch(e -> !before.channels(e.node()).isConstant(e.channel()))) {
        groups.add(g);
      }
    }
    double changed = Double.POSITIVE_INFINITY;
    int sweeps = 0;
    for (; changed > SETTLED && sweeps < MOST_SWEEPS; sweeps++) {
      changed = 0;
      for (Wires.Group g : groups) {
        double made = largest(g.made(), layers, scale, true);
        double read = largest(g.read(), layers, scale, false);
        if (made > 0 && read > 0) {
          double s = Math.sqrt(made / read);
          scale[g.id()] *= s;
          changed = Math.max(changed, Math.abs(Math.log(s)));
        }
      }
    }
    return changed == 0 && sweeps == 1
        ? Rewritten.nothing(before)
        : scaled(before, draft, wires, scale, groups.size(), sweeps);
  }

  /** The largest weight that makes or reads a group, as it is scaled now. */
  private static double largest(
      List<Wires.End> ends, Magnitudes[] layers, double[] scale, boolean made) {
    double most = 0;
    for (Wires.End e : ends) {
      Magnitudes m = layers[e.node()];
      int depth = m.layer().depth();
      for (int row = made ? e.channel() : 0;
          row < (made ? e.channel() + 1 : m.layer().rows());
          row++) {
        int firstInput = m.layer().firstInput(row);
        int from = made ? 0 : e.channel() - firstInput;
        if (!made && !m.layer().reads(row, e.channel())) {
          continue;
        }
        double out = scale[m.out()[row]];
        for (int c = from; c < (made ? depth : from + 1); c++) {
          double in = scale[m.in()[firstInput + c]];
          most = Math.max(most, m.most()[row * depth + c] * in / out);
        }
      }
    }
    return most;
  }

  private static Rewritten scaled(
      Mending before, Draft draft, Wires wires, double[] scale, int groups, int sweeps) {
    Graph graph = before.network().graph();
    Map<String, Seen.Channels> figures = new HashMap<>();
    Map<String, Norms.Normal> norms = new HashMap<>();
    double least = 1;
    double most = 1;
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      double[] own = new double[graph.channels(i)];
      for (int c = 0; c < own.length; c++) {
        own[c] = scale[wires.of(i, c)];
        least = Math.min(least, own[c]);
        most = Math.max(most, own[c]);
      }
      figures.put(node.name(), before.seen().channels().get(node.name()).over(own));
      before.norms().of(node.name()).ifPresent(n -> norms.put(node.name(), n.over(own)));
      if (Arrays.stream(own).anyMatch(s -> s != 1) && !node.clamp().equals(Clamp.NONE)) {
        draft.clamp(i, over(node.clamp(), own));
      }
      if (!(node.op() instanceof Op.Convolution)) {
        continue;
      }
      int input = node.inputs().getFirst();
      Draft.Layer layer = draft.layer(i);
      for (int at = 0; at < layer.kernel().length; at++) {
        int row = at / layer.perRow();
        double in = scale[wires.of(input, layer.firstInput(row) + at % layer.depth())];
        layer.kernel()[at] = (float) (layer.kernel()[at] * in / own[row]);
      }
      for (int row = 0; row < layer.rows(); row++) {
        layer.bias()[row] = (float) (layer.bias()[row] / own[row]);
      }
    }
    String account =
        String.format(
            Locale.ROOT,
            "%,d groups of channels scaled by %.3g to %.3g in %d sweeps",
            groups,
            least,
            most,
            sweeps);
    return new Rewritten(
        draft.network(), before.seen().with(figures), before.norms().with(norms), List.of(account));
  }

  private static Clamp over(Clamp clamp, double[] divisors) {
    float[] lower = new float[divisors.length];
    float[] upper = new float[divisors.length];
    for (int c = 0; c < divisors.length; c++) {
      lower[c] = (float) (clamp.lower(c) / divisors[c]);
      upper[c] = (float) (clamp.upper(c) / divisors[c]);
    }
    return equal(lower) && equal(upper) ? Clamp.of(lower[0], upper[0]) : new Clamp(lower, upper);
  }

  private static boolean equal(float[] values) {
    for (float v : values) {
      if (v != values[0]) {
        return false;
      }
    }
    return true;
  }
}
