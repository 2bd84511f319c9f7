package io.depthscope.stats;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/** Quantiles of values given at once: linear between the two nearest, as NumPy and R do. */
public final class Quantiles {

  private Quantiles() {}

  /**
   * A quantile.
   *
   * @param ascending at least one value
   * @param fraction in 0..1
   */
  public static double of(double[] ascending, double fraction) {
    double at = fraction * (ascending.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, ascending.length - 1);
    return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
  }

  /** The median of those that are no NaN; NaN if there are none. */
  public static double median(DoubleStream values) {
    double[] sorted = values.filter(v -> !Double.isNaN(v)).sorted().toArray();
    int n = sorted.length;
    // Not by of(): the mean of two infinities of one sign is no NaN.
    return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }

  /** The finite ones of some values, ascending. */
  public static double[] finite(DoubleStream values) {
    double[] sorted = values.filter(Double::isFinite).toArray();
    Arrays.sort(sorted);
    return sorted;
  }
}
