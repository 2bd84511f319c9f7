package io.depthscope.graph.exchange.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import io.depthscope.tensor.FloatTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The protobuf of an ONNX file as it is written: nodes, constants, and names for what lies between
 * them. Equal calls give equal bytes.
 */
final class OnnxBuilder {
  private static final String BATCH = "N";
  private static final String PRODUCER = "depthscope";

  /** The first version whose files may use each of these versions of operators. */
  private static final int[][] OPSET_AND_IR = {{17, 8}, {18, 8}, {19, 9}, {20, 9}, {21, 10}};

  private final GraphProto.Builder graph = GraphProto.newBuilder();
  private final Set<String> values = new HashSet<>();
  private final Set<String> nodes = new HashSet<>();
  private int opset = OPSET_AND_IR[0][0];

  OnnxBuilder(String name) {
    graph.setName(name);
  }

  /** Says that what was or will be added needs at least this version of the operators. */
  void needs(int version) {
    opset = Math.max(opset, version);
  }

  /** Keeps a name for a value that is made later. */
  void reserve(String value) {
    values.add(value);
  }

  /** A name for a value that no other has. */
  String fresh(String wanted) {
    return unique(wanted, values);
  }

  private static String unique(String wanted, Set<String> taken) {
    String name = wanted;
    for (int n = 2; !taken.add(name); n++) {
      name = wanted + "_" + n;
    }
    return name;
  }

  /**
   * Adds a node of one output.
   *
   * @param name of the node, if no other has it
   * @param inputs values; empty for one that is left out
   */
  String node(
      String name, String op, List<String> inputs, String output, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setName(unique(name, nodes))
            .setOpType(op)
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(Arrays.asList(attributes)));
    return output;
  }

  static AttributeProto whole(String name, long value) {
    return attribute(name, AttributeProto.AttributeType.INT).setI(value).build();
  }

  static AttributeProto wholes(String name, int... values) {
    AttributeProto.Builder a = attribute(name, AttributeProto.AttributeType.INTS);
    for (int v : values) {
      a.addInts(v);
    }
    return a.build();
  }

  static AttributeProto real(String name, float value) {
    return attribute(name, AttributeProto.AttributeType.FLOAT).setF(value).build();
  }

  static AttributeProto text(String name, String value) {
    return attribute(name, AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  private static AttributeProto.Builder attribute(String name, AttributeProto.AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }

  /** A constant of float32; a scalar without extents. */
  String constant(String name, float[] data, int... dims) {
    ByteBuffer bytes = bytes(Float.BYTES, data.length);
    bytes.asFloatBuffer().put(data);
    return constant(name, TensorProto.DataType.FLOAT, bytes, dims);
  }

  String constant(String name, FloatTensor tensor) {
    return constant(name, tensor.data(), tensor.dims());
  }

  /** A constant of int64, of one axis. */
  String constant(String name, long... data) {
    ByteBuffer bytes = bytes(Long.BYTES, data.length);
    bytes.asLongBuffer().put(data);
    return constant(name, TensorProto.DataType.INT64, bytes, data.length);
  }

  /** A constant of whole numbers of a type of 8, 16 or 32 bits. */
  String codes(String name, TensorProto.DataType type, int[] data, int... dims) {
    int size =
        switch (type) {
          case INT8, UINT8 -> Byte.BYTES;
          case INT16, UINT16 -> Short.BYTES;
          case INT32 -> Integer.BYTES;
          default -> throw new IllegalArgumentException("codes of " + type);
        };
    ByteBuffer bytes = bytes(size, data.length);
    for (int v : data) {
      switch (size) {
        case Byte.BYTES -> bytes.put((byte) v);
        case Short.BYTES -> bytes.putShort((short) v);
        default -> bytes.putInt(v);
      }
    }
    return constant(name, type, bytes.rewind(), dims);
  }

  private static ByteBuffer bytes(int size, int count) {
    return ByteBuffer.allocate(Math.multiplyExact(size, count)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private String constant(String name, TensorProto.DataType type, ByteBuffer bytes, int... dims) {
    String unique = fresh(name);
    TensorProto.Builder t = TensorProto.newBuilder().setName(unique).setDataType(type.getNumber());
    for (int d : dims) {
      t.addDims(d);
    }
    graph.addInitializer(t.setRawData(ByteString.copyFrom(bytes)));
    return unique;
  }

  /**
   * The network's input, or one of its outputs: a batch of any size.
   *
   * @param dims of one image
   */
  private static ValueInfoProto value(String name, int... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam(BATCH));
    for (int d : dims) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(d));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(TensorProto.DataType.FLOAT_VALUE)
                        .setShape(shape)))
        .build();
  }

  void input(String name, int... dims) {
    graph.addInput(value(name, dims));
  }

  void output(String name, int... dims) {
    graph.addOutput(value(name, dims));
  }

  /**
   * The file.
   *
   * @throws IllegalArgumentException if it is larger than such a file can be
   */
  byte[] build() {
    ModelProto.Builder model = ModelProto.newBuilder();
    for (int[] version : OPSET_AND_IR) {
      if (version[0] == opset) {
        model.setIrVersion(version[1]);
      }
    }
    long bytes = 0;
    for (TensorProto t : graph.getInitializerList()) {
      bytes += t.getRawData().size();
    }
    if (bytes > Integer.MAX_VALUE / 2) {
      throw new IllegalArgumentException(bytes + " bytes of constants are too many for one file");
    }
    return model
        .setProducerName(PRODUCER)
        .setGraph(graph)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(opset))
        .build()
        .toByteArray();
  }
}
