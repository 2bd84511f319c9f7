package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * Count, {@link Moments}, range and counted values of every channel of a tensor over many images,
 * joined image by image. All channels have the same count.
 */
public final class ChannelMoments {
  private final int channels;
  private long count;
  private final Moments moments;
  private final float[] min;
  private final float[] max;
  private final long[] zeros;
  private final long[] nans;
  private final long[] infinities;

  public ChannelMoments(int channels) {
    this.channels = channels;
    moments = new Moments(channels);
    min = new float[channels];
    max = new float[channels];
    zeros = new long[channels];
    nans = new long[channels];
    infinities = new long[channels];
    Arrays.fill(min, Float.POSITIVE_INFINITY);
    Arrays.fill(max, Float.NEGATIVE_INFINITY);
  }

  public int channels() {
    return channels;
  }

  /** Elements per channel. */
  public long count() {
    return count;
  }

  /** Mean of channel {@code c}. */
  public double mean(int c) {
    return within(moments.mean[c], min[c], max[c]);
  }

  public float min(int c) {
    return min[c];
  }

  public float max(int c) {
    return max[c];
  }

  /** Sum of squares of channel {@code c}; exact for a constant channel. */
  public double energy(int c) {
    double m = mean(c);
    return squares(moments.m2[c], min[c], max[c], nans[c], infinities[c]) + count * m * m;
  }

  /**
   * Sum of squares about the mean. Where all values are equal, whatever is left in it is rounding,
   * and a skewness drawn from it would be noise over noise.
   */
  private static double squares(double m2, double min, double max, long nans, long infinities) {
    boolean constant = min == max && nans == 0 && infinities == 0;
    return constant || m2 < 0 ? 0 : m2;
  }

  /** True if channel {@code c} has values and all are 0. */
  boolean isZero(int c) {
    return min[c] == 0 && max[c] == 0 && nans[c] == 0;
  }

  /** Rounding may carry a mean past the values it is the mean of. */
  private static double within(double mean, double min, double max) {
    return min <= max ? Math.max(min, Math.min(max, mean)) : mean;
  }

  /** Rounding may carry a kurtosis below its least, which two values alone have. */
  private static double possible(double kurtosis, double skewness) {
    return Math.max(kurtosis, skewness * skewness - 2);
  }

  /** Joins the statistics of one image, which has the same number of values in every channel. */
  public void add(StreamSums sums) {
    long n = sums.count[0];
    if (n == 0) {
      return;
    }
    moments.add(0, channels, count, sums.moments, n);
    for (int c = 0; c < channels; c++) {
      min[c] = Math.min(min[c], sums.min[c]);
      max[c] = Math.max(max[c], sums.max[c]);
      zeros[c] += sums.zeros[c];
      nans[c] += sums.nans[c];
      infinities[c] += sums.infinities[c];
    }
    count += n;
  }

  /** Joins the statistics of later values. */
  void add(ChannelMoments later) {
    moments.add(0, channels, count, later.moments, later.count);
    for (int c = 0; c < channels; c++) {
      min[c] = Math.min(min[c], later.min[c]);
      max[c] = Math.max(max[c], later.max[c]);
      zeros[c] += later.zeros[c];
      nans[c] += later.nans[c];
      infinities[c] += later.infinities[c];
    }
    count += later.count;
  }

  /** Statistics of channel {@code c}. */
  public TensorStatistics channel(int c) {
    return statistics(count, min[c], max[c], moments, c, zeros[c], nans[c], infinities[c]);
  }

