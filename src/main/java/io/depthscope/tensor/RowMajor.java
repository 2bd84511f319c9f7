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
    walk(dims, steps, first, (i, place) -> out[i] = place);
    return out;
  }

  /** What is done at a place. */
  public interface Visitor {
    void visit(int index, int place);
  }

  /** What is done at a place of each of two tensors. */
  public interface PairVisitor {
    void visit(int index, int a, int b);
  }

  /** Goes to {@link #places} one by one, without a list of them. */
  public static void walk(int[] dims, int[] steps, int first, Visitor visitor) {
    walk(dims, steps, new int[dims.length], (i, a, b) -> visitor.visit(i, first + a));
  }

  /** Goes through two tensors of these extents at once, each with its own steps. */
  public static void walk(int[] dims, int[] stepsA, int[] stepsB, PairVisitor visitor) {
    int size = Math.toIntExact(FloatTensor.elements(dims));
    int[] at = new int[dims.length];
    int a = 0;
    int b = 0;
    for (int i = 0; i < size; i++) {
      visitor.visit(i, a, b);
      for (int d = dims.length - 1; d >= 0; d--) {
        a += stepsA[d];
        b += stepsB[d];
        if (++at[d] < dims[d]) {
          break;
        }
        a -= stepsA[d] * dims[d];
        b -= stepsB[d] * dims[d];
        at[d] = 0;
      }
    }
  }
}
