package io.depthscope.zoo;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
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
    Shape input, int classes, int stem, List<Block> blocks, Clamp activation, PaddingStyle padding)
    implements NetworkFamily {

  public static final String FAMILY = "resnet";

  private static final Op SUM = new Op.Elementwise(Op.Elementwise.Function.ADD);

  /** Three blocks, which make ResNet-8 with the stem and the classifier. */
  public static final List<Block> DEFAULT_BLOCKS =
      List.of(new Block(16, 1), new Block(32, 2), new Block(64, 2));

  /**
   * @throws IllegalArgumentException if there is no activation function
   */
  public ResNet {
    blocks = List.copyOf(blocks);
    if (activation.equals(Clamp.NONE)) {
      throw new IllegalArgumentException(FAMILY + " needs the activation relu or relu6");
    }
  }

  /** ResNet-8: 32x32x3 input, ten classes, ReLU, PyTorch's padding. */
  public static ResNet standard() {
    return new ResNet(
        new Shape(32, 32, 3), 10, 16, DEFAULT_BLOCKS, Clamp.RELU, PaddingStyle.SYMMETRIC);
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
  public ResNet withActivation(Clamp activation) {
    return new ResNet(input, classes, stem, blocks, activation, padding);
  }

  @Override
  public Blueprint blueprint() {
    NodeList net = new NodeList(input);
    int last = add(net, "stem", padding.window(input, 3, 1), stem, activation);
    for (int i = 1; i <= blocks.size(); i++) {
      Block block = blocks.get(i - 1);
      String name = "block" + i + "_";
      int width = block.width();
      Shape in = net.shape();
      add(net, name + "conv1", padding.window(in, 3, block.stride()), width, activation);
      Window second = padding.window(net.shape(), 3, 1);
      int sum = add(net, name + "conv2", second, width, Clamp.NONE);
      int skip = last;
      if (!in.equals(net.shape())) {
        Op.Convolution point = Op.Convolution.dense(padding.window(in, 1, block.stride()), width);
        skip = net.add(name + "shortcut", point, Storage.BATCH_NORM, Clamp.NONE, last);
      }
      last = net.add(name + "add", SUM, activation, sum, skip);
    }
    net.add("global_pool", Op.Pool.globalAverage());
    net.add("classifier", Op.Convolution.pointwise(classes), Storage.BIAS, Clamp.NONE);
    return net.toBlueprint(FAMILY + "-" + (2 * blocks.size() + 2));
  }

  private static int add(NodeList net, String name, Window window, int width, Clamp clamp) {
    return net.add(name, Op.Convolution.dense(window, width), Storage.BATCH_NORM, clamp);
  }
}
