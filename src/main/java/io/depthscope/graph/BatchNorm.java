package io.depthscope.graph;

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
}
