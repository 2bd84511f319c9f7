package io.depthscope.graph.exchange.tflite;

import io.depthscope.graph.draft.NdMath;
import io.depthscope.graph.exchange.lowering.Attribute;
import io.depthscope.graph.exchange.lowering.ElementType;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.ConcatenationOptions;
import org.tensorflow.lite.schema.GatherOptions;
import org.tensorflow.lite.schema.GeluOptions;
import org.tensorflow.lite.schema.LeakyReluOptions;
import org.tensorflow.lite.schema.PackOptions;
import org.tensorflow.lite.schema.ReducerOptions;
import org.tensorflow.lite.schema.ReshapeOptions;
import org.tensorflow.lite.schema.SoftmaxOptions;
import org.tensorflow.lite.schema.SqueezeOptions;
import org.tensorflow.lite.schema.StridedSliceOptions;
import org.tensorflow.lite.schema.UnpackOptions;

/** Operators that work value by value, or on axes alone. */
final class ValueOperators {
  private static final int MOST_PARTS = 1 << 12;

  private ValueOperators() {}

  /**
   * The values that an operator gives.
   *
   * @throws Refused if it cannot be told in ONNX's operators
   */
  static List<String> translated(Step s) {
    return switch (s.op().code()) {
      case BuiltinOperator.SPLIT -> {
        long[] axis = one(s, 0, "axis");
        yield parts(s, 1, axis[0], s.op().outputs().size());
      }
      case BuiltinOperator.SPLIT_V -> {
        long[] axis = one(s, 2, "axis");
        int n = s.op().outputs().size();
        yield s.out().nodes(s.name(), "Split", axis(axis[0]), n, s.value(0), s.value(1));
      }
      case BuiltinOperator.UNPACK -> {
        long axis = s.options(BuiltinOptions.UnpackOptions, new UnpackOptions()).axis();
        String[] axes = {s.out().row(s.name() + "/axes", axis)};
        yield parts(s, 0, axis, s.op().outputs().size()).stream()
            .map(part -> s.out().node(s.name(), "Squeeze", part, axes[0]))
            .toList();
      }
      default -> List.of(single(s));
    };
  }

