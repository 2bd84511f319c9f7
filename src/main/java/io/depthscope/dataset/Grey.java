package io.depthscope.dataset;

/** Grey samples as colour. */
final class Grey {
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
}
