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

  /** max - min; 0 for a tensor that is empty or holds nothing but NaN. */
  public double range() {
    return distribution.range();
  }

  /** Sum of squares over all elements. */
  public double energy() {
    return count * (variance() + mean() * mean());
  }

  /** Statistics of values given at once, in double. */
  public static TensorStatistics of(float[] values) {
    ChannelMoments m = new ChannelMoments(1);
    ImageSums sums = new ImageSums(1, values.length, false);
    sums.baseline.add(0, values, 0, 1, values.length);
    m.add(sums.baseline);
    return m.channel(0);
  }
}
