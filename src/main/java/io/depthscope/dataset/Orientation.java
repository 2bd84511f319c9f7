package io.depthscope.dataset;

/** The eight EXIF orientations: how stored pixels must be turned to stand upright. */
final class Orientation {
  private Orientation() {}

  static RgbImage apply(int orientation, RgbImage image) {
    if (orientation == 1) {
      return image;
    }
    int storedWidth = image.width();
    int storedHeight = image.height();
    boolean sideways = orientation >= 5;
    int width = sideways ? storedHeight : storedWidth;
    int height = sideways ? storedWidth : storedHeight;
    byte[] from = image.rgb();
    byte[] to = new byte[from.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int mirroredX = width - 1 - x;
        int mirroredY = height - 1 - y;
        int column =
            switch (orientation) {
              case 2, 3 -> mirroredX;
              case 5, 6 -> y;
              case 7, 8 -> mirroredY;
              default -> x;
            };
        int row =
            switch (orientation) {
              case 3, 4 -> mirroredY;
              case 5, 8 -> x;
              case 6, 7 -> mirroredX;
              default -> y;
            };
        System.arraycopy(from, (row * storedWidth + column) * 3, to, (y * width + x) * 3, 3);
      }
    }
    return new RgbImage(width, height, to);
  }
}
