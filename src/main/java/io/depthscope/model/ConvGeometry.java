package io.depthscope.model;

import io.depthscope.tensor.Shape;

/** Kernel extent, stride and padding of a convolution or a pooling window. */
public record ConvGeometry(int kernelH, int kernelW, int strideH, int strideW, Padding padding) {

  public static final ConvGeometry POINTWISE = new ConvGeometry(1, 1, 1, 1, Padding.NONE);

  /**
   * @throws IllegalArgumentException if an extent or stride is not positive
   */
  public ConvGeometry {
    if (kernelH < 1 || kernelW < 1 || strideH < 1 || strideW < 1) {
      throw new IllegalArgumentException("kernel extents and strides must be positive");
    }
  }

  /** A square kernel with equal strides. */
  public static ConvGeometry square(int kernel, int stride, Padding padding) {
    return new ConvGeometry(kernel, kernel, stride, stride, padding);
  }

  /** The window that covers the whole input: a global pool's. */
  public static ConvGeometry global(Shape in) {
    return new ConvGeometry(in.height(), in.width(), 1, 1, Padding.NONE);
  }

  /** A square kernel padded as TensorFlow's "SAME" for an input of this shape. */
  public static ConvGeometry same(Shape in, int kernel, int stride) {
    return square(
        kernel, stride, Padding.same(in.height(), in.width(), kernel, kernel, stride, stride));
  }

  public boolean isPointwise() {
    return kernelH == 1
        && kernelW == 1
        && strideH == 1
        && strideW == 1
        && padding.equals(Padding.NONE);
  }

  /**
   * Shape of the output for an input of shape {@code in}.
   *
   * @throws IllegalArgumentException if the padded input is smaller than the kernel
   */
  public Shape output(Shape in, int outChannels) {
    int h = in.height() + padding.top() + padding.bottom() - kernelH;
    int w = in.width() + padding.left() + padding.right() - kernelW;
    if (h < 0 || w < 0) {
      throw new IllegalArgumentException(
          "kernel " + kernelH + "x" + kernelW + " is larger than the padded input " + in);
    }
    return new Shape(h / strideH + 1, w / strideW + 1, outChannels);
  }
}
