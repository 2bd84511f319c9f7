package io.depthscope.remedy;

import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Which channels of a network's tensors must be scaled together, so that it computes the same. A
 * pool, a sum, a concatenation and whatever else commutes with a scale above 0 ties the channels it
 * connects; weights part them. Channels that something else reads, such as a sigmoid, and those of
 * inputs and outputs, are fixed.
 */
final class Wires {
  private final Graph graph;
  private final int[] first;
  private final int[] parent;
  private final boolean[] fixed;

  /** A channel of a layer with weights: of its output, or of what it reads. */
  record End(int node, int channel) {}

  /**
   * Channels that share a scale.
   *
   * @param id of the wire that stands for all of them
   * @param made by rows of these layers
   * @param read by columns of these layers
   */
  record Group(int id, List<End> made, List<End> read) {}

  Wires(Graph graph) {
    this.graph = graph;
    first = new int[graph.size() + 1];
    for (int i = 0; i < graph.size(); i++) {
      first[i + 1] = first[i] + graph.channels(i);
    }
    parent = new int[first[graph.size()]];
    for (int i = 0; i < parent.length; i++) {
      parent[i] = i;
    }
    fixed = new boolean[parent.length];
    for (int i = 0; i < graph.size(); i++) {
      connect(i);
    }
    graph.outputs().forEach(this::fix);
  }

  /** The wire that stands for a channel. */
  int of(int node, int channel) {
    int at = first[node] + channel;
    while (parent[at] != at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  }

  /** The wires of all channels of a node. */
  int[] all(int node) {
    return IntStream.range(0, graph.channels(node)).map(c -> of(node, c)).toArray();
  }

  /** Number of wires, those that others stand for among them. */
  int count() {
    return parent.length;
  }

  boolean isFixed(int node, int channel) {
    return fixed[of(node, channel)];
  }

  /** The groups that may be scaled and have weights on both sides, in the order of the graph. */
  List<Group> groups() {
    Map<Integer, Group> groups = new LinkedHashMap<>();
    for (int i = 0; i < graph.size(); i++) {
      if (!(graph.node(i).op() instanceof Op.Convolution)) {
        continue;
      }
      int input = graph.node(i).inputs().getFirst();
      for (int c = 0; c < graph.channels(input); c++) {
        if (!isFixed(input, c)) {
          group(groups, of(input, c)).read().add(new End(i, c));
        }
      }
      for (int c = 0; c < graph.channels(i); c++) {
        if (!isFixed(i, c)) {
          group(groups, of(i, c)).made().add(new End(i, c));
        }
      }
    }
    return groups.values().stream()
        .filter(g -> !g.made().isEmpty() && !g.read().isEmpty())
        .toList();
  }

  private static Group group(Map<Integer, Group> groups, int id) {
    return groups.computeIfAbsent(id, g -> new Group(g, new ArrayList<>(), new ArrayList<>()));
  }

  private void connect(int i) {
    Node node = graph.node(i);
    switch (node.op()) {
      case Op.Input ignored -> fix(i);
      case Op.Convolution ignored -> {}
      case Op.Pool ignored -> tieAll(i);
      case Op.Resize ignored -> tieAll(i);
      case Op.LeakyRelu ignored -> tieAll(i);
      case Op.Elementwise e -> elementwise(i, e.function());
      case Op.Unary u -> {
        if (u.function() == Op.Unary.Function.ABS) {
          tieAll(i);
        } else {
          fixAround(i);
        }
      }
      case Op.Concat ignored -> {
        int at = 0;
        for (int input : node.inputs()) {
          for (int c = 0; c < graph.channels(input); c++) {
            tie(i, at++, input, c);
          }
        }
      }
      case Op.Rearrange r -> rearranged(i, r);
      case Op.LocalResponse ignored -> fixAround(i);
      case LayerNorm ignored -> fixAround(i);
    }
  }

  private void elementwise(int i, Op.Elementwise.Function function) {
    int a = graph.node(i).inputs().get(0);
    int b = graph.node(i).inputs().get(1);
    for (int c = 0; c < graph.channels(i); c++) {
      if (function != Op.Elementwise.Function.MUL) {
        tie(i, c, a, c);
        tie(i, c, b, c);
      } else if (isFixed(b, c)) { // such as what a sigmoid has made
        tie(i, c, a, c);
      } else if (isFixed(a, c)) {
        tie(i, c, b, c);
      } else {
        fixed[of(i, c)] = true;
        fixed[of(a, c)] = true;
        fixed[of(b, c)] = true;
      }
    }
  }

  private void rearranged(int i, Op.Rearrange op) {
    int input = graph.node(i).inputs().getFirst();
    Shape out = op.output();
    int channels = op.input().channels();
    for (int at = 0; at < op.source().length; at++) {
      int from = op.source()[at];
      int c = at % out.channels();
      if (from >= 0) {
        tie(i, c, input, from % channels);
      } else if (op.fill()[c % op.fill().length] != 0) {
        fixed[of(i, c)] = true;
      }
    }
  }

  private void tieAll(int i) {
    int input = graph.node(i).inputs().getFirst();
    for (int c = 0; c < graph.channels(i); c++) {
      tie(i, c, input, c);
    }
  }

  private void tie(int a, int ac, int b, int bc) {
    int x = of(a, ac);
    int y = of(b, bc);
    if (x != y) {
      parent[Math.max(x, y)] = Math.min(x, y);
      fixed[Math.min(x, y)] |= fixed[Math.max(x, y)];
    }
  }

  private void fix(int node) {
    for (int c = 0; c < graph.channels(node); c++) {
      fixed[of(node, c)] = true;
    }
  }

  /** What a node reads and what it makes. */
  private void fixAround(int node) {
    fix(node);
    graph.node(node).inputs().forEach(this::fix);
  }
}
