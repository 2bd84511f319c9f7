package io.depthscope.dataset;

import io.depthscope.tensor.Shape;

/**
 * Preprocessed images on their way to a network: pixels, or values that are used as they are.
 *
 * @param shape of every image
 * @param count number of images, at least 1
 * @param datasetIndices where each image stands in its data set, ascending
 * @param labels class of each image
 * @param pixels uint8, count x H x W x C, channels in the network's order; null where there are
 *     values
 * @param values float32, likewise; null where there are pixels
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record ImageBatch(
    Shape shape, int count, int[] datasetIndices, int[] labels, byte[] pixels, float[] values) {
  /**
   * @throws IllegalArgumentException if the lengths do not fit together
   */
  public ImageBatch {
    if ((pixels == null) == (values == null)) {
      throw new IllegalArgumentException("images are pixels or values");
    }
    int given = pixels != null ? pixels.length : values.length;
    if (count < 1
        || datasetIndices.length != count
        || labels.length != count
        || given != Math.multiplyExact(count, shape.size())) {
      throw new IllegalArgumentException(
          count
              + " images of "
              + shape
              + " with "
              + datasetIndices.length
              + " indices, "
              + labels.length
              + " labels and "
              + given
              + (pixels != null ? " bytes" : " values"));
    }
  }

  /** Images of pixels. */
  public ImageBatch(Shape shape, int count, int[] datasetIndices, int[] labels, byte[] pixels) {
    this(shape, count, datasetIndices, labels, pixels, null);
  }

  /** Images of values. */
  public static ImageBatch ofValues(
      Shape shape, int count, int[] datasetIndices, int[] labels, float[] values) {
    return new ImageBatch(shape, count, datasetIndices, labels, null, values);
  }
}
