package io.depthscope.model;

import io.depthscope.tensor.Shape;

/**
 * One layer with the activation function that follows it. What a layer's weights are called in a
 * file is no concern of the layer; see {@code io.depthscope.model.format}.
 *
 * <p>{@code batchNorm} and {@code bias} say which parameters are stored with the layer; after
 * {@link BatchNormFolding} every weighted layer has a kernel and a bias.
 */
public sealed interface Layer {

  /** The network's input, always node 0. */
  record Input(Shape shape) implements Layer {}

  /** Dense convolution, kernel [O, KH, KW, I]; a pointwise convolution is its 1x1 case. */
  record Convolution(
      int outChannels,
      ConvGeometry geometry,
      boolean batchNorm,
      boolean bias,
      Activation activation)
      implements Layer {}

  /** Depthwise convolution with multiplier 1, kernel [KH, KW, C]. */
  record DepthwiseConvolution(
      ConvGeometry geometry, boolean batchNorm, boolean bias, Activation activation)
      implements Layer {}

  /** Fully connected layer on a 1x1xC input, kernel [O, 1, 1, C], with bias. */
  record FullyConnected(int outFeatures, Activation activation) implements Layer {}

  /** Sum of two inputs of equal shape. */
  record ResidualAdd(Activation activation) implements Layer {}

  /** Mean over all positions of each channel; output 1x1xC. */
  record GlobalAveragePool() implements Layer {}

  /** Windowed mean; padded positions count neither in the sum nor in the divisor. */
  record AveragePool(ConvGeometry geometry) implements Layer {}

  /** Windowed maximum; padded positions do not take part. */
  record MaxPool(ConvGeometry geometry) implements Layer {}

  /** The activation fused into this layer; NONE for inputs and pools. */
  default Activation activationFunction() {
    return switch (this) {
      case Convolution l -> l.activation();
      case DepthwiseConvolution l -> l.activation();
      case FullyConnected l -> l.activation();
      case ResidualAdd l -> l.activation();
      case Input l -> Activation.NONE;
      case GlobalAveragePool l -> Activation.NONE;
      case AveragePool l -> Activation.NONE;
      case MaxPool l -> Activation.NONE;
    };
  }

  /** True for layers with a kernel. */
  default boolean hasWeights() {
    return this instanceof Convolution
        || this instanceof DepthwiseConvolution
        || this instanceof FullyConnected;
  }

  /** True if a batch norm is stored with the layer. */
  default boolean hasBatchNorm() {
    return switch (this) {
      case Convolution l -> l.batchNorm();
      case DepthwiseConvolution l -> l.batchNorm();
      default -> false;
    };
  }

  /** True if a bias is stored with the layer. */
  default boolean hasBias() {
    return switch (this) {
      case Convolution l -> l.bias();
      case DepthwiseConvolution l -> l.bias();
      case FullyConnected l -> true;
      default -> false;
    };
  }

  /**
   * True for layers whose output numerics.md quantizes by default: the input, convolutions, fully
   * connected layers and residual sums. Pooling outputs are not quantized again.
   */
  default boolean quantizesOutput() {
    return hasWeights() || this instanceof Input || this instanceof ResidualAdd;
  }

  /** The word for this kind of layer in tables and files. */
  default String kind() {
    return switch (this) {
      case Input l -> "input";
      case Convolution l -> l.geometry().isPointwise() ? "pointwise" : "conv";
      case DepthwiseConvolution l -> "depthwise";
      case FullyConnected l -> "fully-connected";
      case ResidualAdd l -> "residual-add";
      case GlobalAveragePool l -> "global-average-pool";
      case AveragePool l -> "average-pool";
      case MaxPool l -> "max-pool";
    };
  }
}
