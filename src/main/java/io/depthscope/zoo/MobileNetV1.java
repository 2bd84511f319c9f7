package io.depthscope.zoo;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
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
    Clamp activation,
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
    if (activation.equals(Clamp.NONE)) {
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
    this(alpha, input, classes, Clamp.RELU6, padding, rounding, smallImages);
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
  public MobileNetV1 withActivation(Clamp activation) {
    return new MobileNetV1(alpha, input, classes, activation, padding, rounding, smallImages);
  }

  @Override
  public Blueprint blueprint() {
    NodeList net = new NodeList(input);
    Op.Convolution stem = dense(padding.window(input, 3, smallImages ? 1 : 2), STEM_WIDTH);
    net.add("conv1", stem, Storage.BATCH_NORM, activation);
    for (int i = 1; i <= BLOCKS.size(); i++) {
      Block block = BLOCKS.get(i - 1);
      int stride = smallImages && i == 2 ? 1 : block.stride();
      Window window = padding.depthwise(net.shape(), 3, stride);
      Op.Convolution depthwise = Op.Convolution.depthwise(window, net.shape().channels());
      net.add("conv_dw_" + i, depthwise, Storage.BATCH_NORM, activation);
      Op.Convolution pointwise = dense(Window.POINTWISE, block.width());
      net.add("conv_pw_" + i, pointwise, Storage.BATCH_NORM, activation);
    }
    net.add("global_pool", Op.Pool.globalAverage());
    net.add("conv_preds", Op.Convolution.pointwise(classes), Storage.BIAS, Clamp.NONE);
    String size =
        input.height() == input.width()
            ? String.valueOf(input.height())
            : input.height() + "x" + input.width();
    return net.toBlueprint(String.format(Locale.ROOT, "%s-%.4s-%s", FAMILY, alpha, size));
  }

  private Op.Convolution dense(Window window, int baseWidth) {
    return Op.Convolution.dense(window, rounding.channels(baseWidth, alpha));
  }
}
