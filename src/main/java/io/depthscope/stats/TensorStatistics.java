package io.depthscope.stats;

/**
 * Distribution of one tensor or one channel of it.
 *
 * @param min smallest value that is not NaN
 * @param variance population variance
 * @param skewness NaN when the variance is 0
 * @param excessKurtosis NaN when the variance is 0
 */
public record TensorStatistics(
    long count,
    double min,
    double max,
    double mean,
    double variance,
    double skewness,
    double excessKurtosis,
    long zeros,
    long nans,
    long infinities) {

  /** max - min; 0 for a tensor that is empty or holds nothing but NaN. */
  public double range() {
    return min < max ? max - min : 0;
  }

  /** Sum of squares over all elements. */
  public double energy() {
    return count * (variance + mean * mean);
  }

  /** Statistics of values given at once, in double. */
  public static TensorStatistics of(float[] values) {
    ChannelMoments m = new ChannelMoments(1);
    ImageSums sums = new ImageSums(1, values.length, false);
    sums.fp32.add(0, values, 0, 1, values.length);
    m.add(sums.fp32);
    return m.channel(0);
  }
}
