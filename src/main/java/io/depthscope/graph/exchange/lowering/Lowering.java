package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.Op;
import io.depthscope.graph.draft.Draft;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.Tail;
import io.depthscope.graph.draft.View;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.quant.QuantParams;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Goes through a file's nodes in their order and understands each in turn: as a constant, as nodes
 * of the draft, or, where no weights come after it, as a step behind the network.
 */
final class Lowering {
  /** Values that any file may make of nothing, in all. */
  private static final long MOST_MADE = 1L << 27;

  /** Steps that may make others of all numbers that a file holds, as where weights are scaled. */
  private static final long STEPS = 8;

  private static final Set<String> WEIGHTED =
      Set.of("Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "LSTM", "GRU", "RNN");

  /** Their scales are known when the network runs, not before. */
  private static final Set<String> DYNAMIC =
      Set.of("DynamicQuantizeLinear", "ConvInteger", "MatMulInteger");

  private final FileGraph file;
  private final Map<FileNode, List<Value.Constant>> computed;
  private final Sketch sketch;
  private final LayerLowering layers;
  private final ValueLowering byValue;
  private final Set<FileNode> needed;
  private final QuantLowering codes;
  private final MoveLowering moves;
  private final NormLowering norms;
  private final Map<String, Value> values = new HashMap<>();
  private final TailSketch tail;
  private final long mostMade;
  private long made;

  /**
   * @param computed outputs of nodes on constants, kept from one reading to the next
   */
  Lowering(
      FileGraph file,
      Map<FileNode, List<Value.Constant>> computed,
      Shape input,
      View order,
      boolean probing) {
    this.file = file;
    this.computed = computed;
    this.sketch = new Sketch(file.input(), input, order, probing, file.channelsLast());
    this.layers = new LayerLowering(sketch);
    this.byValue = new ValueLowering(sketch, layers);
    this.moves = new MoveLowering(sketch);
    this.norms = new NormLowering(sketch, byValue);
    this.tail = new TailSketch(sketch);
    this.needed = needed();
    this.codes = new QuantLowering(sketch, file, needed);
    this.mostMade = mostMade(file.constants().values());
    file.constants().forEach((name, array) -> values.put(name, new Value.Constant(array)));
    give(file.input(), new Value.Live(0, order));
  }

  /** What a file was understood as. */
  record Lowered(Draft draft, Tail tail) {}

  /**
   * Understands the whole file.
   *
   * @param name of the network
   * @throws ModelFormatException naming the first node that cannot be used
   * @throws Sketch.LayoutFound while probing
   */
  Lowered lower(String name) throws ModelFormatException {
    Set<FileNode> beforeWeights = beforeWeights();
    for (FileNode node : file.nodes()) {
      if (!needed.contains(node)) {
        continue;
      }
      try {
        give(node, understood(node, beforeWeights.contains(node)));
      } catch (Refused | IllegalArgumentException | ArithmeticException e) {
        throw new ModelFormatException(file.file(), node.title() + ": " + e.getMessage(), e);
      }
    }
    List<Value> outputs = new ArrayList<>();
    for (String output : file.outputs()) {
      Value v = values.get(output);
      if (v == null) {
        throw new ModelFormatException(
            file.file(),
            "output " + ModelFormatException.shortened(output) + " cannot be computed");
      }
      if (v instanceof Value.Norming n) {
        throw new ModelFormatException(
            file.file(),
            "output " + ModelFormatException.shortened(output) + " " + n.refusal().getMessage());
      }
      outputs.add(v);
    }
    Tail made = tail.tail(file.outputs(), outputs);
    if (tail.nodes().isEmpty()) {
      throw new ModelFormatException(file.file(), "no output depends on the input");
    }
    return new Lowered(sketch.draft(name, tail.nodes()), made);
  }

  /** Nodes on which an output depends. */
  private Set<FileNode> needed() {
    Set<String> wanted = new HashSet<>(file.outputs());
    Set<FileNode> needed = Collections.newSetFromMap(new IdentityHashMap<>());
    for (FileNode node : file.nodes().reversed()) {
      if (node.outputs().stream().anyMatch(wanted::contains)) {
        needed.add(node);
        wanted.addAll(node.inputs());
      }
    }
    return needed;
  }

  /** Nodes with weights, and those before one. */
  private Set<FileNode> beforeWeights() {
    Set<String> read = new HashSet<>();
    Set<FileNode> before = Collections.newSetFromMap(new IdentityHashMap<>());
    for (FileNode node : file.nodes().reversed()) {
      if (WEIGHTED.contains(node.op()) || node.outputs().stream().anyMatch(read::contains)) {
        before.add(node);
        read.addAll(node.inputs());
      }
    }
    return before;
  }

  private void give(FileNode node, List<? extends Value> given) {
    for (int i = 0; i < Math.min(given.size(), node.outputs().size()); i++) {
      give(node.outputs().get(i), given.get(i));
    }
  }

  private void give(String name, Value value) {
    values.put(name, value);
    codes.given(name, value);
  }

  private List<? extends Value> understood(FileNode node, boolean beforeWeights) {
    List<Value> read = new ArrayList<>();
    boolean constant = true;
    boolean behind = false;
    for (String input : node.inputs()) {
      Value v = input.isEmpty() ? null : values.get(input);
      if (v == null && !input.isEmpty()) {
        throw new Refused(
            "reads " + ModelFormatException.shortened(input) + ", which cannot be computed");
      }
      read.add(v);
      constant &= v == null || v instanceof Value.Constant;
      behind |= v instanceof Value.Behind;
    }
    Inputs in = new Inputs(node, read);
    if (DYNAMIC.contains(node.op())) {
      throw new Refused("chooses its scale anew for each input; static scales can be run");
    }
    if (constant) {
      return folded(in);
    }
    if (node.op().equals("Shape") || node.op().equals("Size")) {
      return List.of(extents(in));
    }
    Refused refused;
    if (behind) {
      refused = new Refused("cannot run yet behind what ends the network");
    } else {
      sketch.mayMove(beforeWeights);
      try {
        return live(in);
      } catch (Refused e) {
        refused = e;
      } catch (IllegalArgumentException | ArithmeticException e) {
        refused = new Refused(String.valueOf(e.getMessage()), e);
      }
    }
    if (beforeWeights) {
      throw refused;
    }
    try {
      return tail.step(in);
    } catch (Refused e) {
      if (behind) {
        throw e;
      }
    }
    // What cannot be done behind the network either may be done by layers that move values.
    sketch.mayMove(true);
    try {
      return live(in);
    } catch (Refused | IllegalArgumentException | ArithmeticException e) {
      throw refused;
    }
  }

  private List<Value.Constant> folded(Inputs in) {
    FileNode node = in.node();
    List<Value.Constant> known = computed.get(node);
    if (known == null) {
      known = computed(in);
      computed.put(node, known);
    }
    // What codes stand for is as large as the file says; all else is made of little or nothing.
    if (!node.op().equals("DequantizeLinear")) {
      for (Value.Constant c : known) {
        made += c.array().size();
      }
    }
    if (made > mostMade) {
      throw new Refused("the file makes more than " + mostMade + " values of nothing");
    }
    return known;
  }

  /** The more numbers a file holds, the more it may make of them. */
  private static long mostMade(Collection<NdArray> constants) {
    long held = constants.stream().filter(NdArray::isFloat).mapToLong(NdArray::size).sum();
    return Math.max(MOST_MADE, STEPS * held);
  }

  private static List<Value.Constant> computed(Inputs in) {
    FileNode node = in.node();
    if (node.op().equals("DequantizeLinear")) {
      return List.of(QuantLowering.stored(in));
    }
    List<NdArray> arrays = Evaluator.compute(node, in.constants());
    if (arrays.size() == 1 && in.has(0) && in.values().getFirst() instanceof Value.Constant c) {
      NdArray made = arrays.getFirst();
      return List.of(new Value.Constant(made, c.codes().flatMap(k -> moved(node, k, c, made))));
    }
    return arrays.stream().map(Value.Constant::new).toList();
  }

  /** The codes of a constant, after a node that moves its values and no more. */
  private static Optional<CodeMath.Codes> moved(
      FileNode node, CodeMath.Codes codes, Value.Constant from, NdArray to) {
    return switch (node.op()) {
      case "Identity" -> Optional.of(codes);
      case "Transpose" ->
          Optional.of(CodeMath.transposed(codes, Evaluator.order(node, from.array().rank())));
      case "Reshape", "Flatten", "Squeeze", "Unsqueeze" ->
          CodeMath.reshaped(codes, from.array().dims(), to.dims());
      default -> Optional.empty();
    };
  }

  private static Value extents(Inputs in) {
    int[] dims =
        switch (in.values().getFirst()) {
          case Value.Live v -> v.view().extents();
          case Value.Quantized q -> q.live().view().extents();
          case Value.Behind b -> b.sample().dims();
          case Value.Constant c -> c.array().dims();
          case Value.Norming n -> throw n.refusal();
        };
    if (in.node().op().equals("Size")) {
      return new Value.Constant(NdArray.of(new int[0], new long[] {NdArray.size(dims)}));
    }
    return new Value.Constant(Evaluator.shape(in.node(), dims));
  }

  private List<? extends Value> live(Inputs in) {
    if (in.node().op().equals("DequantizeLinear")) {
      return List.of(codes.dequantize(in));
    }
    Optional<Value> norm = norms.part(in);
    if (norm.isPresent()) {
      return List.of(norm.get());
    }
    if (in.values().stream().noneMatch(Value.Quantized.class::isInstance)) {
      return in.node().op().equals("Split") ? moves.split(in) : List.of(one(in));
    }
    QuantParams params = QuantLowering.handedOn(in);
    return live(in.withoutCodes()).stream().map(v -> codes.coded(v, params)).toList();
  }

  private Value one(Inputs in) {
    FileNode node = in.node();
    String name = node.name();
    return switch (node.op()) {
      case "Identity", "Dropout" -> in.live(0);
      case "Cast" -> {
        if (!node.text("to", "").equals(Evaluator.FLOAT)) {
          throw Refused.notYet();
        }
        yield in.live(0);
      }
      case "QuantizeLinear" -> codes.quantize(in);
      case "Conv" -> layers.convolution(in);
      case "Gemm" -> layers.gemm(in);
      case "MatMul" -> layers.matMul(in);
      case "BatchNormalization" -> layers.batchNorm(in);
      case "MaxPool" -> layers.pool(in, Op.Pool.Kind.MAX);
      case "AveragePool" -> layers.pool(in, Op.Pool.Kind.AVERAGE);
      case "GlobalMaxPool" -> layers.globalPool(in, Op.Pool.Kind.MAX);
      case "GlobalAveragePool" -> layers.globalPool(in, Op.Pool.Kind.AVERAGE);
      case "ReduceMean", "ReduceMax", "ReduceSum" -> byValue.reduce(in);
      case "ConvTranspose" -> layers.transposedConvolution(in);
      case "LRN" -> layers.localResponse(in);
      case "LayerNormalization" -> norms.layerNorm(in);
      case "Pad" -> moves.pad(in);
      case "Resize", "Upsample" -> moves.resize(in);
      case "DepthToSpace" -> moves.depthToSpace(in);
      case "SpaceToDepth" -> moves.spaceToDepth(in);
      case "Gather" -> moves.gather(in);
      case "Expand" -> moves.expand(in);
      case "Relu" -> byValue.bound(name, in.live(0), 0, Float.POSITIVE_INFINITY);
      case "Clip" -> byValue.clip(in);
      case "Max" -> byValue.extreme(in, true);
      case "Min" -> byValue.extreme(in, false);
      case "Sigmoid" -> byValue.unary(name, in.live(0), Op.Unary.Function.SIGMOID);
      case "Tanh" -> byValue.unary(name, in.live(0), Op.Unary.Function.TANH);
      case "HardSigmoid" ->
          byValue.hardSigmoid(name, in.live(0), node.real("alpha", 0.2f), node.real("beta", 0.5f));
      case "PRelu" -> byValue.prelu(in);
      case "LeakyRelu" -> byValue.leakyRelu(name, in.live(0), node.real("alpha", 0.01f));
      case "Elu" -> byValue.elu(name, in.live(0), node.real("alpha", 1));
      case "Gelu" -> byValue.gelu(node, in.live(0));
      case "Softplus" -> byValue.unary(name, in.live(0), Op.Unary.Function.SOFTPLUS);
      case "Mish" -> byValue.unary(name, in.live(0), Op.Unary.Function.MISH);
      case "Abs" -> byValue.unary(name, in.live(0), Op.Unary.Function.ABS);
      case "Exp" -> byValue.unary(name, in.live(0), Op.Unary.Function.EXP);
      case "Neg" -> byValue.affine(name, in.live(0), -1, 0);
      case "Pow" -> byValue.power(in);
      case "Sqrt" -> byValue.unary(name, in.live(0), Op.Unary.Function.SQRT);
      case "Erf" -> byValue.unary(name, in.live(0), Op.Unary.Function.ERF);
      case "HardSwish" -> byValue.unary(name, in.live(0), Op.Unary.Function.HARD_SWISH);
      case "Add", "Sub", "Mul", "Div" -> byValue.binary(in);
      case "Sum" -> byValue.sum(in);
      case "Concat" -> byValue.concat(in);
      case "Slice" -> moves.slice(in);
      case "Reshape" -> {
        Value.Live x = in.live(0);
        yield byValue.reshaped(x, Evaluator.reshape(node, x.view().extents(), in.constant(1)));
      }
      case "Flatten" -> {
        Value.Live x = in.live(0);
        yield byValue.reshaped(x, Evaluator.flatten(node, x.view().extents()));
      }
      case "Squeeze" -> {
        Value.Live x = in.live(0);
        yield byValue.reshaped(x, Evaluator.squeeze(x.view().extents(), axes(in)));
      }
      case "Unsqueeze" -> {
        Value.Live x = in.live(0);
        yield byValue.reshaped(x, Evaluator.unsqueeze(x.view().extents(), axes(in)));
      }
      case "Transpose" -> {
        Value.Live x = in.live(0);
        yield new Value.Live(x.node(), x.view().transposed(Evaluator.order(node, x.view().rank())));
      }
      default -> throw Refused.notYet();
    };
  }

  private static long[] axes(Inputs in) {
    return in.has(1) ? in.constant(1).integers() : in.node().integers("axes");
  }
}
