package io.depthscope.dataset;

import io.depthscope.tensor.Shape;

/**
 * Preprocessed images on their way to a network.
 *
 * @param shape of every image, 3 channels
 * @param count number of images, at least 1
 * @param datasetIndices where each image stands in its data set, ascending
 * @param labels class of each image
 * @param pixels uint8, count x H x W x 3, channels in the network's order
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record ImageBatch(
    Shape shape, int count, int[] datasetIndices, int[] labels, byte[] pixels) {
  /**
   * @throws IllegalArgumentException if the lengths do not fit together
   */
  public ImageBatch {
    if (shape.channels() != 3
        || count < 1
        || datasetIndices.length != count
        || labels.length != count
        || pixels.length != Math.multiplyExact(count, shape.size())) {
      throw new IllegalArgumentException(
          count
              + " images of "
              + shape
              + " with "
              + datasetIndices.length
              + " indices, "
              + labels.length
              + " labels and "
              + pixels.length
              + " bytes");
    }
  }
}
