package io.depthscope.graph.draft;

import io.depthscope.graph.Graph;
import io.depthscope.tensor.Shape;
import java.util.Map;

/**
 * A network's tensors as its file has them: for whoever gives it the file's input, or holds its
 * values against another program's.
 *
 * @param inputName the file's name of the input
 * @param inputShape of the network's input
 * @param input how the file's input lies over the network's; its first axis is the batch
 * @param orders how the file's tensors lie over the nodes' outputs, by node name
 * @param tail what makes the file's outputs of the network's
 */
public record FileTensors(
    String inputName, Shape inputShape, View input, Map<String, View> orders, Tail tail) {
  public FileTensors {
    orders = Map.copyOf(orders);
  }

  /** Of a file that holds the network's weights and no more: all is [1, H, W, C]. */
  public static FileTensors plain(Graph graph) {
    return new FileTensors(
        graph.node(0).name(),
        graph.inputShape(),
        View.nhwc(graph.inputShape()),
        Map.of(),
        Tail.none(graph));
  }

  /** For each element of the file's input, row-major, its place in the network's, NHWC. */
  public int[] inputPlaces() {
    return input.places(inputShape);
  }

  /** How the file's tensor of a node lies over its output. */
  public View order(Graph graph, int node) {
    View known = orders.get(graph.node(node).name());
    return known == null ? View.nhwc(graph.shape(node)) : known;
  }
}
