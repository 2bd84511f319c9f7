package io.depthscope.dataset;

import java.util.Arrays;

/**
 * Colours of an indexed image. As in PIL an index beyond the colours that a file gives is black,
 * and colours that are just greys in order are none: every index is its own grey then.
 */
final class Palette {
  private static final int SIZE = 256;

  private final byte[] rgb = new byte[3 * SIZE];
  private int colours;

  /** Every index its own grey. */
  static Palette greys() {
    Palette palette = new Palette();
    for (int i = 0; i < SIZE; i++) {
      palette.set(i, i, i, i);
    }
    return palette;
  }

  /** Sets a colour, each part 0..255. */
  void set(int index, int red, int green, int blue) {
    rgb[3 * index] = (byte) red;
    rgb[3 * index + 1] = (byte) green;
    rgb[3 * index + 2] = (byte) blue;
    colours = Math.max(colours, index + 1);
  }

  /** Whether the colours given are the greys in order. */
  boolean isGrey() {
    return Arrays.equals(rgb, 0, 3 * colours, greys().rgb, 0, 3 * colours);
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
