package io.depthscope.remedy;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Moves what nearly all values of a rectified channel have in common into the next layer's bias:
 * {@code c = max(0, mean - 3 deviation)} of the values before the clamp (Nagel et al., 2019). The
 * channel's range shrinks by c. Values below c, about one in a thousand, are cut off at 0 in its
 * place: this remedy is not exact. Only where every reader is a convolution without padding.
 *
 * <p>Mean and deviation are those that the batch norm was trained with; where there is none, those
 * of the values behind the clamp.
 */
public record BiasAbsorption() implements Rewrite {
  private static final double DEVIATIONS = 3;

  @Override
  public String name() {
    return "absorb-bias";
  }

  @Override
  public String words() {
    return "absorption of biases";
  }

  @Override
  public String summary() {
    return "what nearly all values of a channel have in common moves into the next layer's bias;"
        + " cuts off a few values";
  }

  @Override
  public Rewritten rewrite(Mending before) {
    Graph graph = before.network().graph();
    Draft draft = new Draft(before.network());
    Map<String, Seen.Channels> figures = new HashMap<>();
    Map<String, Norms.Normal> norms = new HashMap<>();
    int channels = 0;
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      if (!(node.op() instanceof Op.Convolution) || !movable(graph, i)) {
        continue;
      }
      double[] shift = shifts(before, node);
      int moved = 0;
      float[] lower = new float[shift.length];
      float[] upper = new float[shift.length];
      for (int c = 0; c < shift.length; c++) {
        lower[c] = node.clamp().lower(c);
        upper[c] = (float) (node.clamp().upper(c) - shift[c]);
        moved += shift[c] > 0 ? 1 : 0;
      }
      if (moved == 0) {
        continue;
      }
      channels += moved;
      draft.clamp(i, new Clamp(lower, upper));
      Draft.Layer layer = draft.layer(i);
      for (int c = 0; c < shift.length; c++) {
        layer.bias()[c] = (float) (layer.bias()[c] - shift[c]);
      }
      for (int reader = i + 1; reader < graph.size(); reader++) {
        if (graph.node(reader).inputs().contains(i)) {
          add(draft.layer(reader), shift);
        }
      }
      Seen.Channels own = before.seen().channels().get(node.name());
      figures.put(node.name(), shifted(own, shift));
      before.norms().of(node.name()).ifPresent(n -> norms.put(node.name(), shifted(n, shift)));
    }
    if (channels == 0) {
      return Rewritten.nothing(before);
    }
    String account =
        String.format(
            Locale.ROOT, "%,d channels hand what they have in common to the next layer", channels);
    return new Rewritten(
        draft.network(), before.seen().with(figures), before.norms().with(norms), List.of(account));
  }

  /** True if whatever reads the node can take a constant into its biases. */
  private static boolean movable(Graph graph, int node) {
    List<Node> readers = graph.nodes().stream().filter(n -> n.inputs().contains(node)).toList();
    return !graph.outputs().contains(node)
        && !readers.isEmpty()
        && readers.stream()
            .allMatch(
                n ->
                    n.op() instanceof Op.Convolution c
                        && c.window().padding().equals(Padding.NONE));
  }

  private static double[] shifts(Mending m, Node node) {
    Seen.Channels own = m.seen().channels().get(node.name());
    double[] shift = new double[own.size()];
    for (int c = 0; c < shift.length; c++) {
      int channel = c;
      double common =
          m.norms()
              .of(node.name())
              .map(n -> n.mean()[channel] - DEVIATIONS * n.deviation()[channel])
              .orElse(own.mean()[c] - DEVIATIONS * Math.sqrt(own.variance(c)));
      double room = node.clamp().upper(c) - node.clamp().lower(c);
      boolean rectified = node.clamp().lower(c) == 0 && !own.isConstant(c);
      shift[c] = rectified ? Math.max(0, Math.min(common, 0.99 * room)) : 0;
    }
    return shift;
  }

  private static void add(Draft.Layer layer, double[] shift) {
    for (int row = 0; row < layer.rows(); row++) {
      double sum = layer.bias()[row];
      for (int k = 0; k < layer.perRow(); k++) {
        int channel = layer.firstInput(row) + k % layer.depth();
        sum += layer.kernel()[row * layer.perRow() + k] * shift[channel];
      }
      layer.bias()[row] = (float) sum;
    }
  }

  private static Seen.Channels shifted(Seen.Channels own, double[] shift) {
    int n = shift.length;
    Seen.Channels all =
        new Seen.Channels(new double[n], new double[n], new double[n], new double[n], own.active());
    for (int c = 0; c < n; c++) {
      all.min()[c] = Math.max(0, own.min()[c] - shift[c]);
      all.max()[c] = Math.max(0, own.max()[c] - shift[c]);
      all.mean()[c] = Math.max(0, own.mean()[c] - shift[c]);
      all.square()[c] = own.variance(c) + all.mean()[c] * all.mean()[c];
    }
    return all;
  }

  private static Norms.Normal shifted(Norms.Normal own, double[] shift) {
    Norms.Normal all = new Norms.Normal(own.mean().clone(), own.deviation());
    for (int c = 0; c < shift.length; c++) {
      all.mean()[c] -= shift[c];
    }
    return all;
  }
}
