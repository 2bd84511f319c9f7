package io.depthscope.graph;

import java.util.List;

/**
 * An operation at its place in the network.
 *
 * @param name unique in the graph; the name in every table and file
 * @param clamp fused into the operation; {@link Clamp#NONE} where it takes none
 * @param inputs indices of the nodes it reads, all smaller than its own
 */
public record Node(String name, Op op, Clamp clamp, List<Integer> inputs) {

  /**
   * @throws IllegalArgumentException if the operation takes no clamp and there is one
   */
  public Node {
    inputs = List.copyOf(inputs);
    if (!op.takesClamp() && !clamp.equals(Clamp.NONE)) {
      throw new IllegalArgumentException("node " + name + ": " + op + " takes no clamp");
    }
  }

  /** A node without a clamp. */
  public Node(String name, Op op, List<Integer> inputs) {
    this(name, op, Clamp.NONE, inputs);
  }
}
