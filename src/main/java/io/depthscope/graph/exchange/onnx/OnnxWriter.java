package io.depthscope.graph.exchange.onnx;

import static io.depthscope.graph.exchange.onnx.OnnxBuilder.real;
import static io.depthscope.graph.exchange.onnx.OnnxBuilder.text;
import static io.depthscope.graph.exchange.onnx.OnnxBuilder.whole;
import static io.depthscope.graph.exchange.onnx.OnnxBuilder.wholes;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.graph.draft.HandedOn;
import io.depthscope.graph.exchange.KernelLayout;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes a network as an ONNX file, NCHW, for a batch of any size. Quantized, each rounded output
 * has a QuantizeLinear and a DequantizeLinear behind its clamp, and each kernel's codes a
 * DequantizeLinear: whoever runs that in float32 runs the quantized network.
 */
public final class OnnxWriter {
  /** The first version of the operators that rounds to 16 bits. */
  private static final int WIDE_CODES = 21;

  private final Network network;
  private final Graph graph;
  private final Optional<QuantSpec> spec;
  private final boolean codedBias;
  private final OnnxBuilder file;
  private final OnnxMoves moves;
  private final String[] values;

  private OnnxWriter(Network network, Optional<QuantSpec> spec, boolean codedBias) {
    this.network = network;
    this.graph = network.graph();
    this.spec = spec;
    this.codedBias = codedBias;
    this.file = new OnnxBuilder(graph.name());
    this.moves = new OnnxMoves(file);
    this.values = new String[graph.size()];
  }

  /** The network in float32. */
  public static byte[] write(Network network) {
    return new OnnxWriter(network, Optional.empty(), false).write();
  }

  /**
   * The network as a spec quantizes it.
   *
   * @param codedBias biases in int32, to the scale of the input times that of the weights, where
   *     both are quantized; else in float32, as the quantized network has them
   * @throws IllegalArgumentException if a tensor has codes that no type of ONNX holds; the message
   *     names its node
   */
  public static byte[] write(Network network, QuantSpec spec, boolean codedBias) {
    return new OnnxWriter(network, Optional.of(spec), codedBias).write();
  }

  private byte[] write() {
    graph.nodes().forEach(node -> file.reserve(node.name()));
    for (int i = 0; i < graph.size(); i++) {
      add(i);
    }
    graph.outputs().forEach(this::output);
    return file.build();
  }

  /** Adds a node: the operation, its clamp, its rounding, and its shape if it is handed out. */
  private void add(int i) {
    Node node = graph.node(i);
    String name = node.name();
    Shape shape = graph.shape(i);
    Optional<QuantParams> rounding = spec.flatMap(s -> s.output(name));
    boolean flat = graph.outputs().contains(i) && shape.positions() == 1;
    List<Step> steps = new ArrayList<>();
    if (!(node.op() instanceof Op.Input)) {
      steps.add(out -> operation(i, out));
    }
    clampSteps(name, node.clamp(), steps, i);
    rounding.ifPresent(p -> roundingSteps(name, p, node.clamp(), steps, i));
    if (flat) {
      steps.add(
          out -> file.node(name + "/flat", "Flatten", List.of(values[i]), out, whole("axis", 1)));
    }
    if (node.op() instanceof Op.Input) {
      file.input(name, shape.channels(), shape.height(), shape.width());
      values[i] = name;
    }
    for (int s = 0; s < steps.size(); s++) {
      boolean last = s == steps.size() - 1;
      boolean named = last && !(node.op() instanceof Op.Input);
      String out = named ? name : file.fresh(name + "/" + s);
      steps.get(s).add(out);
      if (!(last && flat)) {
        values[i] = out; // others read the map, not the row of an output
      }
    }
  }

  /** Says that a node's value is an output of the file. */
  private void output(int i) {
    Shape shape = graph.shape(i);
    if (graph.node(i).op() instanceof Op.Input) {
      throw new IllegalArgumentException("an ONNX file cannot hand out its own input");
    }
    if (shape.positions() == 1) {
      file.output(graph.node(i).name(), shape.channels());
    } else {
      file.output(graph.node(i).name(), shape.channels(), shape.height(), shape.width());
    }
  }

  /** Adds nodes that make a value. */
  private interface Step {
    void add(String out);
  }

