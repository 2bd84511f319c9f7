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
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A copy of a network that may be written to: weights, biases and clamps; its operations stay. Of a
 * kernel [O, KH, KW, I / groups], a <i>row</i> is what one output channel multiplies by.
 */
final class Draft {
  private final Network network;
  private final Map<Integer, Layer> changed = new HashMap<>();
  private final Map<Integer, Clamp> clamps = new HashMap<>();

  /**
   * Copies of a layer's weights.
   *
   * @param taps positions of the window
   * @param depth input channels that an output reads
   */
  @SuppressWarnings("ArrayRecordComponent") // to be written to
  record Layer(Op.Convolution op, FloatTensor tensor, float[] bias, int taps, int depth) {
    float[] kernel() {
      return tensor.data();
    }

    int rows() {
      return bias.length;
    }

    int perRow() {
      return taps * depth;
    }

    /** First input channel that an output reads. */
    int firstInput(int row) {
      return op.firstInput(row, depth);
    }

    /** True if an output reads an input channel. */
    boolean reads(int row, int channel) {
      int at = channel - firstInput(row);
      return at >= 0 && at < depth;
    }

    /** Place of a weight. */
    int at(int row, int tap, int channel) {
      return (row * taps + tap) * depth + channel - firstInput(row);
    }
  }

  Draft(Network network) {
    this.network = network;
  }

  /** The weights of a node, read or written. */
  Layer layer(int node) {
    return changed.computeIfAbsent(
        node,
        i -> {
          Node n = network.graph().node(i);
          FoldedWeights w = network.weightsOf(n);
          int[] dims = w.kernel().dims();
          Op.Convolution op = (Op.Convolution) n.op();
          return new Layer(
              op,
              FloatTensor.of(w.kernel().data().clone(), dims),
              w.bias().clone(),
              dims[1] * dims[2],
              dims[3]);
        });
  }

  void clamp(int node, Clamp clamp) {
    clamps.put(node, clamp);
  }

  /** The network as it has become. */
  Network network() {
    Graph graph = network.graph();
    List<Node> nodes = new ArrayList<>();
    Map<String, FoldedWeights> weights = new HashMap<>(network.weights());
    Map<String, LayerParameters> stored = new HashMap<>(network.stored());
    for (int i = 0; i < graph.size(); i++) {
      Node n = graph.node(i);
      nodes.add(new Node(n.name(), n.op(), clamps.getOrDefault(i, n.clamp()), n.inputs()));
      Layer layer = changed.get(i);
      if (layer != null) {
        weights.put(n.name(), new FoldedWeights(layer.tensor(), layer.bias()));
        stored.remove(n.name());
      }
    }
    return new Network(new Graph(graph.name(), nodes, graph.outputs()), weights, stored);
  }
}
