package io.depthscope.dataset;

/**
 * Colours of an indexed image. An index beyond the colours that a file gives is the grey of that
 * level, as in PIL, whose palettes start as a ramp of greys.
 */
final class Palette {
  private final byte[] rgb = new byte[3 * 256];

  /** The ramp of greys. */
  Palette() {
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3);
    }
  }

  /** Sets a colour, each part 0..255. */
  void set(int index, int red, int green, int blue) {
    rgb[3 * index] = (byte) red;
    rgb[3 * index + 1] = (byte) green;
    rgb[3 * index + 2] = (byte) blue;
  }

  /** Colours of one index a byte. */
  RgbImage apply(int width, int height, byte[] indices) {
    byte[] pixels = new byte[3 * indices.length];
    for (int i = 0; i < indices.length; i++) {
      System.arraycopy(rgb, 3 * (indices[i] & 0xff), pixels, 3 * i, 3);
    }
    return new RgbImage(width, height, pixels);
  }
}
