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
import io.depthscope.graph.exchange.lowering.Attribute;
import io.depthscope.graph.exchange.lowering.FileGraph;
import io.depthscope.graph.exchange.lowering.FileNode;
import io.depthscope.graph.exchange.lowering.Refused;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the protobuf of an ONNX file, and checks it. */
final class OnnxFile {
  private static final int LOWEST_OPSET = 7;
  private static final int HIGHEST_OPSET = 25;
  private static final int MOST_NESTED = 20;

  /** Attributes that name a type of the schema. */
  private static final Set<String> TYPES = Set.of("to", "dtype", "output_dtype");

  private static final Set<String> OWN_DOMAINS = Set.of("", "ai.onnx");

  private OnnxFile() {}

  /**
   * Reads a file.
   *
   * @param bytes not changed while this is in use
   * @throws ModelFormatException if it is no sound ONNX model
   */
  static FileGraph parse(String name, byte[] bytes, TensorData tensors)
      throws ModelFormatException {
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
    List<FileNode> nodes = new ArrayList<>();
    for (NodeProto n : graph.getNodeList()) {
      nodes.addAll(QOperators.expanded(node(name, n, opset, tensors)));
    }
    List<String> outputs = graph.getOutputList().stream().map(ValueInfoProto::getName).toList();
    return FileGraph.of(
        name, nodes, constants, input.getName(), extents(name, input), outputs, false);
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

  private static FileNode node(String file, NodeProto n, int opset, TensorData tensors)
      throws ModelFormatException {
    String first = n.getOutputCount() == 0 ? "unnamed" : n.getOutput(0);
    String op = n.getOpType();
    Map<String, Attribute> attributes = new HashMap<>();
    FileNode bare =
        new FileNode(
            n.getName().isEmpty() ? first : n.getName(),
            ModelFormatException.shortened(
                OWN_DOMAINS.contains(n.getDomain()) ? op : n.getDomain() + "." + op),
            n.getInputList(),
            n.getOutputList(),
            Map.of(),
            opset);
    for (AttributeProto a : n.getAttributeList()) {
      try {
        attribute(a, tensors).ifPresent(value -> attributes.put(a.getName(), value));
      } catch (Refused e) {
        throw new ModelFormatException(
            file,
            bare.title()
                + ": attribute "
                + ModelFormatException.shortened(a.getName())
                + ": "
                + e.getMessage(),
            e);
      }
    }
    return bare.with(attributes);
  }

  /** Empty for what no operator that can be run has. */
  private static Optional<Attribute> attribute(AttributeProto a, TensorData tensors) {
    // Files of early versions do not state the type; the field that is filled tells it.
    if (a.hasT()) {
      return Optional.of(new Attribute.Tensor(tensors.read(a.getT())));
    }
    if (TYPES.contains(a.getName()) && a.hasI()) {
      return Optional.of(new Attribute.Text(TensorData.word(FileNode.small("a type", a.getI()))));
    }
    if (a.hasI()) {
      return Optional.of(new Attribute.Whole(a.getI()));
    }
    if (a.hasF()) {
      return Optional.of(new Attribute.Real(a.getF()));
    }
    if (a.hasS()) {
      return Optional.of(new Attribute.Text(a.getS().toStringUtf8()));
    }
    if (a.getFloatsCount() > 0 || a.getType() == AttributeProto.AttributeType.FLOATS) {
      float[] values = new float[a.getFloatsCount()];
      for (int i = 0; i < values.length; i++) {
        values[i] = a.getFloats(i);
      }
      return Optional.of(new Attribute.Reals(values));
    }
    if (a.getIntsCount() > 0 || a.getType() == AttributeProto.AttributeType.INTS) {
      return Optional.of(
          new Attribute.Wholes(a.getIntsList().stream().mapToLong(Long::longValue).toArray()));
    }
    return Optional.empty();
  }
}
