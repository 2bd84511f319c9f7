package io.depthscope.model;

import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A network: a directed acyclic graph of nodes in topological order. Node 0 is the input, the last
 * node is the output (the logits, 1x1xclasses for a classifier).
 */
public final class Model {
  private final String name;
  private final List<Node> nodes;
  private final List<Shape> shapes;

  /**
   * @throws IllegalArgumentException if the graph is not in topological order, a name repeats, a
   *     layer has the wrong number of inputs, or the shapes do not fit; the message names the node
   */
  public Model(String name, List<Node> nodes) {
    this.name = name;
    this.nodes = List.copyOf(nodes);
    this.shapes = inferShapes(this.nodes);
  }

  public String name() {
    return name;
  }

  public List<Node> nodes() {
    return nodes;
  }

  public int size() {
    return nodes.size();
  }

  public Node node(int i) {
    return nodes.get(i);
  }

  /** Output shape of node {@code i}. */
  public Shape shape(int i) {
    return shapes.get(i);
  }

  public Shape inputShape() {
    return shapes.getFirst();
  }

  public Shape outputShape() {
    return shapes.getLast();
  }

  /** Shape of the first input of node {@code i}; the node's own shape for the input node. */
  public Shape inputShapeOf(int i) {
    return i == 0 ? shapes.getFirst() : shapes.get(nodes.get(i).inputs().getFirst());
  }

  /** Number of output channels of the weighted node {@code i}. */
  public int channels(int i) {
    return shapes.get(i).channels();
  }

  /** Multiply-accumulates of node {@code i} for one image; 0 for layers without weights. */
  public long macs(int i) {
    Shape out = shapes.get(i);
    Shape in = inputShapeOf(i);
    return switch (nodes.get(i).layer()) {
      case Layer.Convolution l ->
          (long) out.size() * l.geometry().kernelH() * l.geometry().kernelW() * in.channels();
      case Layer.DepthwiseConvolution l ->
          (long) out.size() * l.geometry().kernelH() * l.geometry().kernelW();
      case Layer.FullyConnected l -> (long) out.size() * in.channels();
      default -> 0;
    };
  }

  /**
   * Extents of the kernel of node {@code i}: [O, KH, KW, I], or [KH, KW, C] for a depthwise
   * convolution.
   *
   * @throws IllegalArgumentException if the node has no weights
   */
  public int[] kernelDims(int i) {
    int in = inputShapeOf(i).channels();
    return switch (nodes.get(i).layer()) {
      case Layer.Convolution l ->
          new int[] {l.outChannels(), l.geometry().kernelH(), l.geometry().kernelW(), in};
      case Layer.DepthwiseConvolution l ->
          new int[] {l.geometry().kernelH(), l.geometry().kernelW(), in};
      case Layer.FullyConnected l -> new int[] {l.outFeatures(), 1, 1, in};
      default ->
          throw new IllegalArgumentException("node " + nodes.get(i).name() + " has no weights");
    };
  }

  /** Number of kernel elements of node {@code i}; 0 for layers without weights. */
  public long kernelSize(int i) {
    return macs(i) / shapes.get(i).positions();
  }

  /** Total multiply-accumulates for one image. */
  public long macs() {
    long total = 0;
    for (int i = 0; i < size(); i++) {
      total += macs(i);
    }
    return total;
  }

  private static List<Shape> inferShapes(List<Node> nodes) {
    if (nodes.isEmpty() || !(nodes.getFirst().layer() instanceof Layer.Input)) {
      throw new IllegalArgumentException("a model starts with its input node");
    }
    List<Shape> shapes = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      if (!names.add(node.name())) {
        throw new IllegalArgumentException("two nodes are named " + node.name());
      }
      shapes.add(inferShape(i, node, shapes));
    }
    return List.copyOf(shapes);
  }

  /**
   * Output shape of {@code node} at position {@code index}, given those of the nodes before it.
   *
   * @throws IllegalArgumentException if it does not fit; the message names the node
   */
  static Shape inferShape(int index, Node node, List<Shape> shapes) {
    try {
      return shapeOf(index, node, shapes);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("node " + node.name() + ": " + e.getMessage(), e);
    }
  }

  private static Shape shapeOf(int index, Node node, List<Shape> shapes) {
    Layer layer = node.layer();
    int arity =
        switch (layer) {
          case Layer.Input l -> 0;
          case Layer.ResidualAdd l -> 2;
          default -> 1;
        };
    if (node.inputs().size() != arity) {
      throw new IllegalArgumentException(
          layer.kind() + " takes " + arity + " inputs, got " + node.inputs().size());
    }
    for (int input : node.inputs()) {
      if (input < 0 || input >= index) {
        throw new IllegalArgumentException("input " + input + " does not precede node " + index);
      }
    }
    if (layer instanceof Layer.Input input) {
      if (index != 0) {
        throw new IllegalArgumentException("only node 0 is an input");
      }
      return input.shape();
    }
    Shape in = shapes.get(node.inputs().getFirst());
    return switch (layer) {
      case Layer.Input l -> l.shape();
      case Layer.Convolution l -> l.geometry().output(in, l.outChannels());
      case Layer.DepthwiseConvolution l -> l.geometry().output(in, in.channels());
      case Layer.FullyConnected l -> {
        if (in.positions() != 1) {
          throw new IllegalArgumentException("fully connected layer on a " + in + " input");
        }
        yield new Shape(1, 1, l.outFeatures());
      }
      case Layer.ResidualAdd l -> {
        Shape other = shapes.get(node.inputs().get(1));
        if (!in.equals(other)) {
          throw new IllegalArgumentException("cannot add " + in + " and " + other);
        }
        yield in;
      }
      case Layer.GlobalAveragePool l -> new Shape(1, 1, in.channels());
      case Layer.AveragePool l -> pooled(l.geometry(), in);
      case Layer.MaxPool l -> pooled(l.geometry(), in);
    };
  }

  private static Shape pooled(ConvGeometry g, Shape in) {
    Padding p = g.padding();
    if (Math.max(p.top(), p.bottom()) >= g.kernelH()
        || Math.max(p.left(), p.right()) >= g.kernelW()) {
      throw new IllegalArgumentException("a pooling window would hold nothing but padding");
    }
    return g.output(in, in.channels());
  }
}