  private static String single(Step s) {
    return switch (s.op().code()) {
      // Values of tensors are what their codes stand for already.
      case BuiltinOperator.QUANTIZE, BuiltinOperator.DEQUANTIZE, BuiltinOperator.DENSIFY ->
          s.value(0);
      case BuiltinOperator.ADD -> binary(s, "Add");
      case BuiltinOperator.SUB -> binary(s, "Sub");
      case BuiltinOperator.MUL -> binary(s, "Mul");
      case BuiltinOperator.DIV -> binary(s, "Div");
      case BuiltinOperator.MAXIMUM -> s.out().node(s.name(), "Max", s.value(0), s.value(1));
      case BuiltinOperator.MINIMUM -> s.out().node(s.name(), "Min", s.value(0), s.value(1));
      case BuiltinOperator.POW -> s.out().node(s.name(), "Pow", s.value(0), s.value(1));
      case BuiltinOperator.ADD_N -> s.out().node(s.name(), "Sum", all(s));
      case BuiltinOperator.SQUARE -> s.out().node(s.name(), "Mul", s.value(0), s.value(0));
      case BuiltinOperator.SQUARED_DIFFERENCE -> {
        String d = s.out().node(s.name() + "/difference", "Sub", s.value(0), s.value(1));
        yield s.out().node(s.name(), "Mul", d, d);
      }
      case BuiltinOperator.RELU ->
          s.out().clipped(s.name(), s.value(0), 0, Float.POSITIVE_INFINITY);
      case BuiltinOperator.RELU6 -> s.out().clipped(s.name(), s.value(0), 0, 6);
      case BuiltinOperator.RELU_N1_TO_1 -> s.out().clipped(s.name(), s.value(0), -1, 1);
      case BuiltinOperator.RELU_0_TO_1 -> s.out().clipped(s.name(), s.value(0), 0, 1);
      case BuiltinOperator.PRELU -> s.out().node(s.name(), "PRelu", s.value(0), s.value(1));
      case BuiltinOperator.LEAKY_RELU -> {
        float alpha = s.options(BuiltinOptions.LeakyReluOptions, new LeakyReluOptions()).alpha();
        yield s.out()
            .node(s.name(), "LeakyRelu", Map.of("alpha", new Attribute.Real(alpha)), s.value(0));
      }
      case BuiltinOperator.GELU -> {
        boolean near = s.options(BuiltinOptions.GeluOptions, new GeluOptions()).approximate();
        Attribute how = new Attribute.Text(near ? "tanh" : "none");
        yield s.out().node(s.name(), "Gelu", Map.of("approximate", how), s.value(0));
      }
      case BuiltinOperator.RSQRT -> {
        String root = s.out().node(s.name() + "/root", "Sqrt", s.value(0));
        yield s.out().node(s.name(), "Reciprocal", root);
      }
      case BuiltinOperator.ELU -> unary(s, "Elu");
      case BuiltinOperator.LOGISTIC -> unary(s, "Sigmoid");
      case BuiltinOperator.TANH -> unary(s, "Tanh");
      case BuiltinOperator.HARD_SWISH -> unary(s, "HardSwish");
      case BuiltinOperator.ABS -> unary(s, "Abs");
      case BuiltinOperator.NEG -> unary(s, "Neg");
      case BuiltinOperator.EXP -> unary(s, "Exp");
      case BuiltinOperator.LOG -> unary(s, "Log");
      case BuiltinOperator.SQRT -> unary(s, "Sqrt");
      case BuiltinOperator.FLOOR -> unary(s, "Floor");
      case BuiltinOperator.CEIL -> unary(s, "Ceil");
      case BuiltinOperator.ROUND -> unary(s, "Round");
      case BuiltinOperator.SHAPE -> unary(s, "Shape");
      case BuiltinOperator.SOFTMAX -> {
        float beta = s.options(BuiltinOptions.SoftmaxOptions, new SoftmaxOptions()).beta();
        String x = s.value(0);
        if (beta != 1) {
          x = s.out().node(s.name() + "/beta", "Mul", x, s.out().scalar(s.name() + "/beta", beta));
        }
        yield s.out().node(s.name(), "Softmax", axis(-1), x);
      }
      case BuiltinOperator.LOG_SOFTMAX ->
          s.out().node(s.name(), "LogSoftmax", axis(-1), s.value(0));
      case BuiltinOperator.L2_NORMALIZATION ->
          s.activated(s.out().node(s.name(), "LpNormalization", axis(-1), s.value(0)));
      case BuiltinOperator.ARG_MAX ->
          s.out()
              .node(
                  s.name(),
                  "ArgMax",
                  Map.of(
                      "axis", new Attribute.Whole(one(s, 1, "axis")[0]),
                      "keepdims", new Attribute.Whole(0)),
                  s.value(0));
      case BuiltinOperator.MEAN -> reduced(s, "ReduceMean");
      case BuiltinOperator.SUM -> reduced(s, "ReduceSum");
      case BuiltinOperator.REDUCE_MAX -> reduced(s, "ReduceMax");
      case BuiltinOperator.REDUCE_MIN -> reduced(s, "ReduceMin");
      case BuiltinOperator.REDUCE_PROD -> reduced(s, "ReduceProd");
      case BuiltinOperator.CONCATENATION -> {
        ConcatenationOptions o =
            s.options(BuiltinOptions.ConcatenationOptions, new ConcatenationOptions());
        String y = s.out().node(s.name(), "Concat", axis(o.axis()), all(s));
        yield s.activated(y);
      }
      case BuiltinOperator.PACK -> {
        long axis = s.options(BuiltinOptions.PackOptions, new PackOptions()).axis();
        String axes = s.out().row(s.name() + "/axes", axis);
        String[] parts = all(s);
        for (int i = 0; i < parts.length; i++) {
          parts[i] = s.out().node(s.name(), "Unsqueeze", parts[i], axes);
        }
        yield s.out().node(s.name(), "Concat", axis(axis), parts);
      }
      case BuiltinOperator.RESHAPE -> reshaped(s);
      case BuiltinOperator.SQUEEZE -> squeezed(s);
      case BuiltinOperator.EXPAND_DIMS -> {
        String axes = s.out().row(s.name() + "/axes", s.integers(1, "axis"));
        yield s.out().node(s.name(), "Unsqueeze", s.value(0), axes);
      }
      case BuiltinOperator.TRANSPOSE ->
          s.out().transposed(s.name(), s.value(0), s.integers(1, "order of axes"));
      case BuiltinOperator.SLICE -> {
        long[] begin = s.integers(1, "begin");
        long[] size = s.integers(2, "size");
        long[] end = new long[begin.length];
        for (int d = 0; d < end.length && d < size.length; d++) {
          end[d] = size[d] == -1 ? Integer.MAX_VALUE : begin[d] + size[d];
        }
        yield sliced(s, begin, end, new long[0]);
      }
      case BuiltinOperator.STRIDED_SLICE -> stridedSlice(s);
      case BuiltinOperator.GATHER -> {
        GatherOptions o = s.options(BuiltinOptions.GatherOptions, new GatherOptions());
        if (o.batchDims() != 0) {
          throw new Refused("picks by batch, which cannot run yet");
        }
        yield s.out().node(s.name(), "Gather", axis(o.axis()), s.value(0), s.value(1));
      }
      case BuiltinOperator.TILE -> s.out().node(s.name(), "Tile", s.value(0), s.value(1));
      case BuiltinOperator.BROADCAST_TO -> s.out().node(s.name(), "Expand", s.value(0), s.value(1));
      case BuiltinOperator.FILL -> s.out().node(s.name(), "Expand", s.value(1), s.value(0));
      case BuiltinOperator.CAST -> {
        TfliteTensor to = s.translation().tensor(s.op().outputs().getFirst());
        String word =
            to.type()
                .map(ElementType::word)
                .orElseThrow(() -> new Refused("makes " + to.word() + ", which cannot be read"));
        yield s.out().node(s.name(), "Cast", Map.of("to", new Attribute.Text(word)), s.value(0));
      }
      default -> throw new Refused("cannot run yet");
    };
  }

