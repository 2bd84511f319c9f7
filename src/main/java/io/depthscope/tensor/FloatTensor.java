package io.depthscope.tensor;

import java.util.Arrays;

/**
 * A dense float32 tensor in row-major order. The arrays are shared, not copied: whoever receives a
 * tensor treats it as read-only.
 */
@SuppressWarnings("ArrayRecordComponent") // identity semantics are wanted; the data is large
public record FloatTensor(int[] dims, float[] data) {

  /**
   * @throws IllegalArgumentException if the number of elements is not the product of the extents
   */
  public FloatTensor {
    if (elements(dims) != data.length) {
      throw new IllegalArgumentException(
          "dims "
              + Arrays.toString(dims)
              + " need "
              + elements(dims)
              + " elements, got "
              + data.length);
    }
  }

  public static FloatTensor of(float[] data, int... dims) {
    return new FloatTensor(dims, data);
  }

  /** Product of the extents; 1 for a scalar. */
  public static long elements(int... dims) {
    long n = 1;
    for (int d : dims) {
      if (d < 0) {
        throw new IllegalArgumentException("negative extent in " + Arrays.toString(dims));
      }
      n = Math.multiplyExact(n, d);
    }
    return n;
  }

  /** The value of a channel, of one a channel or one for all. */
  public static float ofChannel(float[] values, int channel) {
    return values[values.length == 1 ? 0 : channel];
  }

  /**
   * A value for each channel.
   *
   * @param values one a channel, or one for all
   * @param room at least as many as channels; zeros behind them
   */
  public static float[] eachChannel(float[] values, int channels, int room) {
    float[] each = new float[room];
    for (int c = 0; c < channels; c++) {
      each[c] = ofChannel(values, c);
    }
    return each;
  }

  /** Row-major text form of the extents, such as {@code [3, 3, 24, 1]}. */
  public String dimsText() {
    return Arrays.toString(dims);
  }
}
