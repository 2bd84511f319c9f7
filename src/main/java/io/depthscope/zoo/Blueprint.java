package io.depthscope.zoo;

import io.depthscope.graph.Graph;
import io.depthscope.graph.Node;
import java.util.Map;

/**
 * A graph and what a file of its weights has to hold.
 *
 * @param storage of every weighted node, by its name
 */
public record Blueprint(Graph graph, Map<String, Storage> storage) {

  /**
   * @throws IllegalArgumentException if a weighted node has no entry
   */
  public Blueprint {
    storage = Map.copyOf(storage);
    for (Node node : graph.nodes()) {
      if (node.op().hasWeights() && !storage.containsKey(node.name())) {
        throw new IllegalArgumentException("nothing is stored for node " + node.name());
      }
    }
  }

  /** What is stored with a weighted node. */
  public Storage of(Node node) {
    return storage.get(node.name());
  }
}
