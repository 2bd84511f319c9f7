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

  /** max - min. */
  public double range() {
    return max - min;
  }
}
