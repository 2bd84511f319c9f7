package io.depthscope.dataset;

import java.util.Arrays;

/**
 * Resizing with antialiasing: the interpolation's filter, widened by the scale when reducing. Two
 * passes, rows first; weights are fixed-point with 22 fraction bits and each pass rounds to 8 bits,
 * which is the arithmetic of PIL's {@code resize(BILINEAR)} and {@code resize(BICUBIC)}, so results
 * agree with it to the bit.
 *
 * <p>Only a window of the resized image is computed, for a crop that follows.
 */
final class AntialiasedResize {
  private static final int FRACTION_BITS = 22;
  private static final int HALF = 1 << (FRACTION_BITS - 1);

  /**
   * The weights of one axis: output {@code i} takes the {@code length[i]} inputs from {@code
   * start[i]} on, weighted by {@code weights[i * taps]} and following.
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Axis(int taps, int[] start, int[] length, int[] weights) {

    /**
     * Weights for outputs {@code from} to {@code from + count} of an axis resized to {@code to}.
     */
    static Axis of(Interpolation filter, int in, int to, int from, int count) {
      double scale = (double) in / to;
      double wider = Math.max(scale, 1);
      double reach = filter.reach() * wider;
      // PIL multiplies by the reciprocal; dividing would differ in the last bit.
      double perPixel = 1 / wider;
      int taps = (int) Math.ceil(reach) * 2 + 1;
      int[] start = new int[count];
      int[] length = new int[count];
      int[] weights = new int[Math.multiplyExact(count, taps)];
      double[] exact = new double[taps];
      for (int i = 0; i < count; i++) {
        double centre = (from + i + 0.5) * scale;
        int first = Math.max(0, (int) (centre - reach + 0.5));
        int end = Math.min(in, (int) (centre + reach + 0.5));
        double sum = 0;
        for (int k = 0; k < end - first; k++) {
          exact[k] = filter.weight((k + first - centre + 0.5) * perPixel);
          sum += exact[k];
        }
        for (int k = 0; k < end - first; k++) {
          double normalised = sum == 0 ? exact[k] : exact[k] * (1 / sum);
          weights[i * taps + k] = (int) (normalised * (1 << FRACTION_BITS) + half(normalised));
        }
        start[i] = first;
        length[i] = end - first;
      }
      return new Axis(taps, start, length, weights);
    }

    /** Halves go away from zero. */
    private static double half(double weight) {
      return weight < 0 ? -0.5 : 0.5;
    }

    int end(int i) {
      return start[i] + length[i];
    }
  }

  private AntialiasedResize() {}

  /**
   * Resizes to {@code width} x {@code height} and returns the window of the result whose top left
   * corner is (left, top).
   */
  static RgbImage resize(
      Interpolation filter,
      RgbImage image,
      int width,
      int height,
      int left,
      int top,
      int cropWidth,
      int cropHeight) {
    boolean sameHeight = image.height() == height; // one pass less, and no neighbouring rows
    Axis rows = sameHeight ? null : Axis.of(filter, image.height(), height, top, cropHeight);
    int firstRow = sameHeight ? top : rows.start()[0];
    int rowCount = sameHeight ? cropHeight : rows.end(cropHeight - 1) - firstRow;
    byte[] narrowed =
        image.width() == width
            ? cutColumns(image, left, cropWidth, firstRow, rowCount)
            : resizeRows(
                image, Axis.of(filter, image.width(), width, left, cropWidth), firstRow, rowCount);
    byte[] result = sameHeight ? narrowed : resizeColumns(narrowed, cropWidth, rows, firstRow);
    return new RgbImage(cropWidth, cropHeight, result);
  }

  private static byte[] cutColumns(RgbImage image, int left, int count, int firstRow, int rows) {
    byte[] out = new byte[Math.multiplyExact(rows, 3 * count)];
    for (int y = 0; y < rows; y++) {
      System.arraycopy(
          image.rgb(), ((firstRow + y) * image.width() + left) * 3, out, y * 3 * count, 3 * count);
    }
    return out;
  }

  private static byte[] resizeRows(RgbImage image, Axis axis, int firstRow, int rows) {
    byte[] in = image.rgb();
    int count = axis.start().length;
    byte[] out = new byte[Math.multiplyExact(rows, 3 * count)];
    int[] weights = axis.weights();
    int at = 0;
    for (int y = 0; y < rows; y++) {
      int row = (firstRow + y) * image.width() * 3;
      for (int i = 0; i < count; i++) {
        int red = HALF;
        int green = HALF;
        int blue = HALF;
        int from = row + 3 * axis.start()[i];
        int first = i * axis.taps();
        int end = first + axis.length()[i];
        for (int k = first; k < end; k++, from += 3) {
          int weight = weights[k];
          red += weight * (in[from] & 0xff);
          green += weight * (in[from + 1] & 0xff);
          blue += weight * (in[from + 2] & 0xff);
        }
        out[at++] = clamp(red >> FRACTION_BITS);
        out[at++] = clamp(green >> FRACTION_BITS);
        out[at++] = clamp(blue >> FRACTION_BITS);
      }
    }
    return out;
  }

  private static byte[] resizeColumns(byte[] in, int width, Axis axis, int firstRow) {
    int stride = 3 * width;
    int count = axis.start().length;
    byte[] out = new byte[Math.multiplyExact(count, stride)];
    int[] sums = new int[stride];
    for (int i = 0; i < count; i++) {
      Arrays.fill(sums, HALF);
      for (int k = 0; k < axis.length()[i]; k++) {
        int weight = axis.weights()[i * axis.taps() + k];
        int row = (axis.start()[i] - firstRow + k) * stride;
        for (int x = 0; x < stride; x++) {
          sums[x] += weight * (in[row + x] & 0xff);
        }
      }
      for (int x = 0; x < stride; x++) {
        out[i * stride + x] = clamp(sums[x] >> FRACTION_BITS);
      }
    }
    return out;
  }

  private static byte clamp(int value) {
    return (byte) Math.min(255, Math.max(0, value));
  }
}
