package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * Count, mean and central moments of every channel of a tensor over many images, merged image by
 * image with the pairwise formulas of Chan, Golub and LeVeque (1979), extended to the third and
 * fourth moment by Pebay (2008). All channels have the same count.
 */
public final class ChannelMoments {
  private final int channels;
  private long count;
  private final double[] mean;
  private final double[] m2;
  private final double[] m3;
  private final double[] m4;
  private final float[] min;
  private final float[] max;
  private final long[] zeros;
  private final long[] nans;
  private final long[] infinities;

  public ChannelMoments(int channels) {
    this.channels = channels;
    mean = new double[channels];
    m2 = new double[channels];
    m3 = new double[channels];
    m4 = new double[channels];
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
    return within(mean[c], min[c], max[c]);
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
    return squares(m2[c], min[c], max[c], nans[c], infinities[c]) + count * m * m;
  }

  /**
   * Sum of squares about the mean. Where all values are equal, whatever is left in it is rounding,
   * and a skewness drawn from it would be noise over noise.
   */
  private static double squares(double m2, double min, double max, long nans, long infinities) {
    boolean constant = min == max && nans == 0 && infinities == 0;
    return constant || m2 < 0 ? 0 : m2;
  }

  /** Float32 sums may carry a mean past the values it is the mean of. */
  private static double within(double mean, double min, double max) {
    return min <= max ? Math.max(min, Math.min(max, mean)) : mean;
  }

  /**
   * Merges the sums of {@code n} values a channel.
   *
   * @param shift the shift per channel about which the powers were summed
   */
  public void add(StreamSums sums, long n, float[] shift) {
    if (n == 0) {
      return;
    }
    long total = count + n;
    double na = count;
    double nb = n;
    double inverse = 1.0 / nb;
    double share = nb / total;
    double c2 = na * nb / total;
    double c3 = c2 * (na - nb) / total;
    double c4 = c2 * (na * na - na * nb + nb * nb) / ((double) total * total);
    double a = na / total;
    for (int c = 0; c < channels; c++) {
      double u = sums.s1[c] * inverse;
      double b2 = sums.s2[c] - sums.s1[c] * u;
      double b3 = sums.s3[c] - 3 * u * sums.s2[c] + 2 * u * u * sums.s1[c];
      double b4 =
          sums.s4[c] - 4 * u * sums.s3[c] + 6 * u * u * sums.s2[c] - 3 * u * u * u * sums.s1[c];
      double meanB = shift[c] + u;
      double d = na == 0 ? meanB : meanB - mean[c];
      double a2 = m2[c];
      double a3 = m3[c];
      m4[c] +=
          b4
              + d * d * d * d * c4
              + 6 * d * d * (a * a * b2 + share * share * a2)
              + 4 * d * (a * b3 - share * a3);
      m3[c] = a3 + b3 + d * d * d * c3 + 3 * d * (a * b2 - share * a2);
      m2[c] = a2 + b2 + d * d * c2;
      mean[c] = na == 0 ? meanB : mean[c] + d * share;
    }
    for (int c = 0; c < channels; c++) {
      min[c] = Math.min(min[c], sums.min[c]);
      max[c] = Math.max(max[c], sums.max[c]);
      zeros[c] += sums.zeros[c];
      nans[c] += sums.nans[c];
      infinities[c] += sums.infinities[c];
    }
    count = total;
  }

  /** Statistics of channel {@code c}. */
  public TensorStatistics channel(int c) {
    return statistics(
        count, min[c], max[c], mean[c], m2[c], m3[c], m4[c], zeros[c], nans[c], infinities[c]);
  }

  /** Statistics of the whole tensor: all channels merged in order. */
  public TensorStatistics layer() {
    double n = 0;
    double mu = 0;
    double t2 = 0;
    double t3 = 0;
    double t4 = 0;
    float lo = Float.POSITIVE_INFINITY;
    float hi = Float.NEGATIVE_INFINITY;
    double nb = count;
    for (int c = 0; c < channels && count > 0; c++) {
      double total = n + nb;
      double d = mean(c) - mu;
      double a = n / total;
      double b = nb / total;
      t4 +=
          m4[c]
              + d * d * d * d * n * b * (a * a - a * b + b * b)
              + 6 * d * d * (a * a * m2[c] + b * b * t2)
              + 4 * d * (a * m3[c] - b * t3);
      t3 += m3[c] + d * d * d * n * b * (a - b) + 3 * d * (a * m2[c] - b * t2);
      t2 += m2[c] + d * d * n * b;
      mu += d * b;
      n = total;
      lo = Math.min(lo, min[c]);
      hi = Math.max(hi, max[c]);
    }
    return statistics(
        count * channels,
        lo,
        hi,
        mu,
        t2,
        t3,
        t4,
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
      long n,
      double min,
      double max,
      double mean,
      double m2,
      double m3,
      double m4,
      long zeros,
      long nans,
      long infs) {
    double variance = n == 0 ? Double.NaN : squares(m2, min, max, nans, infs) / n;
    double deviation = Math.sqrt(variance);
    return new TensorStatistics(
        n,
        min,
        max,
        n == 0 ? Double.NaN : within(mean, min, max),
        variance,
        variance > 0 ? m3 / n / (variance * deviation) : Double.NaN,
        variance > 0 ? m4 / n / (variance * variance) - 3 : Double.NaN,
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
      to[i] = mean[c];
      to[i += stride] = m2[c];
      to[i += stride] = m3[c];
      to[i += stride] = m4[c];
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
      mean[c] = from[i];
      m2[c] = from[i += stride];
      m3[c] = from[i += stride];
      m4[c] = from[i += stride];
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
      out.writeDouble(mean[c]);
      out.writeDouble(m2[c]);
      out.writeDouble(m3[c]);
      out.writeDouble(m4[c]);
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
      mean[c] = in.readDouble();
      m2[c] = in.readDouble();
      m3[c] = in.readDouble();
      m4[c] = in.readDouble();
      min[c] = in.readFloat();
      max[c] = in.readFloat();
      zeros[c] = in.readLong();
      nans[c] = in.readLong();
      infinities[c] = in.readLong();
    }
  }
}
