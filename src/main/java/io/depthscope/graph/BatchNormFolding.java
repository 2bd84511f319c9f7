package io.depthscope.graph;

import io.depthscope.tensor.FloatTensor;

/**
 * Folds a batch normalization into the layer before it:
 *
 * <pre>
 * w' = w * gamma / sqrt(variance + epsilon)
 * b' = (b - mean) * gamma / sqrt(variance + epsilon) + beta
 * </pre>
 *
 * computed in double and rounded once to float32.
 */
public final class BatchNormFolding {

  private BatchNormFolding() {}

  /**
   * Folds the parameters of one weighted node. Without a batch norm the kernel is passed on as it
   * is, and a missing bias becomes zeros.
   *
   * @throws IllegalArgumentException if a parameter is NaN or infinite, a variance is negative, a
   *     vector has the wrong length, or a folded value exceeds float32; the message names the node,
   *     the parameter and the flat index
   */
  public static FoldedWeights fold(Node node, LayerParameters parameters) {
    FloatTensor kernel = parameters.kernel();
    int channels = kernel.dims()[0];
    requireFinite(node, "kernel", kernel.data());
    float[] bias = parameters.bias().orElseGet(() -> new float[channels]);
    requireVector(node, "bias", bias, channels);
    if (parameters.batchNorm().isEmpty()) {
      return new FoldedWeights(kernel, bias);
    }

    BatchNorm norm = parameters.batchNorm().get();
    double[] deviation = deviations(node, norm, channels);
    float[] gamma = norm.gamma();

    float[] w = kernel.data();
    float[] foldedKernel = new float[w.length];
    int perChannel = channels == 0 ? 0 : w.length / channels;
    for (int i = 0; i < w.length; i++) {
      int c = i / perChannel;
      // gamma * w is exact in double, so the quotient is the only rounding before float32.
      foldedKernel[i] = (float) ((double) w[i] * gamma[c] / deviation[c]);
    }
    float[] foldedBias = new float[channels];
    for (int c = 0; c < channels; c++) {
      double centred = (double) bias[c] - norm.mean()[c];
      foldedBias[c] = (float) (centred * gamma[c] / deviation[c] + norm.beta()[c]);
    }
    requireFinite(node, "folded kernel", foldedKernel);
    requireFinite(node, "folded bias", foldedBias);
    return new FoldedWeights(new FloatTensor(kernel.dims(), foldedKernel), foldedBias);
  }

  private static double[] deviations(Node node, BatchNorm norm, int channels) {
    requireVector(node, "batch norm gamma", norm.gamma(), channels);
    requireVector(node, "batch norm beta", norm.beta(), channels);
    requireVector(node, "batch norm mean", norm.mean(), channels);
    requireVector(node, "batch norm variance", norm.variance(), channels);
    double epsilon = norm.epsilon();
    if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw invalid(node, "batch norm epsilon is " + epsilon);
    }
    double[] deviation = new double[channels];
    for (int c = 0; c < channels; c++) {
      float variance = norm.variance()[c];
      if (variance < 0) {
        throw invalid(node, "batch norm variance[" + c + "] is negative: " + variance);
      }
      deviation[c] = norm.deviation(c);
      if (deviation[c] == 0) {
        throw invalid(node, "batch norm variance[" + c + "] and epsilon are both 0");
      }
    }
    return deviation;
  }

  private static void requireVector(Node node, String what, float[] values, int channels) {
    if (values.length != channels) {
      throw invalid(node, what + " has " + values.length + " values, expected " + channels);
    }
    requireFinite(node, what, values);
  }

  private static void requireFinite(Node node, String what, float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw invalid(node, what + "[" + i + "] is " + values[i]);
      }
    }
  }

  private static IllegalArgumentException invalid(Node node, String reason) {
    return new IllegalArgumentException("node " + node.name() + ": " + reason);
  }
}
