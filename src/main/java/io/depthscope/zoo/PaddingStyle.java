package io.depthscope.zoo;

import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.tensor.Shape;

/** How a family pads its convolutions; the two differ where a stride meets an even extent. */
public enum PaddingStyle {
  /** TensorFlow's "SAME": the odd zero goes after. */
  SAME,
  /** PyTorch's (kernel - 1) / 2 zeros on every side. */
  SYMMETRIC;

  /** A square kernel over an input of this shape, padded in this style. */
  public Window window(Shape in, int kernel, int stride) {
    return switch (this) {
      case SAME -> Window.same(in, kernel, stride);
      case SYMMETRIC -> Window.square(kernel, stride, Padding.symmetric((kernel - 1) / 2));
    };
  }
}
