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

  /** max - min; 0 for an empty tensor. */
  public double range() {
    return count == 0 ? 0 : max - min;
  }

  /** Sum of squares over all elements. */
  public double energy() {
    return count * (variance + mean * mean);
  }

  /** Statistics of values given at once, in double. */
  public static TensorStatistics of(float[] values) {
    ChannelMoments m = new ChannelMoments(1);
    ImageSums sums = new ImageSums(1, values.length, false);
    float shift = values.length == 0 ? 0 : values[0];
    for (float v : values) {
      sums.fp32.add(0, v, shift, 1);
    }
    m.add(sums.fp32, values.length, new float[] {shift});
    return m.channel(0);
  }
}