  private void operation(int i, String out) {
    Node node = graph.node(i);
    String name = node.name();
    List<String> in = node.inputs().stream().map(k -> values[k]).toList();
    String x = in.getFirst();
    Shape shape = graph.inputShapes(i).getFirst();
    switch (node.op()) {
      case Op.Input ignored -> throw new IllegalStateException("the input computes nothing");
      case Op.Convolution c -> convolution(node, c, x, out);
      case Op.Pool p -> pool(name, p, x, out);
      case Op.Elementwise e ->
          file.node(
              name,
              switch (e.function()) {
                case ADD -> "Add";
                case MUL -> "Mul";
                case SUB -> "Sub";
              },
              in,
              out);
      case Op.Unary u -> unary(name, u.function(), x, out);
      case Op.Concat c -> file.node(name, "Concat", in, out, whole("axis", 1));
      case Op.Rearrange r -> {
        float[] fill = spec.isPresent() ? HandedOn.fill(graph, spec.get(), node, r) : r.fill();
        moves.rearrange(name, r, fill, x, out);
      }
      case Op.Resize r -> moves.resize(name, r, shape, x, out);
      case Op.LeakyRelu l -> {
        if (l.slope().length == 1) {
          file.node(name, "LeakyRelu", in, out, real("alpha", l.slope()[0]));
        } else {
          String slope = file.constant(name + "/slope", l.slope(), l.slope().length, 1, 1);
          file.node(name, "PRelu", List.of(x, slope), out);
        }
      }
      case Op.LocalResponse l ->
          file.node(
              name,
              "LRN",
              in,
              out,
              whole("size", l.size()),
              real("alpha", l.alpha()),
              real("beta", l.beta()),
              real("bias", l.bias()));
      case LayerNorm n -> layerNorm(name, n, shape.channels(), x, out);
    }
  }

  /** ONNX normalizes the last axes: the channels go there and back. */
  private void layerNorm(String name, LayerNorm op, int channels, String x, String out) {
    List<String> in =
        List.of(
            turned(name + "/nhwc", x, 0, 2, 3, 1),
            each(name + "/scale", op.scale(), channels),
            each(name + "/shift", op.shift(), channels));
    AttributeProto[] how = {whole("axis", -1), real("epsilon", op.epsilon())};
    String normed = file.node(name, "LayerNormalization", in, file.fresh(name + "/normed"), how);
    file.node(name + "/nchw", "Transpose", List.of(normed), out, wholes("perm", 0, 3, 1, 2));
  }

  private String turned(String name, String x, int... axes) {
    return file.node(name, "Transpose", List.of(x), file.fresh(name), wholes("perm", axes));
  }

  private String each(String name, float[] values, int channels) {
    return file.constant(name, FloatTensor.eachChannel(values, channels, channels), channels);
  }

  private void convolution(Node node, Op.Convolution op, String x, String out) {
    FoldedWeights w = spec.isPresent() ? network.quantizable(node) : network.weightsOf(node);
    Optional<QuantizedTensor> codes = spec.flatMap(s -> s.weights(node.name()));
    String kernel =
        codes.isPresent()
            ? codedKernel(node.name(), w.kernel().dims(), codes.get())
            : file.constant(node.name() + ".weight", KernelLayout.OIHW.toStored(w.kernel()));
    List<AttributeProto> attributes = window(op.window());
    attributes.add(whole("group", op.groups()));
    file.node(
        node.name(),
        "Conv",
        List.of(x, kernel, bias(node, w, codes)),
        out,
        attributes.toArray(AttributeProto[]::new));
  }

