package io.depthscope.graph;

/**
 * The error function, which Java lacks: its series near 0, and the continued fraction of its
 * complement further out (Abramowitz and Stegun 7.1.6 and 7.1.14).
 */
final class ErrorFunction {
  /** From here on the fraction needs fewer terms than the series. */
  private static final double FAR = 2.5;

  /** As many as leave less than a double shows at {@link #FAR}, the worst place for either. */
  private static final int SERIES_TERMS = 50;

  private static final int FRACTION_TERMS = 40;

  private ErrorFunction() {}

  /** 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
  static double of(double x) {
    return Math.abs(x) < FAR ? series(x) : Math.copySign(1 - fraction(Math.abs(x)), x);
  }

  /** 1 - erf(x), with its own digits where that is small. */
  static double complement(double x) {
    if (Math.abs(x) < FAR) {
      return 1 - series(x);
    }
    double tail = fraction(Math.abs(x));
    return x < 0 ? 2 - tail : tail;
  }

  /** exp(-x^2) 2 / sqrt(pi) sum of 2^n x^(2n+1) / (1 3 5 .. (2n+1)): nothing cancels. */
  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; n <= SERIES_TERMS; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * StrictMath.exp(-x * x) * sum;
  }

  /** exp(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / (x + 2 / ...)))). */
  private static double fraction(double x) {
    if (Double.isNaN(x)) {
      return x;
    }
    double denominator = x;
    for (int n = FRACTION_TERMS; n >= 1; n--) {
      denominator = x + n / 2.0 / denominator;
    }
    return StrictMath.exp(-x * x) / Math.sqrt(Math.PI) / denominator;
  }
}
