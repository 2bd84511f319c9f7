package io.depthscope.model;

import io.depthscope.tensor.Shape;
import java.util.List;

/**
 * A residual network for images of CIFAR's size: a 3x3 stem, then blocks of two 3x3 convolutions
 * whose result is added to what the block reads. Where width or resolution changes, a 1x1
 * convolution brings the block's input to the shape of the sum. Batch norm follows every
 * convolution, the activation function all but the second of a block and the 1x1 one, and the sum.
 *
 * <p>Nodes: {@code input, stem}, then {@code block1_conv1, block1_conv2, block1_shortcut} (if there
 * is one) and {@code block1_add, ...}, then {@code global_pool, classifier}.
 *
 * @param stem width of the 3x3 stride-1 convolution in front of the blocks
 * @param blocks width and stride of each block, in order
 * @param activation RELU or RELU6
 */
public record ResNet(
    Shape input,
    int classes,
    int stem,
    List<Block> blocks,
    Activation activation,
    PaddingStyle padding)
    implements NetworkFamily {

  public static final String FAMILY = "resnet";

  /** Three blocks, which make ResNet-8 with the stem and the classifier. */
  public static final List<Block> DEFAULT_BLOCKS =
      List.of(new Block(16, 1), new Block(32, 2), new Block(64, 2));

  /**
   * @throws IllegalArgumentException if there is no activation function
   */
  public ResNet {
    blocks = List.copyOf(blocks);
    if (activation == Activation.NONE) {
      throw new IllegalArgumentException(FAMILY + " needs the activation relu or relu6");
    }
  }

  /** ResNet-8: 32x32x3 input, ten classes, ReLU, PyTorch's padding. */
  public static ResNet standard() {
    return new ResNet(
        new Shape(32, 32, 3), 10, 16, DEFAULT_BLOCKS, Activation.RELU, PaddingStyle.SYMMETRIC);
  }

  @Override
  public String family() {
    return FAMILY;
  }

  @Override
  public ResNet withInput(Shape input) {
    return new ResNet(input, classes, stem, blocks, activation, padding);
  }

  @Override
  public ResNet withActivation(Activation activation) {
    return new ResNet(input, classes, stem, blocks, activation, padding);
  }

  @Override
  public Model model() {
    NodeList net = new NodeList(input);
    int last = net.add("stem", conv(padding.geometry(net.shape(), 3, 1), stem, activation));
    for (int i = 1; i <= blocks.size(); i++) {
      Block block = blocks.get(i - 1);
      String name = "block" + i + "_";
      int width = block.width();
      Shape in = net.shape();
      net.add(name + "conv1", conv(padding.geometry(in, 3, block.stride()), width, activation));
      int sum =
          net.add(
              name + "conv2", conv(padding.geometry(net.shape(), 3, 1), width, Activation.NONE));
      int skip = last;
      if (!in.equals(net.shape())) {
        ConvGeometry point = padding.geometry(in, 1, block.stride());
        skip = net.add(name + "shortcut", conv(point, width, Activation.NONE), last);
      }
      last = net.add(name + "add", new Layer.ResidualAdd(activation), sum, skip);
    }
    net.add("global_pool", new Layer.GlobalAveragePool());
    net.add("classifier", new Layer.FullyConnected(classes, Activation.NONE));
    return net.toModel(FAMILY + "-" + (2 * blocks.size() + 2));
  }

  private static Layer.Convolution conv(ConvGeometry geometry, int width, Activation activation) {
    return new Layer.Convolution(width, geometry, true, false, activation);
  }
}
