package io.depthscope.graph;

import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A directed acyclic graph of nodes in topological order. Node 0 is the input. Of its outputs the
 * first is the network's answer (the logits, 1x1xclasses for a classifier).
 */
public final class Graph {
  private final String name;
  private final List<Node> nodes;
  private final List<Integer> outputs;
  private final List<Shape> shapes;

  /**
   * A graph whose one output is its last node.
   *
   * @throws IllegalArgumentException if the graph is not in topological order, a name repeats, an
   *     operation has the wrong number of inputs, or the shapes do not fit; the message names the
   *     node
   */
  public Graph(String name, List<Node> nodes) {
    this(name, nodes, List.of(nodes.size() - 1));
  }

  /**
   * @param outputs indices of the nodes whose outputs are handed out, in this order
   * @throws IllegalArgumentException as the other, or if an output is no node or named twice
   */
  public Graph(String name, List<Node> nodes, List<Integer> outputs) {
    this.name = name;
    this.nodes = List.copyOf(nodes);
    this.outputs = List.copyOf(outputs);
    this.shapes = inferShapes(this.nodes);
    if (outputs.isEmpty() || new HashSet<>(outputs).size() != outputs.size()) {
      throw new IllegalArgumentException("outputs " + outputs + " are none, or one twice");
    }
    for (int output : outputs) {
      if (output < 0 || output >= nodes.size()) {
        throw new IllegalArgumentException("output " + output + " is no node");
      }
    }
  }

  public String name() {
    return name;
  }

  public List<Node> nodes() {
    return nodes;
  }

  /** Indices of the nodes whose outputs are handed out. */
  public List<Integer> outputs() {
    return outputs;
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

  /** Shape of the first output. */
  public Shape outputShape() {
    return shapes.get(outputs.getFirst());
  }

  /** True if its one output is a vector of classes, of two at least. */
  public boolean isClassifier() {
    Shape out = outputShape();
    return outputs.size() == 1 && out.positions() == 1 && out.channels() >= 2;
  }

  /** Shapes of the inputs of node {@code i}; none for the input node. */
  public List<Shape> inputShapes(int i) {
    return nodes.get(i).inputs().stream().map(shapes::get).toList();
  }

  /** Number of output channels of node {@code i}. */
  public int channels(int i) {
    return shapes.get(i).channels();
  }

  /** The word for node {@code i} in tables and files. */
  public String word(int i) {
    return nodes.get(i).op().word(inputShapes(i));
  }

  /** Multiply-accumulates of node {@code i} for one image; 0 without weights. */
  public long macs(int i) {
    return nodes.get(i).op().macs(inputShapes(i));
  }

  /** Extents of the kernel of node {@code i}, [O, KH, KW, I / groups]; empty without weights. */
  public int[] kernelDims(int i) {
    return nodes.get(i).op().kernelDims(inputShapes(i));
  }

  /** Number of kernel elements of node {@code i}; 0 without weights. */
  public long kernelSize(int i) {
    return nodes.get(i).op().kernelSize(inputShapes(i));
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
    if (nodes.isEmpty() || !(nodes.getFirst().op() instanceof Op.Input)) {
      throw new IllegalArgumentException("a graph starts with its input node");
    }
    List<Shape> shapes = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Node node : nodes) {
      if (!names.add(node.name())) {
        throw new IllegalArgumentException("two nodes are named " + node.name());
      }
      shapes.add(inferShape(node, shapes));
    }
    return List.copyOf(shapes);
  }

  /**
   * Output shape of a node that comes next, given the shapes of the nodes before it.
   *
   * @throws IllegalArgumentException if it does not fit; the message names the node
   */
  public static Shape inferShape(Node node, List<Shape> shapes) {
    try {
      return shapeOf(node, shapes);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException("node " + node.name() + ": " + e.getMessage(), e);
    }
  }

  private static Shape shapeOf(Node node, List<Shape> shapes) {
    Op op = node.op();
    if (node.inputs().size() != op.arity()) {
      throw new IllegalArgumentException(
          op + " takes " + op.arity() + " inputs, got " + node.inputs().size());
    }
    List<Shape> inputs = new ArrayList<>();
    for (int input : node.inputs()) {
      if (input < 0 || input >= shapes.size()) {
        throw new IllegalArgumentException(
            "input " + input + " does not precede node " + shapes.size());
      }
      inputs.add(shapes.get(input));
    }
    if (op instanceof Op.Input && !shapes.isEmpty()) {
      throw new IllegalArgumentException("only node 0 is an input");
    }
    Shape out = op.outputShape(inputs);
    Clamp clamp = node.clamp();
    if (clamp.isPerChannel() && clamp.lower().length != out.channels()) {
      throw new IllegalArgumentException(
          "a clamp of " + clamp.lower().length + " channels on " + out.channels());
    }
    return out;
  }
}
