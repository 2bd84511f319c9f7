package io.depthscope.diagnosis;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/** Robust location and spread. */
final class Medians {
  /** Makes the median absolute deviation of a normal distribution its standard deviation. */
  private static final double SIGMA = 1.4826;

  private Medians() {}

  /** The median of those that are no NaN; NaN if there are none. */
  static double of(DoubleStream values) {
    double[] sorted = values.filter(v -> !Double.isNaN(v)).sorted().toArray();
    int n = sorted.length;
    return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }

  /** Standard deviation estimated from the median absolute deviation. */
  static double deviation(double[] values, double median) {
    return SIGMA * of(Arrays.stream(values).map(v -> Math.abs(v - median)));
  }
}
