package io.depthscope.graph.exchange.onnx;

import io.depthscope.graph.exchange.lowering.Attribute;
import io.depthscope.graph.exchange.lowering.FileNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Operators that read codes and give codes, spelled as what they are defined by: the operator on
 * numbers between DequantizeLinear and QuantizeLinear.
 *
 * @param op on numbers
 * @param tensors places of scale and zero point of each tensor that it reads; it stands before them
 * @param result place of the scale of what it gives; its zero point follows
 * @param bias place of a bias of 32 bits with the scales of input and weights; -1 without one
 */
record QOperators(String op, int[] tensors, int result, int bias) {
  private static final String MICROSOFT = "com.microsoft.";

  /** A tensor and then its scale and zero point, one or two of them, and then the result's. */
  private static final Map<String, QOperators> KNOWN =
      Map.ofEntries(
          Map.entry("QLinearConv", new QOperators("Conv", new int[] {0, 3}, 6, 8)),
          Map.entry("QLinearMatMul", new QOperators("MatMul", new int[] {0, 3}, 6, -1)),
          Map.entry(MICROSOFT + "QGemm", new QOperators("Gemm", new int[] {0, 3}, 7, 6)),
          Map.entry(MICROSOFT + "QLinearAdd", new QOperators("Add", new int[] {0, 3}, 6, -1)),
          Map.entry(MICROSOFT + "QLinearMul", new QOperators("Mul", new int[] {0, 3}, 6, -1)),
          Map.entry(MICROSOFT + "QLinearSigmoid", one("Sigmoid")),
          Map.entry(MICROSOFT + "QLinearLeakyRelu", one("LeakyRelu")),
          Map.entry(MICROSOFT + "QLinearSoftmax", one("Softmax")),
          Map.entry(MICROSOFT + "QLinearAveragePool", one("AveragePool")),
          Map.entry(MICROSOFT + "QLinearGlobalAveragePool", one("GlobalAveragePool")),
          Map.entry(MICROSOFT + "QLinearReduceMean", one("ReduceMean")));

  private static final String CONCAT = MICROSOFT + "QLinearConcat";

  private static QOperators one(String op) {
    return new QOperators(op, new int[] {0}, 3, -1);
  }

  /** The node, or the nodes that it stands for; their values are named after its output. */
  static List<FileNode> expanded(FileNode node) {
    if (node.outputs().isEmpty()) {
      return List.of(node);
    }
    if (node.op().equals(CONCAT)) {
      return concat(node);
    }
    QOperators known = KNOWN.get(node.op());
    return known == null ? List.of(node) : known.spelled(node);
  }

  private List<FileNode> spelled(FileNode node) {
    List<FileNode> all = new ArrayList<>();
    List<String> read = new ArrayList<>();
    for (int at : tensors) {
      // Weights of a convolution have their scales along their first axis, those of a product along
      // their last.
      int axis = at == 0 ? 1 : op.equals("Conv") || turned(node) ? 0 : 1;
      read.add(dequantized(node, all, in(node, at), in(node, at + 1), in(node, at + 2), axis));
    }
    if (bias >= 0 && !in(node, bias).isEmpty()) {
      String scale = node.outputs().getFirst() + "/bias_scale";
      all.add(made(node, "Mul", List.of(in(node, 1), in(node, 4)), scale, Map.of()));
      read.add(dequantized(node, all, in(node, bias), scale, "", 0));
    }
    boolean channelsLast = integer(node, "channels_last") != 0;
    Map<String, Attribute> attributes = new HashMap<>(node.attributes());
    attributes.remove("channels_last");
    if (channelsLast) {
      read.set(0, transposed(node, all, read.getFirst(), "/first", 0, 3, 1, 2));
    }
    String number = node.outputs().getFirst() + "/number";
    all.add(new FileNode(node.name(), op, read, List.of(number), attributes, opset(node)));
    if (channelsLast) {
      number = transposed(node, all, number, "/last", 0, 2, 3, 1);
    }
    all.add(quantized(node, number, in(node, result), in(node, result + 1)));
    return all;
  }

  private static boolean turned(FileNode node) {
    return integer(node, "transB") != 0;
  }

  private static long integer(FileNode node, String attribute) {
    return node.attributes().get(attribute) instanceof Attribute.Whole w ? w.value() : 0;
  }

  /** The versions of operators in which axes are attributes, as those of this kind have them. */
  private static int opset(FileNode node) {
    return Math.min(node.opset(), 13);
  }

  private static String in(FileNode node, int i) {
    return i < node.inputs().size() ? node.inputs().get(i) : "";
  }

  private static FileNode made(
      FileNode node, String op, List<String> read, String given, Map<String, Attribute> stated) {
    return new FileNode(given, op, read, List.of(given), stated, node.opset());
  }

  private static String dequantized(
      FileNode node, List<FileNode> all, String x, String scale, String zero, int axis) {
    String given = node.outputs().getFirst() + "/number_" + all.size();
    List<String> read = zero.isEmpty() ? List.of(x, scale) : List.of(x, scale, zero);
    all.add(made(node, "DequantizeLinear", read, given, Map.of("axis", new Attribute.Whole(axis))));
    return given;
  }

  private static String transposed(
      FileNode node, List<FileNode> all, String x, String suffix, long... order) {
    String given = node.outputs().getFirst() + suffix;
    Map<String, Attribute> stated = Map.of("perm", new Attribute.Wholes(order));
    all.add(made(node, "Transpose", List.of(x), given, stated));
    return given;
  }

  private static FileNode quantized(FileNode node, String x, String scale, String zero) {
    List<String> read = zero.isEmpty() ? List.of(x, scale) : List.of(x, scale, zero);
    return new FileNode(
        node.name() + "/codes", "QuantizeLinear", read, node.outputs(), Map.of(), node.opset());
  }

  /** Scale and zero point of the result come first, then each tensor with its own. */
  private static List<FileNode> concat(FileNode node) {
    List<FileNode> all = new ArrayList<>();
    List<String> read = new ArrayList<>();
    for (int at = 2; at + 2 < node.inputs().size(); at += 3) {
      read.add(dequantized(node, all, in(node, at), in(node, at + 1), in(node, at + 2), 1));
    }
    String number = node.outputs().getFirst() + "/number";
    all.add(
        new FileNode(
            node.name(), "Concat", read, List.of(number), node.attributes(), node.opset()));
    all.add(quantized(node, number, in(node, 0), in(node, 1)));
    return all;
  }
}
