package io.depthscope.graph.draft;

import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A network as a reader has understood it, in topological order; node 0 is the input.
 *
 * @param outputs places of the nodes whose outputs are handed out
 */
public record Draft(String name, List<DraftNode> nodes, List<Integer> outputs) {
  public Draft {
    nodes = List.copyOf(nodes);
    outputs = List.copyOf(outputs);
  }

  /**
   * How the file quantizes the network of this draft.
   *
   * @param network that {@link #network} made
   */
  public QuantSpec spec(Network network) {
    Map<String, QuantParams> outputs = new HashMap<>();
    Map<String, QuantizedTensor> weights = new HashMap<>();
    for (DraftNode node : nodes) {
      node.codes().output().ifPresent(p -> outputs.put(node.name(), p));
      if (!node.codes().weights().isEmpty()) {
        float[] kernel = network.weights().get(node.name()).kernel().data();
        weights.put(node.name(), QuantizedTensor.of(kernel, node.codes().weights()));
      }
    }
    return new QuantSpec(outputs, weights);
  }

  /** How many nodes and outputs read each node. */
  int[] readers() {
    int[] readers = new int[nodes.size()];
    for (DraftNode node : nodes) {
      node.inputs().forEach(i -> readers[i]++);
    }
    outputs.forEach(i -> readers[i]++);
    return readers;
  }

  /**
   * The network of a draft that holds nothing but operations of the graph.
   *
   * @throws IllegalArgumentException if it holds anything else, or a weight is not finite; the
   *     message names the node
   */
  public Network network() {
    List<Node> made = new ArrayList<>();
    Map<String, LayerParameters> stored = new HashMap<>();
    for (DraftNode node : nodes) {
      if (!(node.op() instanceof DraftOp.Of(Op op))) {
        throw new IllegalArgumentException("node " + node.name() + ": " + node.op() + " is left");
      }
      made.add(new Node(node.name(), op, node.clamp(), node.inputs()));
      node.parameters().ifPresent(p -> stored.put(node.name(), p));
    }
    return Network.folding(new Graph(name, made, outputs), stored);
  }
}
