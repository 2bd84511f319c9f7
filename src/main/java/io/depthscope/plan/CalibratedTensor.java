package io.depthscope.plan;

import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.stats.BitHistogram;

/**
 * What the calibration pass saw of one node's fp32 output.
 *
 * @param observed exact smallest and largest value
 * @param histogram counts of all values
 */
public record CalibratedTensor(Range observed, BitHistogram histogram) {

  /**
   * Parameters for the range that an estimator chooses.
   *
   * @throws IllegalArgumentException if the range is beyond float32
   */
  public QuantParams params(RangeEstimator estimator, QuantFormat format) {
    return QuantParams.of(estimator.estimate(observed, histogram, format), format);
  }
}
