package io.depthscope.stats;

import java.util.Arrays;

/**
 * Statistics over one image of one stream (baseline or candidate) of one layer, per channel: what a
 * backend fills in, tile by tile.
 *
 * <p>Arrays hold the channels first and are padded to a multiple of {@link #PAD}, so that vector
 * code may write whole vectors; entries beyond the channels mean nothing.
 */
public final class StreamSums {

  /** Channel arrays are padded to a multiple of this. */
  public static final int PAD = 16;

  /** Values so far. */
  public final int[] count;

  /** Of the values so far. */
  public final Moments moments;

  public final float[] min;
  public final float[] max;
  public final int[] zeros;
  public final int[] nans;
  public final int[] infinities;
  private final Moments part;

  StreamSums(int padded) {
    count = new int[padded];
    moments = new Moments(padded);
    min = new float[padded];
    max = new float[padded];
    zeros = new int[padded];
    nans = new int[padded];
    infinities = new int[padded];
    part = new Moments(padded);
  }

  /** Bytes of all arrays. */
  static long bytes(int padded) {
    return 2 * Moments.bytes(padded) + padded * (4L * Integer.BYTES + 2L * Float.BYTES);
  }

  /** Channels rounded up to whole vectors. */
  public static int padded(int channels) {
    return (channels + PAD - 1) / PAD * PAD;
  }

  void clear() {
    Arrays.fill(count, 0);
    moments.clear();
    Arrays.fill(min, Float.POSITIVE_INFINITY);
    Arrays.fill(max, Float.NEGATIVE_INFINITY);
    Arrays.fill(zeros, 0);
    Arrays.fill(nans, 0);
    Arrays.fill(infinities, 0);
  }

  /**
   * Adds a value {@code times} times, in double. NaN does not take part in min and max, but makes
   * every moment NaN.
   */
  public void add(int channel, float x, int times) {
    part.setConstant(channel, x);
    join(channel, times);
    extend(channel, x, times);
  }

  /**
   * Adds the values {@code at, at + step, ...} to a channel, in double: the plain way, for oracles
   * and for tiles with non-finite values.
   *
   * @param n how many values
   */
  public void add(int channel, float[] values, int at, int step, int n) {
    if (n == 0) {
      return;
    }
    part.setValues(channel, values, at, step, n);
    join(channel, n);
    for (int i = 0; i < n; i++) {
      extend(channel, values[at + i * step], 1);
    }
  }

  private void join(int channel, int n) {
    moments.add(channel, channel + 1, count[channel], part, n);
    count[channel] += n;
  }

  private void extend(int channel, float x, int times) {
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
}
