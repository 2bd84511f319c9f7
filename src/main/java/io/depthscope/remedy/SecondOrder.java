package io.depthscope.remedy;

import io.depthscope.quant.QuantParams;

/**
 * Rounds the weights of a row one after the other, and lets those that follow make up for each
 * error as well as they can; then moves single codes by one as long as the error of the sums falls.
 */
final class SecondOrder implements RowCodes {
  private static final int MOST_SWEEPS = 50;

  private final double[] h;
  private final double[] upper;
  private final int size;

  /**
   * @param h second moments with damping, size x size
   * @param factor lower triangle of its Cholesky factor
   */
  SecondOrder(double[] h, double[] factor, int size) {
    this.h = h;
    this.size = size;
    // H^-1 = U' U with U upper triangular: row j of U says how an error of weight j is shared.
    double[] inverse = Cholesky.inverse(factor, size);
    Cholesky.factor(inverse, size);
    upper = new double[size * size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j <= i; j++) {
        upper[j * size + i] = inverse[i * size + j];
      }
    }
  }

  @Override
  public int[] row(double[] target, QuantParams params) {
    int[] codes = new int[size];
    double[] w = target.clone();
    for (int j = 0; j < size; j++) {
      codes[j] = params.quantize((float) w[j]);
      double error = (w[j] - params.dequantize(codes[j])) / upper[j * size + j];
      for (int k = j + 1; k < size; k++) {
        w[k] -= error * upper[j * size + k];
      }
    }
    improve(codes, target, params);
    return codes;
  }

  /** Moves codes by one while that lowers {@code e H e}. */
  private void improve(int[] codes, double[] target, QuantParams params) {
    double[] gradient = new double[size];
    for (int i = 0; i < size; i++) {
      double e = params.dequantize(codes[i]) - target[i];
      for (int j = 0; e != 0 && j < size; j++) {
        gradient[j] += e * h[i * size + j];
      }
    }
    double step = params.scale();
    boolean moved = true;
    for (int sweep = 0; moved && sweep < MOST_SWEEPS; sweep++) {
      moved = false;
      for (int j = 0; j < size; j++) {
        int by = gradient[j] > 0 ? -1 : 1;
        int code = codes[j] + by;
        double change = 2 * by * step * gradient[j] + step * step * h[j * size + j];
        if (change < 0 && code >= params.qmin() && code <= params.qmax()) {
          codes[j] = code;
          moved = true;
          for (int k = 0; k < size; k++) {
            gradient[k] += by * step * h[j * size + k];
          }
        }
      }
    }
  }
}
