package io.depthscope.tensor;

/** Where the elements of a tensor lie, whose last axis moves fastest. */
public final class RowMajor {
  private RowMajor() {}

  /** How far apart neighbours along each axis lie; an extent of 0 counts as 1. */
  public static int[] strides(int... dims) {
    int[] strides = new int[dims.length];
    int n = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = n;
      n *= Math.max(1, dims[i]);
    }
    return strides;
  }

  /**
   * The place of each element of a tensor of these extents, in row-major order.
   *
   * @param steps how far one step along each axis goes
   * @param first place of the first element
   * @throws ArithmeticException if there are more elements than an array holds
   */
  public static int[] places(int[] dims, int[] steps, int first) {
    int[] out = new int[Math.toIntExact(FloatTensor.elements(dims))];
    int[] at = new int[dims.length];
    int place = first;
    for (int i = 0; i < out.length; i++) {
      out[i] = place;
      for (int d = dims.length - 1; d >= 0; d--) {
        place += steps[d];
        if (++at[d] < dims[d]) {
          break;
        }
        place -= steps[d] * dims[d];
        at[d] = 0;
      }
    }
    return out;
  }
}
