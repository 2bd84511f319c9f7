package io.depthscope.graph.exchange.tflite;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.Setting;
import io.depthscope.graph.exchange.lowering.Attribute;
import io.depthscope.graph.exchange.lowering.ElementType;
import io.depthscope.graph.exchange.lowering.FileGraph;
import io.depthscope.graph.exchange.lowering.FileGraphWriter;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.lite.schema.ActivationFunctionType;
import org.tensorflow.lite.schema.BuiltinOperator;

/**
 * Tells what a TFLite file computes in nodes of ONNX's operators.
 *
 * <p>A value that stands for a tensor has the axes that the tensor has in the file. Where the
 * tensor holds codes, the value is what they stand for: its node is followed by QuantizeLinear and
 * DequantizeLinear.
 */
final class Translation {
  private static final String DETECTION = "TFLite_Detection_PostProcess";
  private static final int LONGEST_ROW = 32;

  /** Operators that move or pick values: codes pass through them as they are. */
  private static final Set<Integer> MOVING =
      Set.of(
          BuiltinOperator.RESHAPE,
          BuiltinOperator.SQUEEZE,
          BuiltinOperator.EXPAND_DIMS,
          BuiltinOperator.TRANSPOSE,
          BuiltinOperator.MAX_POOL_2D,
          BuiltinOperator.REDUCE_MAX,
          BuiltinOperator.SLICE,
          BuiltinOperator.STRIDED_SLICE,
          BuiltinOperator.SPLIT,
          BuiltinOperator.SPLIT_V,
          BuiltinOperator.PAD,
          BuiltinOperator.PADV2,
          BuiltinOperator.MIRROR_PAD,
          BuiltinOperator.CONCATENATION,
          BuiltinOperator.PACK,
          BuiltinOperator.UNPACK,
          BuiltinOperator.GATHER,
          BuiltinOperator.TILE,
          BuiltinOperator.BROADCAST_TO,
          BuiltinOperator.RESIZE_NEAREST_NEIGHBOR,
          BuiltinOperator.DEPTH_TO_SPACE,
          BuiltinOperator.SPACE_TO_DEPTH);

  private final TfliteFile file;
  private final FileGraphWriter out;
  private final String[] values;
  private final String[] arrays;
  private final List<Setting> settings = new ArrayList<>();
  private final Map<Shared, NdArray> shared = new HashMap<>();
  private long made;
  private Optional<TfliteOperator> cut = Optional.empty();

  /** Data of a buffer, read as elements of a type. */
  private record Shared(long buffer, ElementType type) {}

  Translation(TfliteFile file) {
    this.file = file;
    this.out = new FileGraphWriter(file.name());
    this.values = new String[file.tensors().size()];
    this.arrays = new String[file.tensors().size()];
  }

  /**
   * What was made of a file.
   *
   * @param settings what there is to say of it
   */
  record Translated(FileGraph graph, List<Setting> settings) {}

  /**
   * Translates the whole file.
   *
   * @throws ModelFormatException naming the first operator that cannot be translated
   */
  Translated all() throws ModelFormatException {
    TfliteTensor input;
    String graphInput;
    try {
      input = input();
      int number = file.inputs().getFirst();
      graphInput = out.input(nameOf(number));
      values[number] = coded(nameOf(number), graphInput, input);
    } catch (Refused e) {
      throw new ModelFormatException(file.name(), e.getMessage(), e);
    }
    for (TfliteOperator op : file.operators()) {
      String name = op.outputs().isEmpty() ? op.word() : nameOf(op.outputs().getFirst());
      try {
        translate(op, name);
      } catch (Refused | IllegalArgumentException | ArithmeticException e) {
        throw failed(name, op, String.valueOf(e.getMessage()), e);
      } catch (IndexOutOfBoundsException e) {
        throw failed(name, op, "its options lie outside the file", e);
      }
    }
    return new Translated(out.graph(graphInput, extents(input), outputs()), settings);
  }

  private ModelFormatException failed(String name, TfliteOperator op, String why, Exception e) {
    return new ModelFormatException(
        file.name(),
        "node " + ModelFormatException.shortened(name) + " (" + op.word() + "): " + why,
        e);
  }

