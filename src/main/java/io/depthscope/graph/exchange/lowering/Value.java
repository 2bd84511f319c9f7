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
   * A part of a layer norm that a file spells out, which is no value of the network by itself.
   *
   * @param of the value that is normalized
   * @param epsilon what has been added to the variance
   * @param scale of each channel of the node, where the inverse has been multiplied by one
   * @param shift likewise, of an offset
   * @param maker the node that made the first part, for messages
   */
  @SuppressWarnings("ArrayRecordComponent") // read-only, never compared
  record Norming(Part part, Live of, double epsilon, float[] scale, float[] shift, String maker)
      implements Value {

    /** With x the value, m its mean over channels, v their variance and r = 1 / sqrt(v). */
    enum Part {
      /** m. */
      MEAN,
      /** -m. */
      NEGATED,
      /** x - m. */
      CENTRED,
      /** (x - m)^2. */
      SQUARED,
      /** v. */
      VARIANCE,
      /** sqrt(v). */
      DEVIATION,
      /** scale r. */
      INVERSE,
      /** scale r x. */
      SCALED,
      /** scale r m. */
      SCALED_MEAN,
      /** shift - scale r m. */
      OFFSET
    }

    Norming as(Part other) {
      return new Norming(other, of, epsilon, scale, shift, maker);
    }

    /** Why nothing but a layer norm can read it. */
    Refused refusal() {
      return new Refused(
          "reads what "
              + maker
              + " makes over channels, which can run as a part of a layer norm alone");
    }
  }

  /**
   * Computed behind the network.
   *
   * @param number in the tail
   * @param sample of its extents
   */
  record Behind(int number, NdArray sample) implements Value {}
}
