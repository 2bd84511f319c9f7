package io.depthscope.remedy;

import io.depthscope.quant.QuantParams;
import java.util.Arrays;

/**
 * Learns whether each weight is rounded down or up (Nagel et al., Up or Down? Adaptive Rounding for
 * Post-Training Quantization, 2020). A weight between two codes is {@code floor + h(v)} with {@code
 * h(v) = clamp(1.2 sigmoid(v) - 0.1, 0, 1)}; gradient descent (Adam) lowers {@code e H e}, relative
 * to that of nearest rounding, plus {@code sum (1 - |2 h - 1|^b)}, which drives every h to 0 or 1
 * as b falls.
 */
final class AdaRound implements RowCodes {
  private static final int ITERATIONS = 600;

  /** Before it, nothing drives h to its ends. */
  private static final int WARM_UP = ITERATIONS / 5;

  private static final double FIRST_EXPONENT = 20;
  private static final double LAST_EXPONENT = 2;
  private static final double STRETCH = 1.2;
  private static final double OFFSET = -0.1;

  /** Weight of the term that drives h to its ends. */
  private static final double REGULARIZATION = 0.02;

  private static final double RATE = 0.03;
  private static final double DECAY_MEAN = 0.9;
  private static final double DECAY_SQUARE = 0.999;

  private final float[] h;
  private final int size;
  private final double unit;

  /**
   * @param h second moments with damping, size x size
   */
  AdaRound(double[] h, int size) {
    this.size = size;
    this.h = new float[h.length];
    double diagonal = 0;
    for (int i = 0; i < size; i++) {
      diagonal += h[i * size + i] / size;
    }
    unit =
        diagonal; // errors in steps, moments in units of their mean: no layer needs a rate of its
    // own
    for (int i = 0; i < h.length; i++) {
      this.h[i] = (float) (h[i] / unit);
    }
  }

  @Override
  public int[] row(double[] target, QuantParams params) {
    float[] inSteps = new float[size];
    float[] floor = new float[size];
    double[] v = new double[size];
    for (int i = 0; i < size; i++) {
      inSteps[i] = (float) (target[i] / params.scale());
      double down = Math.floor(inSteps[i]);
      double least = params.qmin() - params.zeroPoint();
      double most = params.qmax() - params.zeroPoint() - 1.0;
      floor[i] = (float) Math.max(least, Math.min(most, down));
      double share = Math.max(0.01, Math.min(0.99, inSteps[i] - floor[i]));
      v[i] = -Math.log(STRETCH / (share - OFFSET) - 1);
    }
    double[] mean = new double[size];
    double[] square = new double[size];
    float[] error = new float[size];
    float[] gradient = new float[size];
    for (int t = 1; t <= ITERATIONS; t++) {
      for (int i = 0; i < size; i++) {
        error[i] = (float) (floor[i] + soft(v[i]) - inSteps[i]);
      }
      multiply(error, gradient);
      double exponent = exponent(t);
      double biasMean = 1 - Math.pow(DECAY_MEAN, t);
      double biasSquare = 1 - Math.pow(DECAY_SQUARE, t);
      for (int i = 0; i < size; i++) {
        double s = 1 / (1 + Math.exp(-v[i]));
        double soft = STRETCH * s + OFFSET;
        double slope = soft <= 0 || soft >= 1 ? 0 : STRETCH * s * (1 - s);
        double g = 2 * gradient[i];
        if (t > WARM_UP) {
          double side = 2 * Math.max(0, Math.min(1, soft)) - 1;
          g -=
              REGULARIZATION
                  * 2
                  * exponent
                  * Math.pow(Math.abs(side), exponent - 1)
                  * Math.signum(side);
        }
        g *= slope;
        mean[i] = DECAY_MEAN * mean[i] + (1 - DECAY_MEAN) * g;
        square[i] = DECAY_SQUARE * square[i] + (1 - DECAY_SQUARE) * g * g;
        v[i] -= RATE * (mean[i] / biasMean) / (Math.sqrt(square[i] / biasSquare) + 1e-8);
      }
    }
    int[] codes = new int[size];
    for (int i = 0; i < size; i++) {
      codes[i] = (int) floor[i] + (soft(v[i]) >= 0.5 ? 1 : 0) + params.zeroPoint();
    }
    return codes;
  }

  private static double exponent(int iteration) {
    double share = Math.max(0, (double) (iteration - WARM_UP) / (ITERATIONS - WARM_UP));
    return LAST_EXPONENT + (FIRST_EXPONENT - LAST_EXPONENT) * (1 + Math.cos(Math.PI * share)) / 2;
  }

  private static double soft(double v) {
    double s = STRETCH / (1 + Math.exp(-v)) + OFFSET;
    return Math.max(0, Math.min(1, s));
  }

  /** H e. */
  private void multiply(float[] e, float[] to) {
    Arrays.fill(to, 0);
    int i = 0;
    for (; i + 4 <= size; i += 4) {
      float a = e[i];
      float b = e[i + 1];
      float c = e[i + 2];
      float d = e[i + 3];
      int at = i * size;
      for (int j = 0; j < size; j++) {
        to[j] +=
            a * h[at + j]
                + b * h[at + size + j]
                + (c * h[at + 2 * size + j] + d * h[at + 3 * size + j]);
      }
    }
    for (; i < size; i++) {
      for (int j = 0; j < size; j++) {
        to[j] += e[i] * h[i * size + j];
      }
    }
  }
}
