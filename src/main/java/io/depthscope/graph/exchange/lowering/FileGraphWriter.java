package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.ModelFormatException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A {@link FileGraph} that a reader of another format than ONNX makes node by node.
 *
 * <p>Values are named here, after their nodes; outputs alone bear the file's names for them.
 */
public final class FileGraphWriter {
  /** Version of the operators that nodes are written in. */
  private static final int OPSET = 21;

  private final String file;
  private final List<FileNode> nodes = new ArrayList<>();
  private final Map<String, NdArray> constants = new HashMap<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, Integer> numbers = new HashMap<>();
  private final Set<String> given = new HashSet<>();

  /**
   * @param file for messages
   */
  public FileGraphWriter(String file) {
    this.file = file;
  }

  /** A name for a value, the wanted one where it is free. */
  private String free(String wanted) {
    String base = wanted.isEmpty() ? "unnamed" : wanted;
    String name = base;
    while (!names.add(name)) {
      name = base + ":" + numbers.merge(base, 1, Integer::sum);
    }
    return name;
  }

  /** The value that is the network's input. */
  public String input(String wanted) {
    return free(wanted);
  }

  /** A constant value. */
  public String constant(String wanted, NdArray array) {
    String name = free(wanted);
    constants.put(name, array);
    return name;
  }

  /** A constant row of integers. */
  public String row(String wanted, long... values) {
    return constant(wanted, NdArray.row(values));
  }

  /** A constant number. */
  public String scalar(String wanted, float value) {
    return constant(wanted, NdArray.of(new int[0], new float[] {value}));
  }

  /**
   * Adds a node of one output.
   *
   * @param inputs values; empty for one left out
   * @return the value that it gives
   */
  public String node(String name, String op, Map<String, Attribute> attributes, String... inputs) {
    return nodes(name, op, attributes, 1, inputs).getFirst();
  }

  /** Adds a node of one output without attributes. */
  public String node(String name, String op, String... inputs) {
    return node(name, op, Map.of(), inputs);
  }

  /** Adds a node of some outputs. */
  public List<String> nodes(
      String name, String op, Map<String, Attribute> attributes, int outputs, String... inputs) {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < outputs; i++) {
      values.add(free(name + ":"));
    }
    given.addAll(values);
    nodes.add(new FileNode(name, op, List.of(inputs), values, attributes, OPSET));
    return values;
  }

  /** Adds a node that puts axes into another order. */
  public String transposed(String name, String value, long... order) {
    return node(name, "Transpose", Map.of("perm", new Attribute.Wholes(order)), value);
  }

  /** Adds a node that bounds values, if there are bounds. */
  public String clipped(String name, String value, float low, float high) {
    if (low == 0 && high == Float.POSITIVE_INFINITY) {
      return node(name, "Relu", value);
    }
    String min = low == Float.NEGATIVE_INFINITY ? "" : scalar(name + "/min", low);
    String max = high == Float.POSITIVE_INFINITY ? "" : scalar(name + "/max", high);
    return min.isEmpty() && max.isEmpty() ? value : node(name, "Clip", value, min, max);
  }

  /** An output of the network: a value, and what the file calls it. */
  public record Output(String value, String name) {}

  /**
   * The whole graph, of a format whose images are [N, H, W, C].
   *
   * @param extents of the input, the batch first; -1 where the file leaves one open
   * @throws ModelFormatException as {@link FileGraph#of}
   */
  public FileGraph graph(String input, int[] extents, List<Output> outputs)
      throws ModelFormatException {
    Map<String, String> renamed = new LinkedHashMap<>();
    for (Output o : outputs) {
      if (given.contains(o.value()) && !renamed.containsKey(o.value())) {
        renamed.put(o.value(), free(o.name()));
      }
    }
    List<FileNode> all = new ArrayList<>();
    for (FileNode n : nodes) {
      all.add(
          new FileNode(
              n.name(),
              n.op(),
              n.inputs().stream().map(v -> renamed.getOrDefault(v, v)).toList(),
              n.outputs().stream().map(v -> renamed.getOrDefault(v, v)).toList(),
              n.attributes(),
              n.opset()));
    }
    List<String> ends =
        outputs.stream().map(o -> renamed.getOrDefault(o.value(), o.value())).toList();
    return FileGraph.of(file, all, constants, input, extents, ends, true);
  }
}
