package io.depthscope.stats;

import java.util.Arrays;

/**
 * Sums over one image of one stream (fp32 or quantized) of one layer, per channel: what a backend
 * fills in. Powers are taken about a fixed shift per channel, d = x - shift, so that a large mean
 * does not eat the variance.
 *
 * <p>Arrays hold the channels first and are padded to a multiple of {@link #PAD}, so that vector
 * code may write whole vectors; entries beyond the channels mean nothing.
 */
public final class StreamSums {

  /** Channel arrays are padded to a multiple of this. */
  public static final int PAD = 16;

  public final double[] s1;
  public final double[] s2;
  public final double[] s3;
  public final double[] s4;
  public final float[] min;
  public final float[] max;
  public final int[] zeros;
  public final int[] nans;
  public final int[] infinities;

  StreamSums(int padded) {
    s1 = new double[padded];
    s2 = new double[padded];
    s3 = new double[padded];
    s4 = new double[padded];
    min = new float[padded];
    max = new float[padded];
    zeros = new int[padded];
    nans = new int[padded];
    infinities = new int[padded];
  }

  /** Channels rounded up to whole vectors. */
  public static int padded(int channels) {
    return (channels + PAD - 1) / PAD * PAD;
  }

  void clear() {
    Arrays.fill(s1, 0);
    Arrays.fill(s2, 0);
    Arrays.fill(s3, 0);
    Arrays.fill(s4, 0);
    Arrays.fill(min, Float.POSITIVE_INFINITY);
    Arrays.fill(max, Float.NEGATIVE_INFINITY);
    Arrays.fill(zeros, 0);
    Arrays.fill(nans, 0);
    Arrays.fill(infinities, 0);
  }

  /**
   * Adds a value {@code times} times, in double; the plain way, for oracles and for tiles with
   * non-finite values. NaN does not take part in min and max, but makes every sum NaN.
   */
  public void add(int channel, float x, float shift, int times) {
    addPowers(channel, x, shift, times);
    if (x < min[channel]) {
      min[channel] = x;
    }
    if (x > max[channel]) {
      max[channel] = x;
    }
    if (x == 0) {
      zeros[channel] += times;
    }
    if (Float.isNaN(x)) {
      nans[channel] += times;
    } else if (Float.isInfinite(x)) {
      infinities[channel] += times;
    }
  }

  /** Adds the powers of a value {@code times} times, in double. */
  public void addPowers(int channel, float x, float shift, int times) {
    double d = (double) x - shift;
    s1[channel] += times * d;
    s2[channel] += times * (d * d);
    s3[channel] += times * (d * d * d);
    s4[channel] += times * (d * d * d * d);
  }
}
