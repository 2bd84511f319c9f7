package io.depthscope.quant;

import io.depthscope.stats.BitHistogram;
import java.util.Locale;

/** Chooses the range to represent from the distribution of a tensor. */
public sealed interface RangeEstimator {

  /**
   * Chooses the range.
   *
   * @param observed exact smallest and largest value
   * @param histogram counts of the values
   * @return a range inside {@code observed} widened by 0
   */
  Range estimate(Range observed, BitHistogram histogram, QuantFormat format);

  /** The name a user gives: {@code min-max}, {@code percentile:99.99}, {@code mse}. */
  String name();

  /** The whole observed range. */
  record MinMax() implements RangeEstimator {
    @Override
    public Range estimate(Range observed, BitHistogram histogram, QuantFormat format) {
      return observed;
    }

    @Override
    public String name() {
      return "min-max";
    }
  }

  /**
   * The range that keeps {@code percent} % of the values: half of the rest is cut off at either
   * end. Exact within one bin of the histogram (1.6 % of the value).
   *
   * @param percent above 0, at most 100
   */
  record Percentile(double percent) implements RangeEstimator {
    public Percentile {
      if (!(percent > 0 && percent <= 100)) {
        throw new IllegalArgumentException("percentile must be in (0, 100], got " + percent);
      }
    }

    @Override
    public Range estimate(Range observed, BitHistogram histogram, QuantFormat format) {
      double cut = (100 - percent) / 200;
      double lo = Math.max(observed.min(), -negated(histogram).quantile(1 - cut));
      double hi = Math.min(observed.max(), histogram.quantile(1 - cut));
      return lo <= hi ? new Range(lo, hi) : observed;
    }

    private static BitHistogram negated(BitHistogram h) {
      long[] swapped = new long[BitHistogram.BINS];
      int half = BitHistogram.BINS / 2;
      System.arraycopy(h.counts(), 0, swapped, half, half);
      System.arraycopy(h.counts(), half, swapped, 0, half);
      return new BitHistogram(swapped);
    }

    @Override
    public String name() {
      return "percentile:"
          + (percent == Math.rint(percent) ? Long.toString((long) percent) : percent);
    }
  }

  /**
   * The range whose quantization has the least mean squared error over the histogram: both ends
   * shrink together first, then each on its own, in steps of 1/64 of the observed range.
   */
  record MseOptimal() implements RangeEstimator {
    private static final int STEPS = 64;

    @Override
    public Range estimate(Range observed, BitHistogram histogram, QuantFormat format) {
      Occupied bins = Occupied.of(histogram);
      Range whole = observed.withZero();
      double lo = 1;
      double hi = 1;
      double best = bins.noise(QuantParams.of(whole, format));
      for (int pass = 0; pass < 3; pass++) {
        for (int step = 1; step <= STEPS; step++) {
          double f = (double) step / STEPS;
          double tryLo = pass == 1 ? lo : f;
          double tryHi = pass == 2 ? hi : f;
          double noise = bins.noise(QuantParams.of(scaled(whole, tryLo, tryHi), format));
          if (noise < best) {
            best = noise;
            lo = tryLo;
            hi = tryHi;
          }
        }
      }
      return scaled(whole, lo, hi);
    }

    private static Range scaled(Range r, double lo, double hi) {
      return new Range(r.min() * lo, r.max() * hi);
    }

    @Override
    public String name() {
      return "mse";
    }
  }

  /**
   * The estimator of this name.
   *
   * @throws IllegalArgumentException if the name is none of {@code min-max}, {@code mse}, {@code
   *     percentile:P}
   */
  static RangeEstimator parse(String name) {
    String n = name.toLowerCase(Locale.ROOT);
    if (n.equals("min-max") || n.equals("minmax")) {
      return new MinMax();
    }
    if (n.equals("mse")) {
      return new MseOptimal();
    }
    if (n.startsWith("percentile:") || n.startsWith("percentile=")) {
      try {
        return new Percentile(Double.parseDouble(n.substring("percentile:".length())));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("'" + name + "' has no number after percentile:", e);
      }
    }
    throw new IllegalArgumentException(
        "range '"
            + name
            + "' is none of min-max, percentile:P, mse (for example percentile:99.99)");
  }
}
