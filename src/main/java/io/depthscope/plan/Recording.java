package io.depthscope.plan;

/**
 * What a program computes beside the fp32 logits.
 *
 * @param quantizedStream run the quantized stream too
 * @param statistics moments, ranges and errors per channel
 * @param histograms bit histograms of the fp32 stream, code histograms of the quantized one
 * @param errorTerms split the error by its source; runs every weighted layer a third time
 */
public record Recording(
    boolean quantizedStream, boolean statistics, boolean histograms, boolean errorTerms) {

  /** The fp32 network alone. */
  public static final Recording PLAIN = new Recording(false, false, false, false);

  /** The distribution of the fp32 network, for choosing ranges. */
  public static final Recording CALIBRATION = new Recording(false, true, true, false);

  /** Both streams, logits only. */
  public static final Recording PAIRED = new Recording(true, false, false, false);

  /** Both streams with everything but the sources of error. */
  public static final Recording STATISTICS = new Recording(true, true, true, false);

  /** Everything. */
  public static final Recording ERROR_TERMS = new Recording(true, true, true, true);

  /**
   * @throws IllegalArgumentException if error terms are asked for without both streams' statistics
   */
  public Recording {
    if ((errorTerms && !(quantizedStream && statistics)) || (histograms && !statistics)) {
      throw new IllegalArgumentException("this recording lacks what it builds on");
    }
  }
}
