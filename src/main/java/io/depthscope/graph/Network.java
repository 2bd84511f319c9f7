package io.depthscope.graph;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * A graph with its weights, folded once and never changed: whoever improves a network makes another
 * one.
 *
 * @param weights folded weights of every weighted node, by its name
 * @param stored the parameters that were folded, by node name, for whoever shows where the weights
 *     come from; empty where the weights were never stored in another form
 * @param mended by node name, what a quantized form of the network is made of where that is not the
 *     folded weights: corrected biases, or weights that round to learned codes. The network in
 *     float32 never reads them.
 */
public record Network(
    Graph graph,
    Map<String, FoldedWeights> weights,
    Map<String, LayerParameters> stored,
    Map<String, FoldedWeights> mended) {

  /**
   * @throws IllegalArgumentException if a weighted node has no weights or some of another shape;
   *     the message names it
   */
  public Network {
    weights = Map.copyOf(weights);
    stored = Map.copyOf(stored);
    mended = Map.copyOf(mended);
    Set<String> unknown = new TreeSet<>(mended.keySet());
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      if (node.op().hasWeights()) {
        check(node, weights.get(node.name()), graph.kernelDims(i));
        if (unknown.remove(node.name())) {
          check(node, mended.get(node.name()), graph.kernelDims(i));
        }
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("no weights to mend in " + String.join(", ", unknown));
    }
  }

  /** A network of which a quantized form is made as it is. */
  public Network(
      Graph graph, Map<String, FoldedWeights> weights, Map<String, LayerParameters> stored) {
    this(graph, weights, stored, Map.of());
  }

  private static void check(Node node, FoldedWeights w, int[] dims) {
    if (w == null) {
      throw new IllegalArgumentException("no weights for node " + node.name());
    }
    if (!Arrays.equals(w.kernel().dims(), dims) || w.bias().length != dims[0]) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "node %s: a kernel %s with %d biases, expected %s",
              node.name(),
              w.kernel().dimsText(),
              w.bias().length,
              Arrays.toString(dims)));
    }
  }

  /** A network whose weights are given as they are to be executed. */
  public static Network of(Graph graph, Map<String, FoldedWeights> weights) {
    return new Network(graph, weights, Map.of());
  }

  /**
   * Folds the stored parameters of every weighted layer of a graph.
   *
   * @param stored by node name
   * @throws IllegalArgumentException as {@link BatchNormFolding#fold}, or if a node has none
   */
  public static Network folding(Graph graph, Map<String, LayerParameters> stored) {
    Map<String, FoldedWeights> folded = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      if (node.op().hasWeights()) {
        LayerParameters parameters = stored.get(node.name());
        if (parameters == null) {
          throw new IllegalArgumentException("no weights for node " + node.name());
        }
        folded.put(node.name(), BatchNormFolding.fold(node, parameters));
      }
    }
    return new Network(graph, folded, stored);
  }

  /**
   * The folded weights of a node.
   *
   * @throws IllegalArgumentException if it has none
   */
  public FoldedWeights weightsOf(Node node) {
    FoldedWeights w = weights.get(node.name());
    if (w == null) {
      throw new IllegalArgumentException("no weights for node " + node.name());
    }
    return w;
  }

  /**
   * What a quantized form of a node is made of: its folded weights, unless they were mended.
   *
   * @throws IllegalArgumentException if it has none
   */
  public FoldedWeights quantizable(Node node) {
    FoldedWeights w = mended.get(node.name());
    return w != null ? w : weightsOf(node);
  }

  /** The same where a quantized form of some nodes is made of other weights. */
  public Network withMended(Map<String, FoldedWeights> some) {
    Map<String, FoldedWeights> all = new LinkedHashMap<>(mended);
    all.putAll(some);
    return new Network(graph, weights, stored, all);
  }

  /** The same, handing out every node's output, in order. */
  public Network handingOutAll() {
    return handingOut(IntStream.range(0, graph.size()).boxed().toList());
  }

  /** The same, handing out other nodes' outputs. */
  public Network handingOut(List<Integer> outputs) {
    return new Network(new Graph(graph.name(), graph.nodes(), outputs), weights, stored, mended);
  }

  /**
   * The parameters of a node as they were stored; its folded ones where there are no others.
   *
   * @throws IllegalArgumentException if it has none
   */
  public LayerParameters storedOf(Node node) {
    LayerParameters found = stored.get(node.name());
    if (found != null) {
      return found;
    }
    FoldedWeights w = weightsOf(node);
    return new LayerParameters(w.kernel(), Optional.of(w.bias()), Optional.empty());
  }
}
