package io.depthscope.stats;

/**
 * Two-sided intervals of figures of a sample of images.
 *
 * @param level in 0..1, ends excluded
 */
public record Confidence(double level) {
  private static final double FURTHEST = 9;
  private static final int HALVINGS = 60;

  public Confidence {
    if (!(level > 0 && level < 1)) {
      throw new IllegalArgumentException("a confidence lies between 0 and 1, got " + level);
    }
  }

  /** Standard deviations that the normal distribution has this share within. */
  public double deviations() {
    double low = 0;
    double high = FURTHEST;
    for (int i = 0; i < HALVINGS; i++) {
      double middle = (low + high) / 2;
      if (within(middle) < level) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /** Share of the normal distribution within {@code x} deviations, by its power series. */
  private static double within(double x) {
    double term = x;
    double sum = x;
    for (int k = 3; term > sum * 1e-17; k += 2) {
      term *= x * x / k;
      sum += term;
    }
    return 2 * sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  /** Of a share, {@code hits} of {@code n}; Wilson's. */
  public Interval share(long hits, long n) {
    double z = deviations();
    double p = (double) hits / n;
    double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * Math.sqrt(p * (1 - p) / n + z * z / (4.0 * n * n));
    return new Interval(hits == 0 ? 0 : middle - half, hits == n ? 1 : middle + half);
  }

  /**
   * Of the difference between two shares of the same {@code n} images; Agresti and Min's, which
   * does not close where no image changed.
   *
   * @param gained images that are hits in the first alone
   * @param lost images that are hits in the second alone
   */
  public Interval change(long gained, long lost, long n) {
    double all = n + 2.0;
    double change = (gained - lost) / all;
    double changed = (gained + lost + 1) / all;
    double half = deviations() * Math.sqrt(Math.max(0, changed - change * change) / all);
    return new Interval(Math.max(-1, change - half), Math.min(1, change + half));
  }

  /**
   * Of a figure to which each image adds a part of its own.
   *
   * @param influences how far each image moves the figure, times the number of images; their mean
   *     is 0
   */
  public Interval mean(double figure, double[] influences) {
    int n = influences.length;
    if (!Double.isFinite(figure)) {
      return new Interval(figure, figure);
    }
    if (n < 2) {
      return new Interval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }
    double squares = 0;
    for (double v : influences) {
      squares += v * v;
    }
    double half = deviations() * Math.sqrt(squares / ((double) n * (n - 1)));
    return new Interval(figure - half, figure + half);
  }
}
