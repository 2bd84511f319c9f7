package io.depthscope.tensor;

/**
 * Shape of one image's activations: height x width x channels, stored NHWC (channels fastest).
 *
 * <p>A batch is a sequence of such images; the batch axis N is never part of a shape.
 */
public record Shape(int height, int width, int channels) {

  /**
   * @throws IllegalArgumentException if an extent is not positive or the element count overflows
   */
  public Shape {
    if (height < 1 || width < 1 || channels < 1) {
      throw new IllegalArgumentException(
          "shape extents must be positive: " + height + "x" + width + "x" + channels);
    }
    try {
      Math.multiplyExact(Math.multiplyExact(height, width), channels);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "shape too large: " + height + "x" + width + "x" + channels, e);
    }
  }

  /** Number of elements of one image. */
  public int size() {
    return height * width * channels;
  }

  /** Number of spatial positions, that is elements of one channel. */
  public int positions() {
    return height * width;
  }

  @Override
  public String toString() {
    return height + "x" + width + "x" + channels;
  }
}
