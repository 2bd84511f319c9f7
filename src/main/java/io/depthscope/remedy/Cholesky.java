package io.depthscope.remedy;

import java.util.stream.IntStream;

/** Factors and inverts symmetric positive definite matrices, row-major. */
final class Cholesky {
  private Cholesky() {}

  /**
   * The lower triangle L with L L' = a.
   *
   * @return false if the matrix is not positive definite
   */
  static boolean factor(double[] a, int n) {
    for (int j = 0; j < n; j++) {
      double d = a[j * n + j];
      for (int k = 0; k < j; k++) {
        d -= a[j * n + k] * a[j * n + k];
      }
      if (!(d > 0)) {
        return false;
      }
      double root = Math.sqrt(d);
      a[j * n + j] = root;
      int column = j;
      IntStream rows = IntStream.range(j + 1, n);
      (n - j > 64 ? rows.parallel() : rows)
          .forEach(
              i -> {
                double s = a[i * n + column];
                int ri = i * n;
                int rj = column * n;
                for (int k = 0; k < column; k++) {
                  s -= a[ri + k] * a[rj + k];
                }
                a[ri + column] = s / root;
              });
    }
    return true;
  }

  /** Solves L L' x = b in place. */
  static void solve(double[] l, int n, double[] b) {
    for (int i = 0; i < n; i++) {
      double s = b[i];
      for (int k = 0; k < i; k++) {
        s -= l[i * n + k] * b[k];
      }
      b[i] = s / l[i * n + i];
    }
    for (int i = n - 1; i >= 0; i--) {
      b[i] /= l[i * n + i];
      for (int k = 0; k < i; k++) {
        b[k] -= l[i * n + k] * b[i];
      }
    }
  }

  /** The inverse, from the factor. */
  static double[] inverse(double[] l, int n) {
    double[] inverse = new double[n * n];
    IntStream.range(0, n)
        .parallel()
        .forEach(
            c -> {
              double[] unit = new double[n];
              unit[c] = 1;
              solve(l, n, unit);
              System.arraycopy(unit, 0, inverse, c * n, n);
            });
    return inverse;
  }
}
