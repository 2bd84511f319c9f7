package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.View;
import io.depthscope.quant.QuantParams;
import java.util.Optional;

/** What a value of the file is, as far as it has been understood. */
sealed interface Value {

  /**
   * A tensor that depends on no input.
   *
   * @param codes of which its values were made, if it was quantized
   */
  record Constant(NdArray array, Optional<CodeMath.Codes> codes) implements Value {
    Constant(NdArray array) {
      this(array, Optional.empty());
    }
  }

  /** The output of a node of the draft, its axes as the file has them. */
  record Live(int node, View view) implements Value {}

  /** The codes of a value whose node rounds to them. */
  record Quantized(Live live, QuantParams params) implements Value {}

  /**
   * Computed behind the network.
   *
   * @param number in the tail
   * @param sample of its extents
   */
  record Behind(int number, NdArray sample) implements Value {}
}
