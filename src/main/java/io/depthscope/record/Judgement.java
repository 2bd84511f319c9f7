package io.depthscope.record;

/**
 * What a mended network does on images, against the original network in float32.
 *
 * @param sqnrDb of the quantized network's outputs
 * @param fp32Change largest difference of the float32 network's outputs, as a share of the
 *     original's range
 * @param fp32Accuracy share of images that it is right about; NaN without labels
 * @param accuracy the same of the quantized network
 * @param sameClass share of images to which the quantized network gives the class that the original
 *     gives in float32; NaN where there are no classes
 */
public record Judgement(
    long images,
    double sqnrDb,
    double fp32Change,
    double fp32Accuracy,
    double accuracy,
    double sameClass) {

  /** Accuracy that quantization costs, as a share of that of the float32 network; NaN unknown. */
  public double lost(double originalAccuracy) {
    return (originalAccuracy - accuracy) / originalAccuracy;
  }
}
