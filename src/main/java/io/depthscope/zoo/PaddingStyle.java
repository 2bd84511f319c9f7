package io.depthscope.zoo;

import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.tensor.Shape;

/**
 * How a family pads its convolutions. TensorFlow's and PyTorch's styles differ where a stride meets
 * an even extent, Keras' MobileNet from TensorFlow's where a strided depthwise layer meets an odd
 * one.
 */
public enum PaddingStyle {
  /** TensorFlow's "SAME": the odd zero goes after. */
  SAME,
  /**
   * {@code keras.applications.MobileNet}: as SAME, but a depthwise layer of stride 2 gets a row and
   * a column of zeros after its input whatever the extent. On an odd extent its windows thus start
   * one pixel later, and its output may be one smaller.
   */
  KERAS,
  /** PyTorch's (kernel - 1) / 2 zeros on every side. */
  SYMMETRIC;

  /** A square dense kernel over an input of this shape, padded in this style. */
  public Window window(Shape in, int kernel, int stride) {
    return switch (this) {
      case SAME, KERAS -> Window.same(in, kernel, stride);
      case SYMMETRIC -> Window.square(kernel, stride, Padding.symmetric((kernel - 1) / 2));
    };
  }

  /** A square depthwise kernel over an input of this shape, padded in this style. */
  public Window depthwise(Shape in, int kernel, int stride) {
    return this == KERAS && stride > 1
        ? Window.square(kernel, stride, new Padding(0, 1, 0, 1))
        : window(in, kernel, stride);
  }
}
