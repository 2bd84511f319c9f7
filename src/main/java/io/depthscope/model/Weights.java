package io.depthscope.model;

import java.util.Map;

/** The stored parameters of every weighted layer of a model, by node name. */
public record Weights(Map<String, LayerParameters> layers) {
  public Weights {
    layers = Map.copyOf(layers);
  }

  /**
   * The parameters of a node.
   *
   * @throws IllegalArgumentException if the node has no parameters
   */
  public LayerParameters of(Node node) {
    LayerParameters p = layers.get(node.name());
    if (p == null) {
      throw new IllegalArgumentException("no weights for node " + node.name());
    }
    return p;
  }
}
