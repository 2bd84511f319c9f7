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

  /**
   * The name a user gives: {@code min-max}, {@code percentile:99.99}, {@code mse}, {@code entropy}.
   */
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
   * shrink together first, then each on its own in turn until neither moves, in steps of 1/64 of
   * the observed range.
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
      int settled = -1; // ends that the passes behind the first left at their best
      for (int pass = 0; settled < 2; pass++) {
        boolean both = pass == 0;
        boolean upper = pass % 2 == 1;
        settled++;
        for (int step = 1; step <= STEPS; step++) {
          double f = (double) step / STEPS;
          double tryLo = both || !upper ? f : lo;
          double tryHi = both || upper ? f : hi;
          double noise = bins.noise(QuantParams.of(scaled(whole, tryLo, tryHi), format));
          if (noise < best) {
            best = noise;
            lo = tryLo;
            hi = tryHi;
            settled = both ? 0 : 1; // the other end may move again
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
   * The range whose codes keep the shape of the distribution: least Kullback-Leibler divergence of
   * the magnitudes in it, clipped to its end, from what as many codes leave of them. Magnitudes are
   * counted in 2048 equal cells; the range shrinks at both ends alike, and is tried at every 16th
   * cell from as many cells as there are codes on.
   */
  record Entropy() implements RangeEstimator {
    private static final int CELLS = 2048;
    private static final int STEP = 16;

    @Override
    public Range estimate(Range observed, BitHistogram histogram, QuantFormat format) {
      Range whole = observed.withZero();
      double largest = Math.max(-whole.min(), whole.max());
      int levels = whole.min() < 0 ? (1 << format.bits()) / 2 : 1 << format.bits();
      if (!(largest > 0) || levels >= CELLS) {
        return observed;
      }
      double[] cells = cells(Occupied.of(histogram), largest);
      int best = CELLS;
      double least = Double.POSITIVE_INFINITY;
      for (int end = CELLS; end >= levels; end -= STEP) {
        double divergence = divergence(cells, end, levels);
        if (divergence < least) {
          least = divergence;
          best = end;
        }
      }
      double limit = largest * best / CELLS;
      return new Range(Math.max(whole.min(), -limit), Math.min(whole.max(), limit));
    }

    /** Zeros have a code of their own, and say nothing about the range. */
    private static double[] cells(Occupied bins, double largest) {
      double[] cells = new double[CELLS];
      for (int i = 0; i < bins.values().length; i++) {
        double v = Math.abs(bins.values()[i]);
        if (v > 0) {
          cells[Math.min(CELLS - 1, (int) (v / largest * CELLS))] += bins.counts()[i];
        }
      }
      return cells;
    }

    private static double divergence(double[] cells, int end, int levels) {
      double outside = 0;
      double all = 0;
      for (int i = 0; i < CELLS; i++) {
        all += cells[i];
        outside += i >= end ? cells[i] : 0;
      }
      double kept = all - outside;
      if (!(kept > 0)) {
        return Double.POSITIVE_INFINITY;
      }
      double sum = 0;
      for (int level = 0; level < levels; level++) {
        int from = (int) ((long) level * end / levels);
        int to = (int) ((long) (level + 1) * end / levels);
        double mass = 0;
        int occupied = 0;
        for (int i = from; i < to; i++) {
          mass += cells[i];
          occupied += cells[i] > 0 ? 1 : 0;
        }
        for (int i = from; i < to; i++) {
          double p = cells[i] + (i == end - 1 ? outside : 0);
          if (p > 0) {
            double q = occupied == 0 ? 1e-9 * kept : mass / occupied;
            sum += p / all * Math.log(p / all / (q / kept));
          }
        }
      }
      return sum;
    }

    @Override
    public String name() {
      return "entropy";
    }
  }

  /**
   * The estimator of this name.
   *
   * @throws IllegalArgumentException if the name is none of {@code min-max}, {@code mse}, {@code
   *     entropy}, {@code percentile:P}
   */
  static RangeEstimator parse(String name) {
    String n = name.toLowerCase(Locale.ROOT);
    if (n.equals("min-max") || n.equals("minmax")) {
      return new MinMax();
    }
    if (n.equals("mse")) {
      return new MseOptimal();
    }
    if (n.equals("entropy")) {
      return new Entropy();
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
            + "' is none of min-max, percentile:P, mse, entropy (for example percentile:99.99)");
  }
}
