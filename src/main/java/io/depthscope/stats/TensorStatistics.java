package io.depthscope.stats;

/**
 * Statistics of one tensor or one channel of it.
 *
 * @param count elements, NaN and infinities included
 * @param zeros elements that are 0 or -0
 */
public record TensorStatistics(
    long count, Distribution distribution, long zeros, long nans, long infinities) {

  public TensorStatistics(
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
    this(
        count,
        new Distribution(min, max, mean, variance, skewness, excessKurtosis),
        zeros,
        nans,
        infinities);
  }

  public double min() {
    return distribution.min();
  }

  public double max() {
    return distribution.max();
  }

  public double mean() {
    return distribution.mean();
  }

  public double variance() {
    return distribution.variance();
  }

  public double skewness() {
    return distribution.skewness();
  }

  public double excessKurtosis() {
    return distribution.excessKurtosis();
  }

  /** max - min; 0 for an empty tensor. */
  public double range() {
    return count == 0 ? 0 : distribution.range();
  }

  /** Sum of squares over all elements. */
  public double energy() {
    return count * (variance() + mean() * mean());
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
