package io.depthscope.remedy;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.tensor.FloatTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Outlier channel splitting (Zhao et al., 2019): the input channel with a layer's largest weight is
 * made twice, and each copy is read with half the weight. The network computes the same and grows
 * by a few channels; the range of the layer's weights shrinks. A depthwise layer in between is made
 * twice along with its input.
 *
 * @param share of a layer's input channels that are split
 */
public record ChannelSplitting(double share) implements Rewrite {
  /** Splitting more than a few channels gains little. */
  static final double USUAL_SHARE = 0.02;

  @Override
  public String name() {
    return "split";
  }

  @Override
  public String words() {
    return "splitting of channels";
  }

  @Override
  public String summary() {
    return "channels that are read with the largest weights are made twice and read by halves";
  }

  @Override
  public Rewritten rewrite(Mending before) {
    State state = new State(before);
    List<String> grown = new ArrayList<>();
    int copies = 0;
    Graph graph = before.network().graph();
    for (int i = 0; i < graph.size(); i++) {
      List<Integer> makers = makers(graph, i);
      if (makers.isEmpty()) {
        continue;
      }
      FoldedWeights w = state.weights.get(graph.node(i).name());
      int channels = w.kernel().dims()[3];
      int[] chosen = chosen(w, (int) Math.ceil(share * channels));
      if (chosen.length == 0) {
        continue;
      }
      makers.forEach(maker -> state.copyRows(maker, chosen));
      state.weights.put(graph.node(i).name(), halved(w, chosen));
      copies += chosen.length;
      grown.add(graph.node(i).name());
    }
    if (copies == 0) {
      return Rewritten.nothing(before);
    }
    String account =
        String.format(Locale.ROOT, "%d channels made twice for %d layers", copies, grown.size());
    return state.finish(List.of(account));
  }

  /**
   * The layers whose rows make the channels that a layer reads; none where they cannot be copied.
   */
  private static List<Integer> makers(Graph graph, int reader) {
    if (!(graph.node(reader).op() instanceof Op.Convolution c) || c.groups() != 1) {
      return List.of();
    }
    int made = graph.node(reader).inputs().getFirst();
    if (!readOnce(graph, made)) {
      return List.of();
    }
    Op op = graph.node(made).op();
    if (op instanceof Op.Convolution dense && dense.groups() == 1) {
      return List.of(made);
    }
    if (op instanceof Op.Convolution dw && dw.isByChannel(graph.inputShapes(made).getFirst())) {
      int before = graph.node(made).inputs().getFirst();
      boolean dense =
          graph.node(before).op() instanceof Op.Convolution first && first.groups() == 1;
      return dense && readOnce(graph, before) ? List.of(before, made) : List.of();
    }
    return List.of();
  }

  private static boolean readOnce(Graph graph, int node) {
    long readers =
        graph.nodes().stream()
            .flatMap(n -> n.inputs().stream())
            .filter(input -> input == node)
            .count();
    return readers == 1 && !graph.outputs().contains(node);
  }

  /** Channels in the order in which they are split, each by the largest weight that is left. */
  private static int[] chosen(FoldedWeights w, int most) {
    int channels = w.kernel().dims()[3];
    float[] largest = new float[channels];
    float[] kernel = w.kernel().data();
    for (int i = 0; i < kernel.length; i++) {
      largest[i % channels] = Math.max(largest[i % channels], Math.abs(kernel[i]));
    }
    int[] all = new int[most];
    int n = 0;
    for (; n < most; n++) {
      int best = 0;
      for (int c = 1; c < channels; c++) {
        best = largest[c] > largest[best] ? c : best;
      }
      int again = best;
      if (!(largest[best] > 0) || IntStream.of(all).limit(n).anyMatch(c -> c == again)) {
        break; // one that was split already sets the range
      }
      all[n] = best;
      largest[best] /= 2;
    }
    return Arrays.copyOf(all, n);
  }

