package io.depthscope.graph.exchange.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.List;

/** ONNX files of a few nodes, sound and broken. */
final class OnnxModels {
  private OnnxModels() {}

  static ModelProto.Builder model(GraphProto.Builder graph) {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(13))
        .setGraph(graph);
  }

  /** A graph that reads x of these extents and gives y. */
  static GraphProto.Builder graph(long... extents) {
    return GraphProto.newBuilder()
        .addInput(value("x", extents))
        .addOutput(ValueInfoProto.newBuilder().setName("y"));
  }

  static ValueInfoProto value(String name, long... extents) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long e : extents) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(e));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(1).setShape(shape)))
        .build();
  }

  static NodeProto.Builder node(String op, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setName(op + "_of_" + output)
        .setOpType(op)
        .addOutput(output)
        .addAllInput(List.of(inputs));
  }

  static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder().setName(name).setI(value).build();
  }

  static AttributeProto integers(String name, long... values) {
    AttributeProto.Builder a = AttributeProto.newBuilder().setName(name);
    for (long v : values) {
      a.addInts(v);
    }
    return a.build();
  }

  static TensorProto weights(String name, long... extents) {
    TensorProto.Builder t = TensorProto.newBuilder().setName(name).setDataType(1);
    long n = 1;
    for (long e : extents) {
      t.addDims(e);
      n *= e;
    }
    for (int i = 0; i < n; i++) {
      t.addFloatData(0.1f * (i % 7) - 0.3f);
    }
    return t.build();
  }

  static TensorProto row(String name, long... values) {
    TensorProto.Builder t =
        TensorProto.newBuilder().setName(name).setDataType(7).addDims(values.length);
    for (long v : values) {
      t.addInt64Data(v);
    }
    return t.build();
  }

  /** 3x3 weights whose values lie in another file. */
  static TensorProto elsewhere(String name, String location, long offset) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(1)
        .addAllDims(List.of(1L, 1L, 3L, 3L))
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(entry("location", location))
        .addExternalData(entry("offset", Long.toString(offset)))
        .addExternalData(entry("length", "36"))
        .build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
