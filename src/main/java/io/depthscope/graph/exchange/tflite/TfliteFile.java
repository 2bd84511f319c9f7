package io.depthscope.graph.exchange.tflite;

import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.lowering.ElementType;
import io.depthscope.graph.exchange.lowering.Refused;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import org.tensorflow.lite.schema.Buffer;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.Operator;
import org.tensorflow.lite.schema.OperatorCode;
import org.tensorflow.lite.schema.QuantizationParameters;
import org.tensorflow.lite.schema.SparsityParameters;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.Tensor;
import org.tensorflow.lite.schema.TensorType;

/**
 * What stands in a TFLite file.
 *
 * @param name for messages
 * @param tensors of the main graph
 * @param inputs numbers of tensors, as are the outputs
 */
record TfliteFile(
    String name,
    List<TfliteTensor> tensors,
    List<TfliteOperator> operators,
    List<Integer> inputs,
    List<Integer> outputs) {
  private static final String IDENTIFIER = "TFL3";
  private static final int HEAD = 8;
  private static final int VERSION = 3;
  private static final int MOST_AXES = 16;

  /** Codes above what a byte holds stand in a newer field; this one in the old says so. */
  private static final int IN_NEWER_FIELD = BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES;

  /**
   * Reads a file.
   *
   * @param bytes not changed while this is in use
   * @throws ModelFormatException if it is no sound TFLite model
   */
  static TfliteFile parse(String name, byte[] bytes) throws ModelFormatException {
    if (bytes.length < HEAD
        || !new String(bytes, 4, 4, StandardCharsets.ISO_8859_1).equals(IDENTIFIER)) {
      throw new ModelFormatException(name, "is no TFLite model");
    }
    try {
      return new Reader(bytes).read(name);
    } catch (Refused e) {
      throw new ModelFormatException(name, e.getMessage(), e);
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new ModelFormatException(
          name, "is no sound TFLite model: what it holds lies outside the file", e);
    }
  }

  /** Reads what stands in the flatbuffer, no more of it in all than the file is large. */
  private static final class Reader {
    private final ByteBuffer bytes;
    private final Model model;

    /** Lists may lie on each other; so much may be read of them before that must be so. */
    private long left;

    Reader(byte[] all) {
      bytes = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
      left = all.length;
      model = Model.getRootAsModel(bytes);
    }

    /** A length that the file states, once it is known to hold as much. */
    private int length(int stated, int elementBytes) {
      left -= (long) stated * elementBytes;
      if (stated < 0 || left < 0) {
        throw new Refused("is no sound TFLite model: its lists are longer than the file");
      }
      return stated;
    }

    private List<Integer> integers(int stated, IntUnaryOperator each) {
      List<Integer> out = new ArrayList<>(length(stated, Integer.BYTES));
      for (int i = 0; i < stated; i++) {
        out.add(each.applyAsInt(i));
      }
      return out;
    }

    private String text(ByteBuffer utf8) {
      if (utf8 == null) {
        return "";
      }
      length(utf8.remaining(), 1);
      return StandardCharsets.UTF_8.decode(utf8).toString();
    }

    TfliteFile read(String name) {
      if (model.version() != VERSION) {
        throw new Refused("is a TFLite model of version " + model.version() + ", not " + VERSION);
      }
      if (model.subgraphsLength() < 1) {
        throw new Refused("holds no graph");
      }
      SubGraph graph = model.subgraphs(0);
      List<TfliteTensor> tensors = new ArrayList<>();
      int count = length(graph.tensorsLength(), Integer.BYTES);
      for (int i = 0; i < count; i++) {
        tensors.add(tensor(graph.tensors(i)));
      }
      List<TfliteOperator> operators = new ArrayList<>();
      int steps = length(graph.operatorsLength(), Integer.BYTES);
      for (int i = 0; i < steps; i++) {
        operators.add(operator(graph.operators(i)));
      }
      return new TfliteFile(
          name,
          tensors,
          operators,
          integers(graph.inputsLength(), graph::inputs),
          integers(graph.outputsLength(), graph::outputs));
    }

    private TfliteTensor tensor(Tensor t) {
      String name = text(t.nameAsByteBuffer());
      if (t.shapeLength() > MOST_AXES || t.shapeSignatureLength() > MOST_AXES) {
        throw new Refused("tensor " + ModelFormatException.shortened(name) + " has too many axes");
      }
      int[] shape =
          integers(t.shapeLength(), t::shape).stream().mapToInt(Integer::intValue).toArray();
      int[] signature =
          integers(t.shapeSignatureLength(), t::shapeSignature).stream()
              .mapToInt(Integer::intValue)
              .toArray();
      SparsityParameters sparsity = t.sparsity();
      return new TfliteTensor(
          name,
          type(t.type()),
          TensorType.UINT16 < t.type() || t.type() < 0
              ? "of element type " + t.type()
              : TensorType.name(t.type()),
          shape,
          signature.length == shape.length ? signature : shape,
          quantization(t.quantization()),
          t.buffer(),
          Optional.ofNullable(data(t.buffer())),
          Optional.ofNullable(sparsity).map(s -> Sparsity.of(s, this::length)));
    }

    /** Empty for types whose elements cannot be read. */
    private static Optional<ElementType> type(byte number) {
      return Optional.ofNullable(
          switch (number) {
            case TensorType.FLOAT32 -> ElementType.FLOAT;
            case TensorType.FLOAT16 -> ElementType.FLOAT16;
            case TensorType.FLOAT64 -> ElementType.DOUBLE;
            case TensorType.INT8 -> ElementType.INT8;
            case TensorType.UINT8 -> ElementType.UINT8;
            case TensorType.INT16 -> ElementType.INT16;
            case TensorType.UINT16 -> ElementType.UINT16;
            case TensorType.INT32 -> ElementType.INT32;
            case TensorType.UINT32 -> ElementType.UINT32;
            case TensorType.INT64 -> ElementType.INT64;
            case TensorType.UINT64 -> ElementType.UINT64;
            case TensorType.BOOL -> ElementType.BOOL;
            default -> null;
          });
    }

    private Optional<TfliteTensor.Quantization> quantization(QuantizationParameters q) {
      if (q == null || q.scaleLength() == 0) {
        return Optional.empty();
      }
      int n = length(q.scaleLength(), Float.BYTES);
      float[] scales = new float[n];
      long[] zeroPoints = new long[n];
      boolean zeros = q.zeroPointLength() > 0;
      if (zeros && length(q.zeroPointLength(), Long.BYTES) != n) {
        throw new Refused("a tensor has " + n + " scales, " + q.zeroPointLength() + " zero points");
      }
      for (int i = 0; i < n; i++) {
        scales[i] = q.scale(i);
        zeroPoints[i] = zeros ? q.zeroPoint(i) : 0;
      }
      return Optional.of(new TfliteTensor.Quantization(scales, zeroPoints, q.quantizedDimension()));
    }

    /** Bytes of a buffer; null if it has none, as those of tensors that are computed. */
    private ByteBuffer data(long number) {
      if (number < 0 || number >= model.buffersLength()) {
        throw new Refused("a tensor names buffer " + number + " of " + model.buffersLength());
      }
      Buffer buffer = model.buffers((int) number);
      return buffer.dataLength() == 0 ? null : buffer.dataAsByteBuffer();
    }

    private TfliteOperator operator(Operator o) {
      long index = o.opcodeIndex();
      if (index < 0 || index >= model.operatorCodesLength()) {
        throw new Refused("an operator names code " + index + " of " + model.operatorCodesLength());
      }
      OperatorCode code = model.operatorCodes((int) index);
      int old = code.deprecatedBuiltinCode();
      int builtin = old < IN_NEWER_FIELD && code.builtinCode() == 0 ? old : code.builtinCode();
      boolean known = builtin >= 0 && builtin < BuiltinOperator.names.length;
      String word =
          builtin == BuiltinOperator.CUSTOM
              ? ModelFormatException.shortened(text(code.customCodeAsByteBuffer()))
              : known ? BuiltinOperator.name(builtin) : "operator " + builtin;
      return new TfliteOperator(
          builtin,
          word,
          integers(o.inputsLength(), o::inputs),
          integers(o.outputsLength(), o::outputs),
          o);
    }
  }
}
