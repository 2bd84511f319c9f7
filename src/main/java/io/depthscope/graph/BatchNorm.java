package io.depthscope.graph;

import java.util.Arrays;

/**
 * Parameters of a batch normalization over C channels: {@code y = gamma * (x - mean) /
 * sqrt(variance + epsilon) + beta}.
 */
@SuppressWarnings("ArrayRecordComponent") // read-only parameter vectors, never compared
public record BatchNorm(
    float[] gamma, float[] beta, float[] mean, float[] variance, double epsilon) {

  /** sqrt(variance + epsilon) of a channel, what folding divides by. */
  public double deviation(int channel) {
    return Math.sqrt(variance[channel] + epsilon);
  }

  /** gamma / sqrt(variance + epsilon) of a channel, what folding multiplies its weights by. */
  public double factor(int channel) {
    return gamma[channel] / deviation(channel);
  }

  /** Scales and shifts each channel: {@code scale * x + shift}. */
  public static BatchNorm affine(float[] scale, float[] shift) {
    float[] zeros = new float[scale.length];
    float[] ones = new float[scale.length];
    Arrays.fill(ones, 1f);
    return new BatchNorm(scale, shift, zeros, ones, 0);
  }

  /** True if it adds to each channel and does nothing else. */
  public boolean isShift() {
    for (int c = 0; c < gamma.length; c++) {
      if (gamma[c] != 1 || mean[c] != 0 || variance[c] != 1) {
        return false;
      }
    }
    return epsilon == 0;
  }

  /** This one and another after it as one, which divides by what this one divides by. */
  public BatchNorm then(BatchNorm next) {
    float[] scale = new float[gamma.length];
    float[] shift = new float[gamma.length];
    for (int c = 0; c < scale.length; c++) {
      double factor = next.factor(c);
      scale[c] = (float) (gamma[c] * factor);
      shift[c] = (float) (((double) beta[c] - next.mean[c]) * factor + next.beta[c]);
    }
    return new BatchNorm(scale, shift, mean, variance, epsilon);
  }
}
