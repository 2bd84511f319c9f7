package io.depthscope.stats;

/**
 * Shape of the distribution of one tensor or one channel of it.
 *
 * @param min smallest value that is not NaN
 * @param variance population variance
 * @param skewness NaN when the variance is 0
 * @param excessKurtosis NaN when the variance is 0
 */
public record Distribution(
    double min, double max, double mean, double variance, double skewness, double excessKurtosis) {

  /** max - min; 0 where there are no values but NaN. */
  public double range() {
    return min < max ? max - min : 0;
  }
}