  /** Statistics of the whole tensor: all channels merged in order. */
  public TensorStatistics layer() {
    Moments whole = new Moments(1);
    Moments part = new Moments(1);
    float lo = Float.POSITIVE_INFINITY;
    float hi = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < channels && count > 0; c++) {
      part.setChannel(0, moments, c, mean(c));
      whole.add(0, 1, (double) count * c, part, count);
      lo = Math.min(lo, min[c]);
      hi = Math.max(hi, max[c]);
    }
    return statistics(
        count * channels,
        lo,
        hi,
        whole,
        0,
        Arrays.stream(zeros).sum(),
        Arrays.stream(nans).sum(),
        Arrays.stream(infinities).sum());
  }

  /**
   * Mean over the channels of range_c / range_layer: 1 when every channel uses the layer's full
   * range, near 0 when channels and layer do not match; 1 for a layer of zero range.
   */
  public double channelRangeRatio() {
    double range = layer().range();
    if (!(range > 0)) {
      return 1;
    }
    double sum = 0;
    for (int c = 0; c < channels; c++) {
      sum += ((double) max[c] - min[c]) / range;
    }
    return sum / channels;
  }

  private static TensorStatistics statistics(
      long n, double min, double max, Moments m, int c, long zeros, long nans, long infs) {
    double variance = n == 0 ? Double.NaN : squares(m.m2[c], min, max, nans, infs) / n;
    double skewness = variance > 0 ? m.m3[c] / n / (variance * Math.sqrt(variance)) : Double.NaN;
    double kurtosis = variance > 0 ? m.m4[c] / n / (variance * variance) - 3 : Double.NaN;
    return new TensorStatistics(
        n,
        min,
        max,
        n == 0 ? Double.NaN : within(m.mean[c], min, max),
        variance,
        skewness,
        possible(kurtosis, skewness),
        zeros,
        nans,
        infs);
  }

  /** Doubles of state a channel: mean, M2, M3, M4, min, max, zeros, NaNs, infinities. */
  static final int STATE_FIELDS = 9;

  /** Writes the state as [field][stride] doubles from {@code at} on; counts are exact to 2^53. */
  void exportState(double[] to, int at, int stride) {
    for (int c = 0; c < channels; c++) {
      int i = at + c;
      to[i] = moments.mean[c];
      to[i += stride] = moments.m2[c];
      to[i += stride] = moments.m3[c];
      to[i += stride] = moments.m4[c];
      to[i += stride] = min[c];
      to[i += stride] = max[c];
      to[i += stride] = zeros[c];
      to[i += stride] = nans[c];
      to[i + stride] = infinities[c];
    }
  }

  /** Replaces the state by an exported one of {@code count} values a channel. */
  void importState(long count, double[] from, int at, int stride) {
    this.count = count;
    for (int c = 0; c < channels; c++) {
      int i = at + c;
      moments.mean[c] = from[i];
      moments.m2[c] = from[i += stride];
      moments.m3[c] = from[i += stride];
      moments.m4[c] = from[i += stride];
      min[c] = (float) from[i += stride];
      max[c] = (float) from[i += stride];
      zeros[c] = (long) from[i += stride];
      nans[c] = (long) from[i += stride];
      infinities[c] = (long) from[i + stride];
    }
  }

  void write(DataOutput out) throws IOException {
    out.writeLong(count);
    for (int c = 0; c < channels; c++) {
      out.writeDouble(moments.mean[c]);
      out.writeDouble(moments.m2[c]);
      out.writeDouble(moments.m3[c]);
      out.writeDouble(moments.m4[c]);
      out.writeFloat(min[c]);
      out.writeFloat(max[c]);
      out.writeLong(zeros[c]);
      out.writeLong(nans[c]);
      out.writeLong(infinities[c]);
    }
  }

  void read(DataInput in) throws IOException {
    count = in.readLong();
    for (int c = 0; c < channels; c++) {
      moments.mean[c] = in.readDouble();
      moments.m2[c] = in.readDouble();
      moments.m3[c] = in.readDouble();
      moments.m4[c] = in.readDouble();
      min[c] = in.readFloat();
      max[c] = in.readFloat();
      zeros[c] = in.readLong();
      nans[c] = in.readLong();
      infinities[c] = in.readLong();
    }
  }
}