  private TfliteTensor input() {
    int n = file.inputs().size();
    if (n != 1) {
      throw new Refused(
          n == 0 ? "has no input" : "has " + n + " inputs; networks of one can be run");
    }
    TfliteTensor input = tensor(file.inputs().getFirst());
    String which = "input " + ModelFormatException.shortened(nameOf(file.inputs().getFirst()));
    ElementType type = input.type().orElse(null);
    boolean floats = type != null && type.isFloat();
    if (type == null || (!floats && input.quantization().isEmpty())) {
      throw new Refused(
          which + " holds " + input.word() + "; networks that read numbers can be run");
    }
    return input;
  }

  private static int[] extents(TfliteTensor input) {
    int[] extents = input.signature().clone();
    for (int i = 0; i < extents.length; i++) {
      extents[i] = extents[i] > 0 ? extents[i] : -1;
    }
    return extents;
  }

  private List<FileGraphWriter.Output> outputs() throws ModelFormatException {
    Set<Integer> ends = new LinkedHashSet<>();
    for (int t : file.outputs()) {
      if (cut.isPresent() && cut.get().outputs().contains(t)) {
        cut.get().inputs().stream().filter(i -> tensor(i).data().isEmpty()).forEach(ends::add);
      } else {
        ends.add(t);
      }
    }
    List<FileGraphWriter.Output> named = new ArrayList<>();
    for (int t : ends) {
      try {
        named.add(new FileGraphWriter.Output(value(t), nameOf(t)));
      } catch (Refused e) {
        throw new ModelFormatException(file.name(), "an output " + e.getMessage(), e);
      }
    }
    return named;
  }

  private void translate(TfliteOperator op, String name) {
    if (op.code() == BuiltinOperator.CUSTOM) {
      if (!op.word().equals(DETECTION)) {
        throw new Refused("is a custom operator, which cannot be run");
      }
      cut = Optional.of(op);
      settings.add(
          new Setting(
              "cut off",
              DETECTION,
              Setting.Origin.FILE,
              "comes after what is measured: it chooses among the boxes"));
      return;
    }
    Step step = new Step(this, op, name);
    List<String> given =
        LayerOperators.translated(step)
            .map(List::of)
            .orElseGet(() -> ValueOperators.translated(step));
    if (given.size() != op.outputs().size()) {
      throw new Refused("has " + op.outputs().size() + " outputs, not " + given.size());
    }
    for (int i = 0; i < given.size(); i++) {
      int number = op.outputs().get(i);
      TfliteTensor to = tensor(number);
      values[number] =
          passesCodes(step, to) ? given.get(i) : coded(nameOf(number), given.get(i), to);
    }
  }

  /** True if an operator's output is codes of its inputs, unchanged. */
  private boolean passesCodes(Step step, TfliteTensor to) {
    if (!MOVING.contains(step.op().code()) || step.activation() != ActivationFunctionType.NONE) {
      return false;
    }
    TfliteTensor.Quantization codes = to.codes().orElse(null);
    return codes != null
        && step.op().inputs().stream()
            .filter(i -> i >= 0)
            .flatMap(i -> tensor(i).codes().stream())
            .allMatch(codes::same);
  }

  /** What a value is when it has been stored in a tensor. */
  private String coded(String name, String value, TfliteTensor to) {
    TfliteTensor.Quantization codes = to.codes().orElse(null);
    if (codes == null) {
      return value;
    }
    if (codes.scales().length != 1) {
      throw new Refused("gives a tensor of " + codes.scales().length + " scales");
    }
    String scale = scale(name, codes, new int[0]);
    String zero = zeroPoint(name, to, new int[0]);
    String q = out.node(name + "/quantize", "QuantizeLinear", value, scale, zero);
    return out.node(name + "/dequantize", "DequantizeLinear", q, scale, zero);
  }

  private String scale(String name, TfliteTensor.Quantization codes, int... dims) {
    for (float s : codes.scales()) {
      if (!(s > 0) || s == Float.POSITIVE_INFINITY) {
        throw new Refused("has a scale of " + s);
      }
    }
    return out.constant(name + "/scale", NdArray.of(dims, codes.scales()));
  }

  private String zeroPoint(String name, TfliteTensor of, int... dims) {
    NdArray.Kind kind = of.type().orElseThrow().kind();
    long[] zeros = of.codes().orElseThrow().zeroPoints();
    long low = kind.signed() ? -1L << (kind.bits() - 1) : 0;
    long high = low + (kind.bits() == Long.SIZE ? -1 : (1L << kind.bits()) - 1);
    for (long z : zeros) {
      if (z < low || z > high) {
        throw new Refused("has a zero point of " + z + ", which is no code");
      }
    }
    return out.constant(name + "/zero_point", NdArray.of(dims, zeros, kind));
  }

