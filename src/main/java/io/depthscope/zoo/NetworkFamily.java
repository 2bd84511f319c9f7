package io.depthscope.zoo;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Graph;
import io.depthscope.tensor.Shape;

/**
 * A built-in kind of network with everything that fixes its graph. A new family is a record that
 * lists its layers in {@link #blueprint()}.
 */
public sealed interface NetworkFamily permits MobileNetV1, ResNet, SmallCnn {

  /** The family's name on the command line and in files. */
  String family();

  /** Shape of one input image. */
  Shape input();

  /** Number of outputs. */
  int classes();

  /** The same network for another input shape; its weights stay valid if the channels do. */
  NetworkFamily withInput(Shape input);

  /** The activation function after the convolutions. */
  Clamp activation();

  /** The zeros around the convolutions' inputs. */
  PaddingStyle padding();

  /**
   * The same network with another activation function.
   *
   * @throws IllegalArgumentException for {@link Clamp#NONE}
   */
  NetworkFamily withActivation(Clamp activation);

  /**
   * The graph and what is stored of it.
   *
   * @throws IllegalArgumentException if the settings give no valid network
   */
  Blueprint blueprint();

  /** The graph alone. */
  default Graph graph() {
    return blueprint().graph();
  }
}
