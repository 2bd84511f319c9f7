package io.depthscope.dataset;

/**
 * An 8-bit image, rows top to bottom, pixels left to right, three bytes a pixel in R, G, B order.
 */
@SuppressWarnings("ArrayRecordComponent") // pixel storage, never compared
public record RgbImage(int width, int height, byte[] rgb) {
  public RgbImage {
    if (width < 1 || height < 1 || (long) width * height * 3 != rgb.length) {
      throw new IllegalArgumentException(
          width + "x" + height + " RGB image with " + rgb.length + " bytes");
    }
  }
}
