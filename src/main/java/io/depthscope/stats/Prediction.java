package io.depthscope.stats;

/**
 * What one image became.
 *
 * @param index in the data set
 * @param image its name
 * @param label output index of its class; -1 where it is not known
 * @param fp32 predicted class of the fp32 network; -1 if one of its logits is NaN, or the network
 *     is no classifier
 * @param quantized predicted class of the quantized network, likewise
 * @param margin difference of the two largest fp32 logits; NaN without classes
 * @param logitNoise root mean square of the logits' error; NaN without classes
 * @param sqnrDb of the network's output that has the lowest for this image
 */
public record Prediction(
    int index,
    String image,
    int label,
    int fp32,
    int quantized,
    double margin,
    double logitNoise,
    double sqnrDb) {

  /** Of a network that predicts no class. */
  public static Prediction withoutClass(int index, String image, double sqnrDb) {
    return new Prediction(index, image, -1, -1, -1, Double.NaN, Double.NaN, sqnrDb);
  }

  /**
   * True if quantization changed the predicted class; no class (-1) is never the same. Says nothing
   * where the network is no classifier.
   */
  public boolean flipped() {
    return fp32 != quantized || fp32 < 0;
  }

  /** True if the fp32 network is known to be right. */
  public boolean rightFp32() {
    return label >= 0 && fp32 == label;
  }

  /** True if the quantized network is known to be right. */
  public boolean rightQuantized() {
    return label >= 0 && quantized == label;
  }

  /** True if quantization turned a right class wrong. */
  public boolean broken() {
    return rightFp32() && !rightQuantized();
  }

  /** True if quantization turned a wrong class right. */
  public boolean mended() {
    return !rightFp32() && rightQuantized();
  }
}