  private static FoldedWeights halved(FoldedWeights w, int[] chosen) {
    int[] dims = w.kernel().dims().clone();
    int channels = dims[3];
    int wider = channels + chosen.length;
    float[] from = w.kernel().data();
    float[] to = new float[from.length / channels * wider];
    for (int row = 0; row < from.length / channels; row++) {
      System.arraycopy(from, row * channels, to, row * wider, channels);
      for (int k = 0; k < chosen.length; k++) {
        float half = from[row * channels + chosen[k]] / 2;
        to[row * wider + chosen[k]] = half;
        to[row * wider + channels + k] = half;
      }
    }
    dims[3] = wider;
    return new FoldedWeights(new FloatTensor(dims, to), w.bias());
  }

  /** The network as it grows. */
  private static final class State {
    private final Mending before;
    private final Map<String, FoldedWeights> weights;
    private final List<Node> nodes;
    private final Map<String, LayerParameters> stored;
    private final Map<String, Seen.Channels> figures;
    private final Map<String, Norms.Normal> norms = new HashMap<>();

    State(Mending before) {
      this.before = before;
      weights = new HashMap<>(before.network().weights());
      nodes = new ArrayList<>(before.network().graph().nodes());
      stored = new HashMap<>(before.network().stored());
      figures = new HashMap<>(before.seen().channels());
    }

    void copyRows(int node, int[] chosen) {
      Node n = nodes.get(node);
      Op.Convolution op = (Op.Convolution) n.op();
      FoldedWeights w = weights.get(n.name());
      int rows = w.channels();
      int[] order = IntStream.concat(IntStream.range(0, rows), IntStream.of(chosen)).toArray();
      int[] dims = w.kernel().dims().clone();
      dims[0] = order.length;
      float[] kernel = new float[order.length * w.perChannel()];
      float[] bias = new float[order.length];
      for (int r = 0; r < order.length; r++) {
        System.arraycopy(
            w.kernel().data(),
            order[r] * w.perChannel(),
            kernel,
            r * w.perChannel(),
            w.perChannel());
        bias[r] = w.bias()[order[r]];
      }
      weights.put(n.name(), new FoldedWeights(new FloatTensor(dims, kernel), bias));
      stored.remove(n.name());
      boolean depthwise = op.groups() > 1;
      nodes.set(
          node,
          new Node(
              n.name(),
              new Op.Convolution(op.window(), depthwise ? order.length : 1, order.length),
              gathered(n.clamp(), order),
              n.inputs()));
      Seen.Channels s = figures.get(n.name());
      figures.put(
          n.name(),
          new Seen.Channels(
              gathered(s.min(), order),
              gathered(s.max(), order),
              gathered(s.mean(), order),
              gathered(s.square(), order),
              gathered(s.active(), order)));
      before
          .norms()
          .of(n.name())
          .ifPresent(
              normal ->
                  norms.put(
                      n.name(),
                      new Norms.Normal(
                          gathered(normal.mean(), order), gathered(normal.deviation(), order))));
    }

    private static Clamp gathered(Clamp clamp, int[] order) {
      if (!clamp.isPerChannel()) {
        return clamp;
      }
      float[] lower = new float[order.length];
      float[] upper = new float[order.length];
      for (int c = 0; c < order.length; c++) {
        lower[c] = clamp.lower(order[c]);
        upper[c] = clamp.upper(order[c]);
      }
      return new Clamp(lower, upper);
    }

    private static double[] gathered(double[] values, int[] order) {
      return IntStream.of(order).mapToDouble(c -> values[c]).toArray();
    }

    Rewritten finish(List<String> account) {
      Graph old = before.network().graph();
      Graph graph = new Graph(old.name(), nodes, old.outputs());
      for (String name : weights.keySet()) {
        if (weights.get(name) != before.network().weights().get(name)) {
          stored.remove(name);
        }
      }
      return new Rewritten(
          new Network(graph, weights, stored),
          before.seen().with(figures),
          before.norms().with(norms),
          account);
    }
  }
}