  private static Map<String, Attribute> axis(long axis) {
    return Map.of("axis", new Attribute.Whole(axis));
  }

  private static String unary(Step s, String op) {
    return s.out().node(s.name(), op, s.value(0));
  }

  private static String binary(Step s, String op) {
    return s.activated(s.out().node(s.name(), op, s.value(0), s.value(1)));
  }

  private static String[] all(Step s) {
    return IntStream.range(0, s.op().inputs().size()).mapToObj(s::value).toArray(String[]::new);
  }

  private static long[] one(Step s, int i, String what) {
    long[] values = s.integers(i, what);
    if (values.length != 1) {
      throw new Refused("its " + what + " has " + values.length + " numbers");
    }
    return values;
  }

  private static List<String> parts(Step s, int input, long axis, int n) {
    if (n > MOST_PARTS) {
      throw new Refused("has " + n + " parts");
    }
    return s.out().nodes(s.name(), "Split", axis(axis), n, s.value(input));
  }

  private static String reduced(Step s, String op) {
    long[] axes = s.integers(1, "axes");
    int rank = s.in(0).rank();
    long[] along = Arrays.stream(axes).map(a -> NdMath.axis(a, rank)).distinct().toArray();
    boolean keeps = s.options(BuiltinOptions.ReducerOptions, new ReducerOptions()).keepDims();
    Map<String, Attribute> how =
        Map.of(
            "axes", new Attribute.Wholes(along),
            "keepdims", new Attribute.Whole(keeps ? 1 : 0),
            "noop_with_empty_axes", new Attribute.Whole(1));
    return s.out().node(s.name(), op, how, s.value(0));
  }

  private static String reshaped(Step s) {
    if (s.has(1)) {
      return s.out().node(s.name(), "Reshape", s.value(0), s.value(1));
    }
    ReshapeOptions o = s.options(BuiltinOptions.ReshapeOptions, new ReshapeOptions());
    long[] to = row(o.newShapeLength(), o::newShape);
    return s.out().node(s.name(), "Reshape", s.value(0), s.out().row(s.name() + "/shape", to));
  }

  /** A short list of options. */
  private static long[] row(int length, IntUnaryOperator each) {
    if (length > MOST_PARTS) {
      throw new Refused("its options are too long");
    }
    return IntStream.range(0, length).mapToLong(each::applyAsInt).toArray();
  }

  private static String squeezed(Step s) {
    SqueezeOptions o = s.options(BuiltinOptions.SqueezeOptions, new SqueezeOptions());
    if (o.squeezeDimsLength() == 0) {
      return s.out().node(s.name(), "Squeeze", s.value(0));
    }
    String axes = s.out().row(s.name() + "/axes", row(o.squeezeDimsLength(), o::squeezeDims));
    return s.out().node(s.name(), "Squeeze", s.value(0), axes);
  }

  /**
   * @param steps empty: 1 everywhere
   */
  private static String sliced(Step s, long[] begin, long[] end, long[] steps) {
    long[] ones = new long[begin.length];
    Arrays.fill(ones, 1);
    return s.out()
        .node(
            s.name(),
            "Slice",
            s.value(0),
            s.out().row(s.name() + "/begin", begin),
            s.out().row(s.name() + "/end", end),
            s.out()
                .row(s.name() + "/axes", IntStream.range(0, begin.length).asLongStream().toArray()),
            s.out().row(s.name() + "/steps", steps.length == 0 ? ones : steps));
  }

  private static String stridedSlice(Step s) {
    StridedSliceOptions o =
        s.options(BuiltinOptions.StridedSliceOptions, new StridedSliceOptions());
    if (o.ellipsisMask() != 0 || o.newAxisMask() != 0 || o.offset()) {
      throw new Refused("slices with an ellipsis, a new axis or offsets, which cannot run yet");
    }
    long[] begin = s.integers(1, "begin").clone();
    long[] end = s.integers(2, "end").clone();
    long[] steps = s.integers(3, "strides");
    if (end.length != begin.length || steps.length != begin.length || begin.length > Integer.SIZE) {
      throw new Refused("its begin, end and strides do not fit");
    }
    List<Long> gone = new ArrayList<>();
    for (int d = 0; d < begin.length; d++) {
      int bit = 1 << d;
      if ((o.shrinkAxisMask() & bit) != 0) {
        gone.add((long) d);
        end[d] = begin[d] == -1 ? Integer.MAX_VALUE : begin[d] + 1;
        continue;
      }
      boolean forward = steps[d] > 0;
      if ((o.beginMask() & bit) != 0) {
        begin[d] = forward ? 0 : Integer.MAX_VALUE;
      }
      if ((o.endMask() & bit) != 0) {
        end[d] = forward ? Integer.MAX_VALUE : Integer.MIN_VALUE;
      }
    }
    String y = sliced(s, begin, end, steps);
    if (gone.isEmpty()) {
      return y;
    }
    long[] axes = gone.stream().mapToLong(Long::longValue).toArray();
    return s.out().node(s.name(), "Squeeze", y, s.out().row(s.name() + "/gone", axes));
  }
}