  private String codedKernel(String name, int[] dims, QuantizedTensor codes) {
    float[] values = new float[codes.codes().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = codes.codes()[i]; // at most 16 bits: float32 holds them
    }
    FloatTensor turned = KernelLayout.OIHW.toStored(FloatTensor.of(values, dims));
    int[] inFileOrder = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      inFileOrder[i] = (int) turned.data()[i];
    }
    TensorProto.DataType type = type(name, codes.params());
    String stored = file.codes(name + ".weight_codes", type, inFileOrder, turned.dims());
    return dequantized(name + ".weight", stored, codes.params(), type);
  }

  /** The value that stored codes stand for, by one scale or one for each place of axis 0. */
  private String dequantized(
      String name, String codes, List<QuantParams> params, TensorProto.DataType type) {
    int n = params.size();
    float[] scales = new float[n];
    int[] zeros = new int[n];
    for (int c = 0; c < n; c++) {
      scales[c] = params.get(c).scale();
      zeros[c] = params.get(c).zeroPoint();
    }
    int[] dims = n == 1 ? new int[0] : new int[] {n};
    String scale = file.constant(name + "_scale", scales, dims);
    String zero = file.codes(name + "_zero_point", type, zeros, dims);
    AttributeProto[] axis =
        n == 1 ? new AttributeProto[0] : new AttributeProto[] {whole("axis", 0)};
    return file.node(name, "DequantizeLinear", List.of(codes, scale, zero), file.fresh(name), axis);
  }

  private String bias(Node node, FoldedWeights w, Optional<QuantizedTensor> codes) {
    String name = node.name() + ".bias";
    Optional<QuantParams> input = spec.flatMap(s -> HandedOn.to(graph, s, node));
    if (!codedBias || codes.isEmpty() || input.isEmpty()) {
      return file.constant(name, w.bias(), w.bias().length);
    }
    List<QuantParams> params = new ArrayList<>();
    int[] rounded = new int[w.bias().length];
    for (int c = 0; c < rounded.length; c++) {
      List<QuantParams> each = codes.get().params();
      float scale = input.get().scale() * each.get(each.size() == 1 ? 0 : c).scale();
      if (!(scale > 0 && Float.isFinite(scale))) {
        throw new IllegalArgumentException(
            "layer " + node.name() + ": no int32 bias has the scale " + scale);
      }
      rounded[c] = (int) Math.rint((double) w.bias()[c] / scale); // saturates
      if (params.size() < each.size()) {
        params.add(new QuantParams(scale, 0, Integer.MIN_VALUE, Integer.MAX_VALUE));
      }
    }
    TensorProto.DataType type = TensorProto.DataType.INT32;
    String stored = file.codes(name + "_codes", type, rounded, rounded.length);
    return dequantized(name, stored, params, type);
  }

  private void pool(String name, Op.Pool op, String x, String out) {
    boolean mean = op.kind() == Op.Pool.Kind.AVERAGE;
    if (op.window().isEmpty()) {
      file.node(name, mean ? "GlobalAveragePool" : "GlobalMaxPool", List.of(x), out);
      return;
    }
    Window w = op.window().get();
    List<AttributeProto> attributes = window(w);
    if (mean) {
      attributes.add(whole("count_include_pad", 0));
      if (w.isDilated()) {
        file.needs(19);
      } else {
        attributes.removeIf(a -> a.getName().equals("dilations"));
      }
    }
    file.node(
        name,
        mean ? "AveragePool" : "MaxPool",
        List.of(x),
        out,
        attributes.toArray(AttributeProto[]::new));
  }

  private static List<AttributeProto> window(Window w) {
    Padding p = w.padding();
    List<AttributeProto> attributes = new ArrayList<>();
    attributes.add(wholes("kernel_shape", w.kernelH(), w.kernelW()));
    attributes.add(wholes("strides", w.strideH(), w.strideW()));
    attributes.add(wholes("dilations", w.dilationH(), w.dilationW()));
    attributes.add(wholes("pads", p.top(), p.left(), p.bottom(), p.right()));
    return attributes;
  }

  private void unary(String name, Op.Unary.Function function, String x, String out) {
    List<String> in = List.of(x);
    switch (function) {
      case SIGMOID -> file.node(name, "Sigmoid", in, out);
      case TANH -> file.node(name, "Tanh", in, out);
      case HARD_SWISH -> file.node(name, "HardSwish", in, out);
      case SILU -> {
        String gate = file.node(name + "/gate", "Sigmoid", in, file.fresh(name + "/gate"));
        file.node(name, "Mul", List.of(x, gate), out);
      }
      case GELU -> {
        file.needs(20);
        file.node(name, "Gelu", in, out);
      }
      case GELU_TANH -> {
        file.needs(20);
        file.node(name, "Gelu", in, out, text("approximate", "tanh"));
      }
      case MISH -> {
        file.needs(18);
        file.node(name, "Mish", in, out);
      }
      case SOFTPLUS -> file.node(name, "Softplus", in, out);
      case ELU -> file.node(name, "Elu", in, out);
      case ERF -> file.node(name, "Erf", in, out);
      case ABS -> file.node(name, "Abs", in, out);
      case EXP -> file.node(name, "Exp", in, out);
      case SQRT -> file.node(name, "Sqrt", in, out);
    }
  }

  private void clampSteps(String name, Clamp clamp, List<Step> steps, int i) {
    if (clamp.equals(Clamp.NONE)) {
      return;
    }
    if (clamp.equals(Clamp.RELU)) {
      steps.add(out -> file.node(name + "/relu", "Relu", List.of(values[i]), out));
    } else if (clamp.isPerChannel()) {
      steps.add(out -> each(name, "Max", clamp.lower(), values[i], out));
      steps.add(out -> each(name, "Min", clamp.upper(), values[i], out));
    } else {
      steps.add(out -> clip(name + "/clip", clamp.lower(0), clamp.upper(0), values[i], out));
    }
  }

  private void each(String name, String op, float[] ends, String x, String out) {
    String own = name + "/" + (op.equals("Max") ? "lower" : "upper");
    file.node(own, op, List.of(x, file.constant(own, ends, 1, ends.length, 1, 1)), out);
  }

  private void clip(String name, float lower, float upper, String x, String out) {
    String low =
        lower == Float.NEGATIVE_INFINITY ? "" : file.constant(name + "_low", scalar(lower));
    List<String> in =
        upper == Float.POSITIVE_INFINITY
            ? List.of(x, low)
            : List.of(x, low, file.constant(name + "_high", scalar(upper)));
    file.node(name, "Clip", in, out);
  }

  private static float[] scalar(float value) {
    return new float[] {value};
  }

  private void roundingSteps(String name, QuantParams p, Clamp clamp, List<Step> steps, int i) {
    TensorProto.DataType type = type(name, List.of(p));
    Range all = Range.of(type);
    float lowest = p.dequantize(p.qmin());
    float highest = p.dequantize(p.qmax());
    boolean below = p.qmin() > all.least && !holds(clamp.lower(), v -> v >= lowest);
    boolean above = p.qmax() < all.most && !holds(clamp.upper(), v -> v <= highest);
    if (below || above) {
      // Fewer codes than the type has: values are held to those, for the type saturates later.
      steps.add(
          out ->
              clip(
                  name + "/codes_clip",
                  below ? lowest : Float.NEGATIVE_INFINITY,
                  above ? highest : Float.POSITIVE_INFINITY,
                  values[i],
                  out));
    }
    String[] shared = new String[2];
    steps.add(
        out -> {
          shared[0] = file.constant(name + "_scale", scalar(p.scale()));
          shared[1] = file.codes(name + "_zero_point", type, new int[] {p.zeroPoint()});
          file.node(
              name + "/quantize", "QuantizeLinear", List.of(values[i], shared[0], shared[1]), out);
        });
    steps.add(
        out ->
            file.node(
                name + "/dequantize",
                "DequantizeLinear",
                List.of(values[i], shared[0], shared[1]),
                out));
  }

  private interface Condition {
    boolean of(float value);
  }

  private static boolean holds(float[] values, Condition condition) {
    for (float v : values) {
      if (!condition.of(v)) {
        return false;
      }
    }
    return true;
  }

  /** Codes that a type holds. */
  private record Range(int least, int most) {
    static Range of(TensorProto.DataType type) {
      return switch (type) {
        case UINT8 -> new Range(0, 255);
        case INT8 -> new Range(-128, 127);
        case UINT16 -> new Range(0, 65_535);
        default -> new Range(-32_768, 32_767);
      };
    }
  }

  /** The smallest type that holds all codes. */
  private TensorProto.DataType type(String node, List<QuantParams> params) {
    for (TensorProto.DataType type :
        List.of(
            TensorProto.DataType.UINT8,
            TensorProto.DataType.INT8,
            TensorProto.DataType.UINT16,
            TensorProto.DataType.INT16)) {
      Range r = Range.of(type);
      if (params.stream().allMatch(p -> p.qmin() >= r.least && p.qmax() <= r.most)) {
        if (r.most > 255) {
          file.needs(WIDE_CODES);
        }
        return type;
      }
    }
    throw new IllegalArgumentException(
        "layer "
            + node
            + ": no type of ONNX holds its codes "
            + params.getFirst().qmin()
            + ".."
            + params.getFirst().qmax());
  }
}
