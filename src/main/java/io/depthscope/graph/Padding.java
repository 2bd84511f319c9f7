package io.depthscope.graph;

/** Rows and columns of zeros around an input, on each side on its own. */
public record Padding(int top, int bottom, int left, int right) {

  public static final Padding NONE = new Padding(0, 0, 0, 0);

  /**
   * @throws IllegalArgumentException if a side is negative
   */
  public Padding {
    if (top < 0 || bottom < 0 || left < 0 || right < 0) {
      throw new IllegalArgumentException("negative padding");
    }
  }

  /** The same number of zeros on every side, as PyTorch pads. */
  public static Padding symmetric(int p) {
    return new Padding(p, p, p, p);
  }

  /**
   * TensorFlow's "SAME": the output has ceil(in / stride) rows and columns; where the total is odd,
   * the extra zero goes after (bottom, right). Stride 2 on an even size pads 0 before, 1 after.
   */
  public static Padding same(
      int inHeight, int inWidth, int kernelH, int kernelW, int strideH, int strideW) {
    int v = sameTotal(inHeight, kernelH, strideH);
    int h = sameTotal(inWidth, kernelW, strideW);
    return new Padding(v / 2, v - v / 2, h / 2, h - h / 2);
  }

  /** What stands before an input and what stands behind it, exchanged. */
  public Padding turned() {
    return new Padding(bottom, top, right, left);
  }

  /**
   * This padding and another one around it.
   *
   * @throws ArithmeticException beyond the largest int
   */
  public Padding plus(Padding outer) {
    return new Padding(
        Math.addExact(top, outer.top),
        Math.addExact(bottom, outer.bottom),
        Math.addExact(left, outer.left),
        Math.addExact(right, outer.right));
  }

  private static int sameTotal(int in, int kernel, int stride) {
    int out = (in + stride - 1) / stride;
    return Math.max(0, (out - 1) * stride + kernel - in);
  }
}
