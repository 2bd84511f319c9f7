package io.depthscope.graph;

import io.depthscope.tensor.Shape;

/**
 * The window of a convolution or a pool: kernel extent, stride, dilation and padding. Dilation d
 * puts d - 1 positions that are not read between two that are.
 */
public record Window(
    int kernelH,
    int kernelW,
    int strideH,
    int strideW,
    int dilationH,
    int dilationW,
    Padding padding) {

  public static final Window POINTWISE = new Window(1, 1, 1, 1, Padding.NONE);

  /**
   * @throws IllegalArgumentException if an extent, stride or dilation is not positive, or the
   *     window is too large to count
   */
  public Window {
    if (kernelH < 1 || kernelW < 1 || strideH < 1 || strideW < 1) {
      throw new IllegalArgumentException("kernel extents and strides must be positive");
    }
    if (dilationH < 1 || dilationW < 1) {
      throw new IllegalArgumentException("dilations must be positive");
    }
    if (Math.max((long) kernelH * dilationH, (long) kernelW * dilationW) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("the window is too large");
    }
  }

  /** Without dilation. */
  public Window(int kernelH, int kernelW, int strideH, int strideW, Padding padding) {
    this(kernelH, kernelW, strideH, strideW, 1, 1, padding);
  }

  /** A square kernel with equal strides. */
  public static Window square(int kernel, int stride, Padding padding) {
    return new Window(kernel, kernel, stride, stride, padding);
  }

  /** The window that covers the whole input: a global pool's. */
  public static Window global(Shape in) {
    return new Window(in.height(), in.width(), 1, 1, Padding.NONE);
  }

  /** A square kernel padded as TensorFlow's "SAME" for an input of this shape. */
  public static Window same(Shape in, int kernel, int stride) {
    Window bare = square(kernel, stride, Padding.NONE);
    return bare.padded(bare.same(in));
  }

  /** The same window with these dilations. */
  public Window dilated(int height, int width) {
    return new Window(kernelH, kernelW, strideH, strideW, height, width, padding);
  }

  /** The same window with another padding. */
  public Window padded(Padding other) {
    return new Window(kernelH, kernelW, strideH, strideW, dilationH, dilationW, other);
  }

  /** Padding for an input of this shape as TensorFlow's "SAME" has it, dilation counted. */
  public Padding same(Shape in) {
    return Padding.same(in.height(), in.width(), extentH(), extentW(), strideH, strideW);
  }

  public boolean isPointwise() {
    return kernelH == 1
        && kernelW == 1
        && strideH == 1
        && strideW == 1
        && padding.equals(Padding.NONE);
  }

  /** True if positions between two that are read are left out. */
  public boolean isDilated() {
    return (kernelH > 1 && dilationH > 1) || (kernelW > 1 && dilationW > 1);
  }

  /** Rows from the first that is read to the last. */
  public int extentH() {
    return (kernelH - 1) * dilationH + 1;
  }

  /** Columns from the first that is read to the last. */
  public int extentW() {
    return (kernelW - 1) * dilationW + 1;
  }

  /**
   * Shape of the output for an input of shape {@code in}.
   *
   * @throws IllegalArgumentException if the padded input is smaller than the kernel
   */
  public Shape output(Shape in, int outChannels) {
    long h = (long) in.height() + padding.top() + padding.bottom() - extentH();
    long w = (long) in.width() + padding.left() + padding.right() - extentW();
    if (h < 0 || w < 0) {
      throw new IllegalArgumentException(
          "kernel " + extentH() + "x" + extentW() + " is larger than the padded input " + in);
    }
    return new Shape(
        Math.toIntExact(h / strideH + 1), Math.toIntExact(w / strideW + 1), outChannels);
  }

  /** True if the window reads a position of the input, not only padding, wherever it stands. */
  boolean alwaysMeets(Shape in) {
    Shape out = output(in, 1);
    return alwaysMeets(out.height(), strideH, padding.top(), kernelH, dilationH, in.height())
        && alwaysMeets(out.width(), strideW, padding.left(), kernelW, dilationW, in.width());
  }

  private static boolean alwaysMeets(
      int outputs, int stride, int before, int kernel, int dilation, int extent) {
    for (int o = 0; o < outputs; o++) {
      long first = (long) o * stride - before;
      long skipped = first >= 0 ? 0 : (-first + dilation - 1) / dilation;
      if (skipped >= kernel || first + skipped * dilation >= extent) {
        return false;
      }
    }
    return true;
  }
}
