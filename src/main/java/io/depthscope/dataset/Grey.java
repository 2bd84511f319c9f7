package io.depthscope.dataset;

/** Grey samples as colour, and the other way round. */
final class Grey {
  /** 0.299, 0.587 and 0.114 in units of 1/65536, which add up to 1. */
  private static final int RED = 19_595;

  private static final int GREEN = 38_470;
  private static final int BLUE = 7_471;
  private static final int HALF = 1 << 15;

  private Grey() {}

  /** Three equal bytes for each one. */
  static byte[] spread(byte[] grey) {
    byte[] rgb = new byte[3 * grey.length];
    for (int i = 0; i < grey.length; i++) {
      rgb[3 * i] = grey[i];
      rgb[3 * i + 1] = grey[i];
      rgb[3 * i + 2] = grey[i];
    }
    return rgb;
  }

  /**
   * An image in the grey of ITU-R 601, in all three bytes of each pixel: PIL's {@code
   * convert("L")}.
   */
  static RgbImage of(RgbImage image) {
    byte[] rgb = image.rgb();
    byte[] grey = new byte[rgb.length / 3];
    for (int i = 0; i < grey.length; i++) {
      int r = rgb[3 * i] & 0xff;
      int g = rgb[3 * i + 1] & 0xff;
      int b = rgb[3 * i + 2] & 0xff;
      grey[i] = (byte) (RED * r + GREEN * g + BLUE * b + HALF >> 16);
    }
    return new RgbImage(image.width(), image.height(), spread(grey));
  }

  /** One byte of each pixel. */
  static byte[] single(byte[] rgb) {
    byte[] grey = new byte[rgb.length / 3];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = rgb[3 * i];
    }
    return grey;
  }
}
