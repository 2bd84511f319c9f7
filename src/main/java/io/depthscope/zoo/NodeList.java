package io.depthscope.zoo;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A graph under construction: each node is checked as it is added and its output shape is known at
 * once, since "same" padding depends on it.
 */
final class NodeList {
  private final List<Node> nodes = new ArrayList<>();
  private final List<Shape> shapes = new ArrayList<>();
  private final Map<String, Storage> storage = new LinkedHashMap<>();

  /** Starts with the node {@code input}. */
  NodeList(Shape input) {
    append(new Node("input", new Op.Input(input), List.of()));
  }

  /** Adds a layer with weights that reads the last node; returns its index. */
  int add(String name, Op.Convolution op, Storage stored, Clamp clamp) {
    return add(name, op, stored, clamp, nodes.size() - 1);
  }

  /** Adds a layer with weights that reads the node of this index; returns its index. */
  int add(String name, Op.Convolution op, Storage stored, Clamp clamp, int input) {
    int index = append(new Node(name, op, clamp, List.of(input)));
    storage.put(name, stored);
    return index;
  }

  /** Adds an operation without weights that reads the last node; returns its index. */
  int add(String name, Op op) {
    return add(name, op, Clamp.NONE, nodes.size() - 1);
  }

  /** Adds an operation without weights that reads the nodes of these indices; returns its index. */
  int add(String name, Op op, Clamp clamp, int... inputs) {
    return append(new Node(name, op, clamp, Arrays.stream(inputs).boxed().toList()));
  }

  /** Output shape of the last node. */
  Shape shape() {
    return shapes.getLast();
  }

  Blueprint toBlueprint(String name) {
    return new Blueprint(new Graph(name, nodes), storage);
  }

  private int append(Node node) {
    shapes.add(Graph.inferShape(node, shapes));
    nodes.add(node);
    return nodes.size() - 1;
  }
}
