package io.depthscope.model;

import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A graph under construction: each node is checked as it is added and its output shape is known at
 * once, since "same" padding depends on it.
 */
final class NodeList {
  private final List<Node> nodes = new ArrayList<>();
  private final List<Shape> shapes = new ArrayList<>();

  /** Starts with the node {@code input}. */
  NodeList(Shape input) {
    append(new Node("input", new Layer.Input(input), List.of()));
  }

  /** Adds a layer that reads the last node; returns its index. */
  int add(String name, Layer layer) {
    return append(new Node(name, layer, List.of(nodes.size() - 1)));
  }

  /** Adds a layer that reads the nodes of these indices; returns its index. */
  int add(String name, Layer layer, int... inputs) {
    return append(new Node(name, layer, Arrays.stream(inputs).boxed().toList()));
  }

  /** Output shape of the last node. */
  Shape shape() {
    return shapes.getLast();
  }

  Model toModel(String name) {
    return new Model(name, nodes);
  }

  private int append(Node node) {
    shapes.add(Model.inferShape(nodes.size(), node, shapes));
    nodes.add(node);
    return nodes.size() - 1;
  }
}
