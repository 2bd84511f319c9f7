package io.depthscope.zoo;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
import io.depthscope.tensor.Shape;
import java.util.List;

/**
 * A small network for images of CIFAR's size, in two kinds that are twins: same widths, strides and
 * activation, but each block is either one dense 3x3 convolution or a depthwise 3x3 and a pointwise
 * one. Nodes: {@code input, stem}, then {@code block1_conv, ...} or {@code block1_dw, block1_pw,
 * ...}, then {@code global_pool, classifier}. Without batch norm every convolution has a bias, but
 * for bare depthwise ones.
 *
 * @param stem width of the 3x3 stride-1 convolution in front of the blocks
 * @param blocks width and stride of each block, in order
 * @param activation follows every convolution; RELU or RELU6
 * @param bareDepthwise whether nothing follows a depthwise convolution: no batch norm, no bias, no
 *     activation function, so that the pointwise one sees plain sums
 */
public record SmallCnn(
    Kind kind,
    Shape input,
    int classes,
    int stem,
    List<Block> blocks,
    boolean batchNorm,
    Clamp activation,
    PaddingStyle padding,
    boolean bareDepthwise)
    implements NetworkFamily {

  /** What a block is made of. */
  public enum Kind {
    DEPTHWISE_SEPARABLE("dws-cnn"),
    REGULAR("regular-cnn");

    private final String family;

    Kind(String family) {
      this.family = family;
    }

    /** The family's name on the command line and in files. */
    public String family() {
      return family;
    }
  }

  /** Blocks of the default twins; the dense one then has about 119,000 weights. */
  public static final List<Block> DEFAULT_BLOCKS =
      List.of(
          new Block(24, 1),
          new Block(32, 2),
          new Block(32, 1),
          new Block(48, 2),
          new Block(48, 1),
          new Block(64, 2),
          new Block(64, 1));

  /**
   * @throws IllegalArgumentException if there is no activation function, or a network without
   *     depthwise convolutions is to leave them bare
   */
  public SmallCnn {
    blocks = List.copyOf(blocks);
    if (activation.equals(Clamp.NONE)) {
      throw new IllegalArgumentException(kind.family() + " needs the activation relu or relu6");
    }
    if (bareDepthwise && kind == Kind.REGULAR) {
      throw new IllegalArgumentException(kind.family() + " has no depthwise layers to leave bare");
    }
  }

  /** The default network: 32x32x3 input, ten classes, batch norm, ReLU6, PyTorch's padding. */
  public static SmallCnn standard(Kind kind) {
    return new SmallCnn(
        kind,
        new Shape(32, 32, 3),
        10,
        16,
        DEFAULT_BLOCKS,
        true,
        Clamp.RELU6,
        PaddingStyle.SYMMETRIC,
        false);
  }

  /**
   * The network of the other kind with the same widths and strides; its depthwise layers, if any,
   * are not bare.
   */
  public SmallCnn twin() {
    Kind other = kind == Kind.REGULAR ? Kind.DEPTHWISE_SEPARABLE : Kind.REGULAR;
    return new SmallCnn(other, input, classes, stem, blocks, batchNorm, activation, padding, false);
  }

  @Override
  public String family() {
    return kind.family();
  }

  @Override
  public SmallCnn withInput(Shape input) {
    return new SmallCnn(
        kind, input, classes, stem, blocks, batchNorm, activation, padding, bareDepthwise);
  }

  @Override
  public SmallCnn withActivation(Clamp activation) {
    return new SmallCnn(
        kind, input, classes, stem, blocks, batchNorm, activation, padding, bareDepthwise);
  }

  @Override
  public Blueprint blueprint() {
    NodeList net = new NodeList(input);
    dense(net, "stem", padding.window(input, 3, 1), stem);
    for (int i = 1; i <= blocks.size(); i++) {
      Block block = blocks.get(i - 1);
      Shape in = net.shape();
      switch (kind) {
        case REGULAR ->
            dense(net, "block" + i + "_conv", padding.window(in, 3, block.stride()), block.width());
        case DEPTHWISE_SEPARABLE -> {
          depthwise(net, "block" + i + "_dw", padding.depthwise(in, 3, block.stride()));
          dense(net, "block" + i + "_pw", Window.POINTWISE, block.width());
        }
      }
    }
    net.add("global_pool", Op.Pool.globalAverage());
    net.add("classifier", Op.Convolution.pointwise(classes), Storage.BIAS, Clamp.NONE);
    return net.toBlueprint(family());
  }

  private void depthwise(NodeList net, String name, Window window) {
    Op.Convolution op = Op.Convolution.depthwise(window, net.shape().channels());
    if (bareDepthwise) {
      net.add(name, op, Storage.BARE, Clamp.NONE);
    } else {
      net.add(name, op, storage(), activation);
    }
  }

  private void dense(NodeList net, String name, Window window, int width) {
    net.add(name, Op.Convolution.dense(window, width), storage(), activation);
  }

  private Storage storage() {
    return batchNorm ? Storage.BATCH_NORM : Storage.BIAS;
  }
}
