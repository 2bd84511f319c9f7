package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.View;

/** What a value of the file is, as far as it has been understood. */
sealed interface Value {

  /** A tensor that depends on no input. */
  record Constant(NdArray array) implements Value {}

  /** The output of a node of the draft, its axes as the file has them. */
  record Live(int node, View view) implements Value {}

  /**
   * Computed behind the network.
   *
   * @param number in the tail
   * @param sample of its extents
   */
  record Behind(int number, NdArray sample) implements Value {}
}
