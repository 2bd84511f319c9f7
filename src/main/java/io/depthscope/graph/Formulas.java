package io.depthscope.graph;

/**
 * Functions of a value in double. Those that multiply x by what vanishes at -infinity are NaN
 * there.
 */
final class Formulas {
  private Formulas() {}

  static double sigmoid(double x) {
    return 1 / (1 + StrictMath.exp(-x));
  }

  /** The sum, the clamp, the product and then the quotient; hence finite for every finite float. */
  static double hardSwish(double x) {
    return x * Math.clamp(x + 3, 0.0, 6.0) / 6;
  }

  static double silu(double x) {
    return x * sigmoid(x);
  }

  static double gelu(double x) {
    return x * ErrorFunction.complement(-x * Math.sqrt(0.5)) / 2;
  }

  /** Half of 1 + tanh(u) is the sigmoid of 2u, which keeps its digits where the sum loses them. */
  static double geluTanh(double x) {
    return x * sigmoid(Math.sqrt(8 / Math.PI) * (x + 0.044715 * x * x * x));
  }

  /** With e = exp(x), the tangent is e (e + 2) / (e (e + 2) + 2); above 0, the same in 1 / e. */
  static double mish(double x) {
    double e = StrictMath.exp(-Math.abs(x));
    return x < 0
        ? x * (e * (e + 2) / (e * (e + 2) + 2))
        : x * ((1 + 2 * e) / (1 + 2 * e + 2 * e * e));
  }

  static double softplus(double x) {
    return Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
  }

  static double elu(double x) {
    return x < 0 ? StrictMath.expm1(x) : x;
  }
}
