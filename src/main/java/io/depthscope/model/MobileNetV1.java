package io.depthscope.model;

import io.depthscope.tensor.Shape;
import java.util.List;
import java.util.Locale;

/**
 * MobileNet-V1: a 3x3 stem and 13 depthwise-separable blocks, every convolution followed by batch
 * norm and an activation function, then global average pooling and a classifier. Nodes carry the
 * names of Keras: {@code input, conv1, conv_dw_1, conv_pw_1, ..., conv_dw_13, conv_pw_13,
 * global_pool, conv_preds}.
 *
 * @param alpha width multiplier, over 0 and at most 16
 * @param activation after every convolution; ReLU6 unless a network was trained with another
 * @param smallImages whether the stem and block 2 keep the resolution, so that an image of 32x32
 *     reaches the pool as 4x4 instead of 1x1
 */
public record MobileNetV1(
    double alpha,
    Shape input,
    int classes,
    Activation activation,
    PaddingStyle padding,
    ChannelRounding rounding,
    boolean smallImages)
    implements NetworkFamily {

  public static final String FAMILY = "mobilenet-v1";

  /** Base width of the stem. */
  public static final int STEM_WIDTH = 32;

  /** Base width and stride of each block, in order. */
  public static final List<Block> BLOCKS =
      List.of(
          new Block(64, 1),
          new Block(128, 2),
          new Block(128, 1),
          new Block(256, 2),
          new Block(256, 1),
          new Block(512, 2),
          new Block(512, 1),
          new Block(512, 1),
          new Block(512, 1),
          new Block(512, 1),
          new Block(512, 1),
          new Block(1024, 2),
          new Block(1024, 1));

  /**
   * @throws IllegalArgumentException if alpha is out of range or there is no activation function
   */
  public MobileNetV1 {
    if (!(alpha > 0 && alpha <= 16)) {
      throw new IllegalArgumentException("width multiplier " + alpha + " is outside 0..16");
    }
    if (activation == Activation.NONE) {
      throw new IllegalArgumentException(FAMILY + " needs the activation relu or relu6");
    }
  }

  /** With ReLU6, as the network was published. */
  public MobileNetV1(
      double alpha,
      Shape input,
      int classes,
      PaddingStyle padding,
      ChannelRounding rounding,
      boolean smallImages) {
    this(alpha, input, classes, Activation.RELU6, padding, rounding, smallImages);
  }

  /** As Keras builds it, for square RGB images: its own padding, truncated widths. */
  public static MobileNetV1 keras(double alpha, int resolution, int classes) {
    return new MobileNetV1(
        alpha,
        new Shape(resolution, resolution, 3),
        classes,
        PaddingStyle.KERAS,
        ChannelRounding.TRUNCATE,
        false);
  }

  @Override
  public String family() {
    return FAMILY;
  }

  @Override
  public MobileNetV1 withInput(Shape input) {
    return new MobileNetV1(alpha, input, classes, activation, padding, rounding, smallImages);
  }

  @Override
  public MobileNetV1 withActivation(Activation activation) {
    return new MobileNetV1(alpha, input, classes, activation, padding, rounding, smallImages);
  }

  @Override
  public Model model() {
    NodeList net = new NodeList(input);
    net.add("conv1", dense(padding.geometry(net.shape(), 3, smallImages ? 1 : 2), STEM_WIDTH));
    for (int i = 1; i <= BLOCKS.size(); i++) {
      Block block = BLOCKS.get(i - 1);
      int stride = smallImages && i == 2 ? 1 : block.stride();
      ConvGeometry window = padding.depthwise(net.shape(), 3, stride);
      net.add("conv_dw_" + i, new Layer.DepthwiseConvolution(window, true, false, activation));
      net.add("conv_pw_" + i, dense(ConvGeometry.POINTWISE, block.width()));
    }
    net.add("global_pool", new Layer.GlobalAveragePool());
    net.add("conv_preds", new Layer.FullyConnected(classes, Activation.NONE));
    String size =
        input.height() == input.width()
            ? String.valueOf(input.height())
            : input.height() + "x" + input.width();
    return net.toModel(String.format(Locale.ROOT, "%s-%.4s-%s", FAMILY, alpha, size));
  }

  private Layer.Convolution dense(ConvGeometry geometry, int baseWidth) {
    int width = rounding.channels(baseWidth, alpha);
    return new Layer.Convolution(width, geometry, true, false, activation);
  }
}
