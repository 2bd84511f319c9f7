package io.depthscope.model;

import java.util.List;

/**
 * A layer at its place in the network.
 *
 * @param name unique in the model; the name in every table and file
 * @param inputs indices of the nodes it reads, all smaller than its own
 */
public record Node(String name, Layer layer, List<Integer> inputs) {
  public Node {
    inputs = List.copyOf(inputs);
  }
}
