package io.depthscope.graph.exchange.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.ModelFormatException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * What an ONNX file says: its nodes in an order in which each reads what those before it give, its
 * constants decoded, its one input.
 *
 * @param name of the file, for messages
 * @param nodes each value they read is given by a node before, a constant or the input
 * @param constants by name
 * @param extents of the input, the batch first; -1 where the file leaves one open
 * @param outputs names of values
 */
record OnnxFile(
    String name,
    int opset,
    List<OnnxNode> nodes,
    Map<String, NdArray> constants,
    String input,
    int[] extents,
    List<String> outputs) {
  private static final int LOWEST_OPSET = 7;
  private static final int HIGHEST_OPSET = 25;
  private static final int MOST_NESTED = 20;
  private static final Set<String> OWN_DOMAINS = Set.of("", "ai.onnx");

  /**
   * Reads a file.
   *
   * @param bytes not changed while this is in use
   * @throws ModelFormatException if it is no sound ONNX model
   */
  static OnnxFile parse(String name, byte[] bytes, TensorData tensors) throws ModelFormatException {
    ModelProto model;
    try {
      CodedInputStream in = CodedInputStream.newInstance(bytes);
      in.enableAliasing(true);
      in.setRecursionLimit(MOST_NESTED);
      model = ModelProto.parseFrom(in);
    } catch (InvalidProtocolBufferException e) {
      throw new ModelFormatException(name, "is no ONNX model: " + reason(e), e);
    } catch (IOException e) {
      throw new ModelFormatException(name, "is no ONNX model", e);
    }
    if (!model.hasGraph()) {
      throw new ModelFormatException(name, "holds no graph");
    }
    int opset = opset(name, model);
    GraphProto graph = model.getGraph();
    Map<String, NdArray> constants = new HashMap<>();
    for (TensorProto t : graph.getInitializerList()) {
      try {
        constants.put(t.getName(), tensors.read(t));
      } catch (Refused e) {
        throw new ModelFormatException(
            name,
            "tensor " + ModelFormatException.shortened(t.getName()) + ": " + e.getMessage(),
            e);
      }
    }
    if (graph.getSparseInitializerCount() > 0) {
      throw new ModelFormatException(name, "sparse tensors cannot be read yet");
    }
    ValueInfoProto input = input(name, graph, constants);
    List<OnnxNode> nodes = new ArrayList<>();
    for (NodeProto n : graph.getNodeList()) {
      nodes.add(node(n, opset));
    }
    List<String> outputs = graph.getOutputList().stream().map(ValueInfoProto::getName).toList();
    if (outputs.isEmpty()) {
      throw new ModelFormatException(name, "has no output");
    }
    List<OnnxNode> sorted = sorted(name, nodes, constants.keySet(), input.getName());
    checkOutputs(name, sorted, constants.keySet(), input.getName(), outputs);
    return new OnnxFile(
        name, opset, sorted, constants, input.getName(), extents(name, input), outputs);
  }

  private static String reason(InvalidProtocolBufferException e) {
    String said = String.valueOf(e.getMessage());
    return said.contains("ended unexpectedly") || said.contains("truncated")
        ? "it ends too early"
        : said.contains("deeply nested") || said.contains("recursion")
            ? "it is nested too deeply"
            : "its bytes are no protobuf";
  }

  private static int opset(String name, ModelProto model) throws ModelFormatException {
    long found = 0;
    for (OperatorSetIdProto o : model.getOpsetImportList()) {
      if (OWN_DOMAINS.contains(o.getDomain())) {
        found = Math.max(found, o.getVersion());
      }
    }
    if (found < LOWEST_OPSET || found > HIGHEST_OPSET) {
      throw new ModelFormatException(
          name,
          found == 0
              ? "does not say which version of the operators it uses"
              : "uses operators of version "
                  + found
                  + "; "
                  + LOWEST_OPSET
                  + " to "
                  + HIGHEST_OPSET
                  + " can be read");
    }
    return (int) found;
  }

  private static ValueInfoProto input(String name, GraphProto graph, Map<String, NdArray> constants)
      throws ModelFormatException {
    List<ValueInfoProto> inputs =
        graph.getInputList().stream().filter(i -> !constants.containsKey(i.getName())).toList();
    if (inputs.size() != 1) {
      throw new ModelFormatException(
          name,
          inputs.isEmpty()
              ? "has no input"
              : "has " + inputs.size() + " inputs; networks of one can be run");
    }
    return inputs.getFirst();
  }

  private static int[] extents(String name, ValueInfoProto input) throws ModelFormatException {
    String which = "input " + ModelFormatException.shortened(input.getName());
    if (!input.getType().hasTensorType() || !input.getType().getTensorType().hasShape()) {
      throw new ModelFormatException(name, which + " is no tensor of a known rank");
    }
    int type = input.getType().getTensorType().getElemType();
    try {
      if (!TensorData.isFloat(type)) {
        throw new ModelFormatException(
            name, which + " holds integers; networks that read float32 can be run");
      }
    } catch (Refused e) {
      throw new ModelFormatException(name, which + ": " + e.getMessage(), e);
    }
    TensorShapeProto shape = input.getType().getTensorType().getShape();
    int[] extents = new int[shape.getDimCount()];
    for (int i = 0; i < extents.length; i++) {
      long d = shape.getDim(i).getDimValue();
      if (d > 1 << 24) {
        throw new ModelFormatException(name, which + " has an extent of " + d);
      }
      extents[i] = d > 0 ? (int) d : -1;
    }
    return extents;
  }

  private static OnnxNode node(NodeProto n, int opset) {
    Map<String, AttributeProto> attributes = new LinkedHashMap<>();
    for (AttributeProto a : n.getAttributeList()) {
      attributes.put(a.getName(), a);
    }
    String first = n.getOutputCount() == 0 ? "unnamed" : n.getOutput(0);
    String op = n.getOpType();
    return new OnnxNode(
        n.getName().isEmpty() ? first : n.getName(),
        ModelFormatException.shortened(
            OWN_DOMAINS.contains(n.getDomain()) ? op : n.getDomain() + "." + op),
        List.copyOf(n.getInputList()),
        List.copyOf(n.getOutputList()),
        attributes,
        opset);
  }

  /** The nodes in an order in which each comes after those that it reads, else as in the file. */
  private static List<OnnxNode> sorted(
      String name, List<OnnxNode> nodes, Set<String> constants, String input)
      throws ModelFormatException {
    Map<String, Integer> givenBy = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      for (String output : nodes.get(i).outputs()) {
        boolean twice = constants.contains(output) || output.equals(input);
        if (!output.isEmpty() && (givenBy.put(output, i) != null || twice)) {
          throw new ModelFormatException(
              name,
              nodes.get(i).title()
                  + ": gives "
                  + ModelFormatException.shortened(output)
                  + ", which is given already");
        }
      }
    }
    int[] waits = new int[nodes.size()];
    List<List<Integer>> readers = new ArrayList<>();
    nodes.forEach(n -> readers.add(new ArrayList<>()));
    for (int i = 0; i < nodes.size(); i++) {
      for (String read : new HashSet<>(nodes.get(i).inputs())) {
        Integer giver = givenBy.get(read);
        if (giver != null) {
          waits[i]++;
          readers.get(giver).add(i);
        } else if (!read.isEmpty() && !constants.contains(read) && !read.equals(input)) {
          throw new ModelFormatException(
              name,
              nodes.get(i).title()
                  + ": reads "
                  + ModelFormatException.shortened(read)
                  + ", which nothing gives");
        }
      }
    }
    // A file in order stays as it is: the next node is the first that waits for nothing.
    PriorityQueue<Integer> next = new PriorityQueue<>();
    for (int i = 0; i < waits.length; i++) {
      if (waits[i] == 0) {
        next.add(i);
      }
    }
    List<OnnxNode> sorted = new ArrayList<>();
    while (!next.isEmpty()) {
      int i = next.remove();
      sorted.add(nodes.get(i));
      for (int reader : readers.get(i)) {
        if (--waits[reader] == 0) {
          next.add(reader);
        }
      }
    }
    for (int i = 0; i < waits.length; i++) {
      if (waits[i] > 0) {
        throw new ModelFormatException(
            name, nodes.get(i).title() + ": is in a cycle, or behind one");
      }
    }
    return sorted;
  }

  private static void checkOutputs(
      String name, List<OnnxNode> nodes, Set<String> constants, String input, List<String> outputs)
      throws ModelFormatException {
    Set<String> given = new HashSet<>(constants);
    given.add(input);
    nodes.forEach(n -> given.addAll(n.outputs()));
    for (String output : outputs) {
      if (!given.contains(output) || output.isEmpty()) {
        throw new ModelFormatException(
            name, "output " + ModelFormatException.shortened(output) + " is given by no node");
      }
    }
  }
}
