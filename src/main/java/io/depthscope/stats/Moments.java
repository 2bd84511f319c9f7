package io.depthscope.stats;

import java.util.Arrays;

/**
 * Mean and sums of the second to fourth power about it, for several channels: the one place of
 * their formulas. Parts are joined with the pairwise formulas of Chan, Golub and LeVeque (1979),
 * extended to the third and fourth moment by Pebay (2008). How many values a channel has is kept
 * beside them, since it is the same for many channels.
 *
 * <p>A mean is never a float32 and never a sum of values: images of one value each, a million
 * spreads away from 0, still have the variance of their differences.
 */
public final class Moments {
  final double[] mean;
  final double[] m2;
  final double[] m3;
  final double[] m4;

  /** Moments of no values. */
  public Moments(int channels) {
    mean = new double[channels];
    m2 = new double[channels];
    m3 = new double[channels];
    m4 = new double[channels];
  }

  /** Bytes of the arrays. */
  static long bytes(int channels) {
    return 4L * Double.BYTES * channels;
  }

  /** Makes the moments those of no values. */
  void clear() {
    Arrays.fill(mean, 0);
    Arrays.fill(m2, 0);
    Arrays.fill(m3, 0);
    Arrays.fill(m4, 0);
  }

  /** Makes channel {@code c} that of equal values {@code x}. */
  void setConstant(int c, double x) {
    mean[c] = x;
    m2[c] = 0;
    m3[c] = 0;
    m4[c] = 0;
  }

  /** Makes channel {@code c} a copy of channel {@code k} of other moments, of another mean. */
  void setChannel(int c, Moments from, int k, double mean) {
    this.mean[c] = mean;
    m2[c] = from.m2[k];
    m3[c] = from.m3[k];
    m4[c] = from.m4[k];
  }

  /**
   * Makes channel {@code c} that of the values {@code at, at + step, ...}, in two passes.
   *
   * @param n how many values, at least 1
   */
  void setValues(int c, float[] values, int at, int step, int n) {
    double first = values[at];
    double sum = 0;
    for (int i = 0, k = at; i < n; i++, k += step) {
      sum += values[k] - first;
    }
    double center = first + sum / n;
    double left = 0; // what rounding the mean has left over
    double s2 = 0;
    double s3 = 0;
    double s4 = 0;
    for (int i = 0, k = at; i < n; i++, k += step) {
      double d = values[k] - center;
      double square = d * d;
      left += d;
      s2 += square;
      s3 += square * d;
      s4 += square * square;
    }
    setPowers(c, n, center, 1, left, s2, s3, s4);
  }

  /**
   * Makes channels {@code from..to-1} those of {@code n} values each, whose powers were summed in
   * float32 as those of (x - about) / unit.
   *
   * @param about a value amid those of the channel: one far away would eat the variance
   * @param unit a power of two, so chosen that no power overflows or vanishes
   */
  public void setPowers(
      int from,
      int to,
      double n,
      float[] about,
      float[] unit,
      float[] s1,
      float[] s2,
      float[] s3,
      float[] s4) {
    for (int c = from; c < to; c++) {
      setPowers(c, n, about[c], unit[c], s1[c], s2[c], s3[c], s4[c]);
    }
  }

  private void setPowers(
      int c, double n, double about, double unit, double s1, double s2, double s3, double s4) {
    double u = s1 / n;
    double unit2 = unit * unit;
    mean[c] = about + u * unit;
    m2[c] = (s2 - s1 * u) * unit2;
    m3[c] = (s3 - 3 * u * s2 + 2 * u * u * s1) * (unit2 * unit);
    m4[c] = (s4 - 4 * u * s3 + 6 * u * u * s2 - 3 * u * u * u * s1) * (unit2 * unit2);
  }

  /**
   * Joins other moments to channels {@code from..to-1}.
   *
   * @param na values a channel has here, may be 0
   * @param nb values a channel has in {@code b}, may be 0
   */
  public void add(int from, int to, double na, Moments b, double nb) {
    if (nb == 0) {
      return;
    }
    if (na == 0) {
      System.arraycopy(b.mean, from, mean, from, to - from);
      System.arraycopy(b.m2, from, m2, from, to - from);
      System.arraycopy(b.m3, from, m3, from, to - from);
      System.arraycopy(b.m4, from, m4, from, to - from);
      return;
    }
    double total = na + nb;
    double rest = na / total;
    double share = nb / total;
    double c2 = na * share;
    double c3 = c2 * (rest - share);
    double c4 = c2 * (rest * rest - rest * share + share * share);
    for (int c = from; c < to; c++) {
      double d = b.mean[c] - mean[c];
      double square = d * d;
      double a2 = m2[c];
      double a3 = m3[c];
      double b2 = b.m2[c];
      double b3 = b.m3[c];
      m4[c] =
          m4[c]
              + b.m4[c]
              + square * square * c4
              + 6 * square * (rest * rest * b2 + share * share * a2)
              + 4 * d * (rest * b3 - share * a3);
      m3[c] = a3 + b3 + square * d * c3 + 3 * d * (rest * b2 - share * a2);
      m2[c] = a2 + b2 + square * c2;
      mean[c] += d * share;
    }
  }
}