  FileGraphWriter out() {
    return out;
  }

  /** A tensor by its number, which is checked here. */
  TfliteTensor tensor(int number) {
    if (number < 0 || number >= file.tensors().size()) {
      throw new Refused("names tensor " + number + " of " + file.tensors().size());
    }
    return file.tensors().get(number);
  }

  String nameOf(int number) {
    boolean known = number >= 0 && number < file.tensors().size();
    String name = known ? file.tensors().get(number).name() : "";
    return name.isEmpty() ? "tensor " + number : name;
  }

  /**
   * The value that a tensor is; of codes what they stand for.
   *
   * @throws Refused if nothing before gives it
   */
  String value(int number) {
    TfliteTensor t = tensor(number);
    if (values[number] == null) {
      values[number] = decoded(nameOf(number), t, array(number), t.rank(), -1);
    }
    return values[number];
  }

  /** A constant of codes as numbers; its axes may have been put into another order. */
  private String decoded(String name, TfliteTensor t, String array, int rank, int axis) {
    TfliteTensor.Quantization codes = t.codes().orElse(null);
    if (codes == null) {
      return array;
    }
    int n = codes.scales().length;
    int[] dims = n == 1 ? new int[0] : new int[] {n};
    int along = axis >= 0 ? axis : codes.axis();
    if (n > 1 && (along < 0 || along >= rank)) {
      throw new Refused("reads scales along axis " + along + " of " + rank);
    }
    return out.node(
        name + "/dequantize",
        "DequantizeLinear",
        Map.of("axis", new Attribute.Whole(along)),
        array,
        scale(name, codes, dims),
        zeroPoint(name, t, dims));
  }

  /** A constant as it is stored. */
  private String array(int number) {
    if (arrays[number] == null) {
      TfliteTensor t = tensor(number);
      String which = "reads " + ModelFormatException.shortened(nameOf(number));
      if (t.data().isEmpty()) {
        throw new Refused(which + ", which nothing before it gives");
      }
      try {
        arrays[number] = out.constant(nameOf(number), stored(t));
      } catch (Refused e) {
        throw new Refused(which + ", which " + e.getMessage(), e);
      }
    }
    return arrays[number];
  }

  /** The values of a constant; tensors may share them, and do not get one copy each. */
  private NdArray stored(TfliteTensor t) {
    if (t.sparsity().isPresent()) {
      made += ElementType.count(t.shape());
      if (made > NdArray.MOST_MADE) {
        throw new Refused("would make too many values of sparse ones");
      }
    }
    if (t.sparsity().isPresent() || t.type().isEmpty()) {
      return t.array();
    }
    Shared key = new Shared(t.buffer(), t.type().get());
    NdArray known = shared.get(key);
    if (known == null || known.size() != ElementType.count(t.shape())) {
      known = t.array();
      shared.put(key, known);
    }
    return known.reshaped(t.shape());
  }

  /**
   * Weights with their axes in another order, their codes put into it before they are decoded.
   *
   * @param name of the operator
   */
  String weights(String name, int number, long... order) {
    TfliteTensor t = tensor(number);
    if (t.rank() != order.length) {
      throw new Refused("its weights have " + t.rank() + " axes, not " + order.length);
    }
    if (values[number] != null || t.codes().isEmpty()) {
      return out.transposed(name + "/weights", value(number), order);
    }
    int axis = -1;
    for (int i = 0; i < order.length; i++) {
      axis = order[i] == t.codes().get().axis() ? i : axis;
    }
    String turned = out.transposed(name + "/weights", array(number), order);
    return decoded(nameOf(number), t, turned, t.rank(), axis);
  }

  /**
   * A constant row of integers.
   *
   * @param what it is, for messages
   */
  long[] integers(int number, String what) {
    TfliteTensor t = tensor(number);
    if (values[number] != null && t.data().isEmpty()) {
      throw new Refused("its " + what + " depends on the input, which cannot run yet");
    }
    boolean floats = t.type().map(ElementType::isFloat).orElse(true);
    if (floats || ElementType.count(t.shape()) > LONGEST_ROW) {
      throw new Refused("its " + what + " is no short row of integers");
    }
    return t.array().integers();
  }
}
