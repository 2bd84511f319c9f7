package io.depthscope.stats;

/**
 * What one image became.
 *
 * @param index in the data set
 * @param image its name
 * @param label output index of its class
 * @param fp32 predicted class of the fp32 network; -1 if one of its logits is NaN
 * @param quantized predicted class of the quantized network, likewise
 * @param margin difference of the two largest fp32 logits
 * @param logitNoise root mean square of the logits' error
 */
public record Prediction(
    int index, String image, int label, int fp32, int quantized, double margin, double logitNoise) {

  /** True if quantization changed the predicted class; no class (-1) is never the same. */
  public boolean flipped() {
    return fp32 != quantized || fp32 < 0;
  }

  /** True if quantization turned a right class wrong. */
  public boolean broken() {
    return fp32 == label && quantized != label;
  }

  /** True if quantization turned a wrong class right. */
  public boolean mended() {
    return fp32 != label && quantized == label;
  }
}
