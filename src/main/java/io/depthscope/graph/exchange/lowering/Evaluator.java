package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.Op;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.NdMath;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.stream.IntStream;

/**
 * Computes nodes on tensors: those that depend on no input, while a file is read, and those behind
 * the network, whenever it has run.
 */
final class Evaluator {
  /** From these versions on an operator takes as inputs what were attributes. */
  private static final int BOUNDS_AS_INPUT = 11;

  private static final int AXES_AS_INPUT = 13;

  private static final int REDUCED_AXES_AS_INPUT = 18;

  /** The words of types are those of {@link NdArray.Kind}, and one more. */
  static final String FLOAT = NdArray.Kind.FLOAT.name();

  private static final String BOOL = "BOOL";

  private Evaluator() {}

  /**
   * The outputs of a node.
   *
   * @param inputs null where one is left out
   * @throws Refused if the node is of a kind that is not computed here, or its inputs do not fit
   */
  static List<NdArray> compute(FileNode node, List<NdArray> inputs) {
    try {
      return outputs(new Call(node, inputs));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new Refused(String.valueOf(e.getMessage()), e);
    }
  }

  /** A node with its inputs. */
  private record Call(FileNode node, List<NdArray> inputs) {
    NdArray in(int i) {
      if (!has(i)) {
        throw new Refused("input " + i + " is missing");
      }
      return inputs.get(i);
    }

    boolean has(int i) {
      return i < inputs.size() && inputs.get(i) != null;
    }

    /** Integers of an input, or of an attribute in earlier versions; null if there are none. */
    long[] integers(int input, String attribute, int asInputSince) {
      if (node.opset() < asInputSince || node.has(attribute)) {
        return node.integers(attribute);
      }
      return has(input) ? in(input).integers() : null;
    }
  }

  private static List<NdArray> outputs(Call c) {
    FileNode node = c.node();
    return switch (node.op()) {
      case "Constant" -> List.of(constant(node));
      case "ConstantOfShape" -> List.of(filled(c));
      case "Split" -> split(c);
      case "Dropout" -> {
        if (node.outputs().size() > 1) {
          throw new Refused("its mask cannot be computed");
        }
        yield List.of(c.in(0));
      }
      default -> List.of(output(c));
    };
  }

  private static NdArray output(Call c) {
    FileNode node = c.node();
    return switch (node.op()) {
      case "Identity" -> c.in(0);
      case "QuantizeLinear" -> CodeMath.quantized(node, c.inputs());
      case "DequantizeLinear" ->
          CodeMath.dequantized(
              c.in(0), CodeMath.codes(node, c.inputs(), Optional.of(c.in(0)), c.in(0).rank()));
      case "Cast" -> cast(c.in(0), node.text("to", FLOAT));
      case "Shape" -> shape(c);
      case "Size" -> NdArray.of(new int[0], new long[] {c.in(0).size()});
      case "Reshape" -> c.in(0).reshaped(reshape(node, c.in(0).dims(), c.in(1)));
      case "Flatten" -> c.in(0).reshaped(flatten(node, c.in(0).dims()));
      case "Squeeze" ->
          c.in(0).reshaped(squeeze(c.in(0).dims(), c.integers(1, "axes", AXES_AS_INPUT)));
      case "Unsqueeze" ->
          c.in(0).reshaped(unsqueeze(c.in(0).dims(), c.integers(1, "axes", AXES_AS_INPUT)));
      case "Transpose" -> NdMath.transpose(c.in(0), order(node, c.in(0).rank()));
      case "Concat" -> {
        int axis = NdMath.axis(node.integer("axis", 1), c.in(0).rank());
        for (int i = 1; i < c.inputs().size(); i++) {
          c.in(i);
        }
        yield NdMath.concat(c.inputs(), axis);
      }
      case "Gather" ->
          NdMath.gather(c.in(0), c.in(1), NdMath.axis(node.integer("axis", 0), c.in(0).rank()));
      case "Slice" -> slice(c);
      case "Expand" -> NdMath.expand(c.in(0), NdMath.broadcast(c.in(0).dims(), extents(c.in(1))));
      case "Tile" -> tile(c.in(0), extents(c.in(1)));
      case "Range" -> range(c);
      case "Where" -> where(c);
      case "Not" -> integer(NdMath.map(c.in(0), x -> x == 0 ? 1 : 0));
      case "Softmax", "LogSoftmax" ->
          NdMath.softmax(c.in(0), softmaxAxes(node, c.in(0).rank()), node.op().startsWith("Log"));
      case "LpNormalization" -> unitLength(c);
      case "ArgMax" -> argMax(c);
      case "Clip" -> clip(c);
      case "HardSigmoid" -> {
        float alpha = node.real("alpha", 0.2f);
        float beta = node.real("beta", 0.5f);
        yield NdMath.map(c.in(0), x -> Math.clamp(alpha * x + beta, 0.0, 1.0));
      }
      case "BatchNormalization" -> normalized(c);
      case "Sum", "Max", "Min", "Mean" -> many(c);
      case "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd" -> reduce(c);
      case "Add", "Sub", "Mul", "Div", "Pow", "Mod", "Equal", "Greater", "Less", "And", "Or" ->
          binary(c);
      default -> unary(c);
    };
  }

  private static NdArray constant(FileNode node) {
    Optional<NdArray> tensor = node.tensor("value");
    if (tensor.isPresent()) {
      return tensor.get();
    }
    if (node.has("value_float")) {
      return NdArray.of(new int[0], new float[] {node.real("value_float", 0)});
    }
    if (node.has("value_int")) {
      return NdArray.of(new int[0], new long[] {node.integer("value_int", 0)});
    }
    if (node.has("value_ints")) {
      return NdArray.row(node.integers("value_ints"));
    }
    if (node.has("value_floats")) {
      float[] values = node.reals("value_floats");
      return NdArray.of(new int[] {values.length}, values);
    }
    throw new Refused("holds no value that can be read");
  }

  private static NdArray filled(Call c) {
    int[] dims = extents(c.in(0));
    NdArray value =
        c.node().tensor("value").orElseGet(() -> NdArray.of(new int[] {1}, new float[1]));
    if (value.size() != 1) {
      throw new Refused("fills with " + value.size() + " values");
    }
    return NdArray.filled(value, dims);
  }

  private static NdArray cast(NdArray x, String to) {
    if (to.equals(BOOL)) {
      return integer(NdMath.map(x, v -> v == 0 ? 0 : 1));
    }
    NdArray.Kind kind = NdArray.Kind.valueOf(to);
    return kind == NdArray.Kind.FLOAT
        ? NdArray.of(x.dims(), x.floats())
        : NdArray.of(x.dims(), x.integers(), kind);
  }

  private static NdArray integer(NdArray x) {
    return NdArray.of(x.dims(), x.integers());
  }

  private static NdArray shape(Call c) {
    return shape(c.node(), c.in(0).dims());
  }

  /** The extents that a Shape node gives for a tensor. */
  static NdArray shape(FileNode node, int[] dims) {
    int from = clipped(node.integer("start", 0), dims.length);
    int to = clipped(node.integer("end", dims.length), dims.length);
    return NdArray.row(IntStream.range(from, Math.max(from, to)).mapToLong(i -> dims[i]).toArray());
  }

  private static int clipped(long at, int n) {
    return (int) Math.clamp(at < 0 ? at + n : at, 0, n);
  }

  static int[] extents(NdArray x) {
    long[] values = x.integers();
    int[] dims = new int[values.length];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = FileNode.small("an extent", values[i]);
    }
    return dims;
  }

  /** Extents after a Reshape node. */
  static int[] reshape(FileNode node, int[] dims, NdArray target) {
    int[] out = extents(target);
    boolean literal = node.integer("allowzero", 0) != 0;
    int open = -1;
    long known = 1;
    for (int i = 0; i < out.length; i++) {
      if (out[i] == 0 && !literal) {
        if (i >= dims.length) {
          throw new Refused("copies extent " + i + " of " + dims.length);
        }
        out[i] = dims[i];
      }
      if (out[i] == -1) {
        if (open >= 0) {
          throw new Refused("leaves two extents open");
        }
        open = i;
      } else {
        known = Math.multiplyExact(known, out[i]);
      }
    }
    long size = 1;
    for (int d : dims) {
      size = Math.multiplyExact(size, d);
    }
    if (open >= 0 && known > 0 && size % known == 0) {
      out[open] = FileNode.small("an extent", size / known);
      known *= out[open];
    }
    if (known != size) {
      throw new Refused(
          "cannot make " + Arrays.toString(extents(target)) + " of " + Arrays.toString(dims));
    }
    return out;
  }

  /** Extents after a Flatten node. */
  static int[] flatten(FileNode node, int[] dims) {
    long stated = node.integer("axis", 1);
    int axis = stated == dims.length ? dims.length : NdMath.axis(stated, dims.length);
    int outer = 1;
    int inner = 1;
    for (int i = 0; i < dims.length; i++) {
      outer = i < axis ? Math.multiplyExact(outer, dims[i]) : outer;
      inner = i < axis ? inner : Math.multiplyExact(inner, dims[i]);
    }
    return new int[] {outer, inner};
  }

  /** Extents without some of extent 1. */
  static int[] squeeze(int[] dims, long[] axes) {
    boolean[] gone = new boolean[dims.length];
    if (axes == null) {
      for (int i = 0; i < dims.length; i++) {
        gone[i] = dims[i] == 1;
      }
    } else {
      for (long a : axes) {
        int axis = NdMath.axis(a, dims.length);
        if (dims[axis] != 1) {
          throw new Refused("axis " + axis + " has the extent " + dims[axis]);
        }
        gone[axis] = true;
      }
    }
    return IntStream.range(0, dims.length).filter(i -> !gone[i]).map(i -> dims[i]).toArray();
  }

  /** Extents with some of 1 put between. */
  static int[] unsqueeze(int[] dims, long[] axes) {
    if (axes == null) {
      throw new Refused("axes are missing");
    }
    int rank = Math.addExact(dims.length, axes.length);
    boolean[] fresh = new boolean[rank];
    for (long a : axes) {
      int axis = NdMath.axis(a, rank);
      if (fresh[axis]) {
        throw new Refused("axis " + axis + " is put in twice");
      }
      fresh[axis] = true;
    }
    int[] out = new int[rank];
    int next = 0;
    for (int i = 0; i < rank; i++) {
      out[i] = fresh[i] ? 1 : dims[next++];
    }
    return out;
  }

  /** The order of axes of a Transpose node; reversed where it says nothing. */
  static int[] order(FileNode node, int rank) {
    int[] reversed = new int[rank];
    Arrays.setAll(reversed, i -> rank - 1 - i);
    return NdMath.order(node.small("perm", reversed), rank);
  }

  /**
   * A part of one axis: every step-th element of from..to, {@code to} not among them; backwards if
   * the step is negative.
   */
  record Cut(int axis, int from, int to, int step) {
    int count() {
      return Math.max(0, Math.ceilDiv(to - from, step));
    }

    int[] places() {
      return IntStream.range(0, count()).map(i -> from + i * step).toArray();
    }
  }

  /**
   * What a Slice node takes of a tensor.
   *
   * @param inputs null where one is left out
   */
  static List<Cut> cuts(FileNode node, int[] dims, List<NdArray> inputs) {
    Call c = new Call(node, inputs);
    boolean old = node.opset() < 10;
    long[] starts = old ? node.integers("starts") : c.in(1).integers();
    long[] ends = old ? node.integers("ends") : c.in(2).integers();
    long[] axes = old ? node.integers("axes") : c.has(3) ? c.in(3).integers() : null;
    long[] steps = !old && c.has(4) ? c.in(4).integers() : null;
    int n = starts == null ? -1 : starts.length;
    if (n < 0
        || ends == null
        || ends.length != n
        || (axes != null && axes.length != n)
        || (steps != null && steps.length != n)) {
      throw new Refused("starts, ends, axes and steps do not fit");
    }
    List<Cut> cuts = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int axis = NdMath.axis(axes == null ? i : axes[i], dims.length);
      int step = steps == null ? 1 : FileNode.small("a step", steps[i]);
      int extent = dims[axis];
      if (step == 0 || step == Integer.MIN_VALUE) {
        throw new Refused("a step of " + step);
      }
      if (step > 0) {
        int from = clipped(starts[i], extent);
        cuts.add(new Cut(axis, from, Math.max(from, clipped(ends[i], extent)), step));
      } else {
        // Backwards, an end before the first takes the first with it.
        int from = Math.min(clipped(starts[i], extent), extent - 1);
        long end = ends[i] < 0 ? ends[i] + extent : ends[i];
        cuts.add(new Cut(axis, from, (int) Math.clamp(end, -1, Math.max(from, -1)), step));
      }
    }
    return cuts;
  }

  private static NdArray slice(Call c) {
    NdArray x = c.in(0);
    for (Cut cut : cuts(c.node(), x.dims(), c.inputs())) {
      if (Math.max(cut.from(), cut.to()) > x.dim(cut.axis())) {
        throw new Refused("cuts an axis twice");
      }
      x = NdMath.slice(x, cut.axis(), cut.from(), cut.to(), cut.step());
    }
    return x;
  }

  /**
   * Extents of the parts that a Split node makes of an axis.
   *
   * @param stated those that an input states, or null
   */
  static int[] parts(FileNode node, int extent, NdArray stated) {
    if (node.has("split")) {
      return extents(NdArray.row(node.integers("split")));
    }
    if (stated != null) {
      return extents(stated);
    }
    int n = node.outputs().size();
    int each = Math.ceilDiv(extent, Math.max(1, n));
    int[] parts = new int[n];
    for (int i = 0; i < n; i++) {
      parts[i] = Math.clamp((long) extent - (long) i * each, 0, each);
    }
    return parts;
  }

  private static List<NdArray> split(Call c) {
    int axis = NdMath.axis(c.node().integer("axis", 0), c.in(0).rank());
    int[] parts = parts(c.node(), c.in(0).dim(axis), c.has(1) ? c.in(1) : null);
    if (parts.length != c.node().outputs().size()) {
      throw new Refused(parts.length + " parts for " + c.node().outputs().size() + " outputs");
    }
    return NdMath.split(c.in(0), axis, parts);
  }

  private static NdArray tile(NdArray x, int[] repeats) {
    if (repeats.length != x.rank()) {
      throw new Refused("repeats " + repeats.length + " of " + x.rank() + " axes");
    }
    int[] apart = new int[2 * repeats.length];
    int[] wide = new int[2 * repeats.length];
    int[] dims = new int[repeats.length];
    for (int i = 0; i < repeats.length; i++) {
      apart[2 * i] = 1;
      apart[2 * i + 1] = x.dim(i);
      wide[2 * i] = repeats[i];
      wide[2 * i + 1] = x.dim(i);
      dims[i] = Math.multiplyExact(repeats[i], x.dim(i));
    }
    return NdMath.expand(x.reshaped(apart), wide).reshaped(dims);
  }

  private static NdArray range(Call c) {
    double start = scalar(c.in(0));
    double step = scalar(c.in(2));
    double n = Math.ceil((scalar(c.in(1)) - start) / step);
    int size = NdArray.size((int) Math.clamp(Double.isNaN(n) ? -1 : n, -1, Integer.MAX_VALUE));
    boolean floats = c.in(0).isFloat();
    float[] values = new float[floats ? size : 0];
    long[] whole = new long[floats ? 0 : size];
    for (int i = 0; i < size; i++) {
      if (floats) {
        values[i] = (float) (start + i * step);
      } else {
        whole[i] = (long) (start + i * step);
      }
    }
    int[] dims = {size};
    return floats ? NdArray.of(dims, values) : NdArray.of(dims, whole);
  }

  static double scalar(NdArray x) {
    if (x.size() != 1) {
      throw new Refused("one number is expected, not " + x);
    }
    return x.isFloat() ? x.floats()[0] : x.integers()[0];
  }

  private static NdArray where(Call c) {
    NdArray chosen = NdMath.map(c.in(0), x -> x == 0 ? 0 : 1);
    int[] dims = NdMath.broadcast(c.in(0).dims(), NdMath.broadcast(c.in(1).dims(), c.in(2).dims()));
    NdArray yes = NdMath.expand(c.in(1), dims);
    NdArray no = NdMath.expand(c.in(2), dims);
    float[] which = NdMath.expand(chosen, dims).floats();
    if (!yes.isFloat() && !no.isFloat()) {
      long[] out = new long[which.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = which[i] != 0 ? yes.integers()[i] : no.integers()[i];
      }
      return NdArray.of(dims, out);
    }
    float[] out = new float[which.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = which[i] != 0 ? yes.floats()[i] : no.floats()[i];
    }
    return NdArray.of(dims, out);
  }

  /** Axes along which a Softmax node adds up: before version 13 all from one on. */
  private static boolean[] softmaxAxes(FileNode node, int rank) {
    boolean old = node.opset() < 13;
    int axis = NdMath.axis(node.integer("axis", old ? 1 : -1), rank);
    boolean[] along = new boolean[rank];
    for (int i = axis; i < (old ? rank : axis + 1); i++) {
      along[i] = true;
    }
    return along;
  }

  private static NdArray argMax(Call c) {
    int axis = NdMath.axis(c.node().integer("axis", 0), c.in(0).rank());
    if (c.node().integer("select_last_index", 0) != 0) {
      throw Refused.notYet();
    }
    NdArray found = NdMath.argMax(c.in(0), axis);
    return c.node().integer("keepdims", 1) != 0
        ? found
        : found.reshaped(squeeze(found.dims(), new long[] {axis}));
  }

  /** The ends that a Clip node clamps to; infinite where it states none. */
  record Ends(double low, double high) {}

  /**
   * What a Clip node clamps to.
   *
   * @param inputs null where one is left out
   */
  static Ends ends(FileNode node, List<NdArray> inputs) {
    if (node.opset() < BOUNDS_AS_INPUT) {
      return new Ends(
          node.real("min", Float.NEGATIVE_INFINITY), node.real("max", Float.POSITIVE_INFINITY));
    }
    Call c = new Call(node, inputs);
    return new Ends(
        c.has(1) ? scalar(c.in(1)) : Double.NEGATIVE_INFINITY,
        c.has(2) ? scalar(c.in(2)) : Double.POSITIVE_INFINITY);
  }

  /** Rows along an axis divided by their length. */
  private static NdArray unitLength(Call c) {
    if (c.node().integer("p", 2) != 2) {
      throw Refused.notYet();
    }
    boolean[] along = new boolean[c.in(0).rank()];
    along[NdMath.axis(c.node().integer("axis", -1), along.length)] = true;
    NdArray squares = NdMath.reduce(NdMath.map(c.in(0), x -> x * x), along, NdMath::sum);
    return NdMath.combine(
        c.in(0), squares, (x, s) -> s == 0 ? 0 : x / Math.sqrt(s), (x, s) -> s == 0 ? 0 : x);
  }

  /**
   * In training mode, as networks standardize their weights, a batch norm has no moments stored.
   */
  private static NdArray normalized(Call c) {
    float epsilon = c.node().real("epsilon", 1e-5f);
    Optional<NdMath.Norm> stored =
        c.node().integer("training_mode", 0) != 0
            ? Optional.empty()
            : Optional.of(new NdMath.Norm(c.in(3), c.in(4)));
    return NdMath.normalized(c.in(0), c.in(1), c.in(2), stored, epsilon);
  }

  private static NdArray clip(Call c) {
    Ends ends = ends(c.node(), c.inputs());
    NdArray out = NdMath.map(c.in(0), x -> Math.min(ends.high(), Math.max(ends.low(), x)));
    return c.in(0).isFloat() ? out : integer(out);
  }

  private static NdArray many(Call c) {
    NdArray out = c.in(0);
    for (int i = 1; i < c.inputs().size(); i++) {
      out =
          switch (c.node().op()) {
            case "Max" -> NdMath.combine(out, c.in(i), Math::max, Math::max);
            case "Min" -> NdMath.combine(out, c.in(i), Math::min, Math::min);
            default -> NdMath.combine(out, c.in(i), Double::sum, Long::sum);
          };
    }
    int n = c.inputs().size();
    return c.node().op().equals("Mean") ? NdMath.map(out, x -> x / n) : out;
  }

  /**
   * The axes that a reducing node reduces.
   *
   * @param inputs null where one is left out
   */
  static boolean[] reduced(FileNode node, int rank, List<NdArray> inputs) {
    int since = node.op().equals("ReduceSum") ? AXES_AS_INPUT : REDUCED_AXES_AS_INPUT;
    long[] axes = new Call(node, inputs).integers(1, "axes", since);
    boolean[] along = new boolean[rank];
    if (axes == null || axes.length == 0) {
      Arrays.fill(along, node.integer("noop_with_empty_axes", 0) == 0);
      return along;
    }
    for (long a : axes) {
      along[NdMath.axis(a, rank)] = true;
    }
    return along;
  }

  private static NdArray reduce(Call c) {
    boolean[] along = reduced(c.node(), c.in(0).rank(), c.inputs());
    NdMath.Reduction how =
        switch (c.node().op()) {
          case "ReduceMean" -> v -> NdMath.sum(v) / v.length;
          case "ReduceSum" -> NdMath::sum;
          case "ReduceMax" -> NdMath::max;
          case "ReduceMin" ->
              v -> IntStream.range(0, v.length).mapToDouble(i -> v[i]).min().orElse(0);
          default ->
              v -> IntStream.range(0, v.length).mapToDouble(i -> v[i]).reduce(1, (a, b) -> a * b);
        };
    NdArray out = NdMath.reduce(c.in(0), along, how);
    out = c.in(0).isFloat() ? out : integer(out);
    if (c.node().integer("keepdims", 1) != 0) {
      return out;
    }
    int[] dims = out.dims();
    return out.reshaped(
        IntStream.range(0, dims.length).filter(i -> !along[i]).map(i -> dims[i]).toArray());
  }

  private static NdArray binary(Call c) {
    return switch (c.node().op()) {
      case "Add" -> combine(c, Double::sum, Long::sum);
      case "Sub" -> combine(c, (a, b) -> a - b, (a, b) -> a - b);
      case "Mul" -> combine(c, (a, b) -> a * b, (a, b) -> a * b);
      case "Div" -> combine(c, (a, b) -> a / b, (a, b) -> a / b);
      case "Mod" ->
          combine(
              c,
              (a, b) -> a % b,
              c.node().integer("fmod", 0) != 0 ? (a, b) -> a % b : Math::floorMod);
      case "Pow" -> combine(c, Math::pow, (a, b) -> (long) Math.pow(a, b));
      case "Equal" -> integer(combine(c, (a, b) -> a == b ? 1 : 0, (a, b) -> a == b ? 1 : 0));
      case "Greater" -> integer(combine(c, (a, b) -> a > b ? 1 : 0, (a, b) -> a > b ? 1 : 0));
      case "Less" -> integer(combine(c, (a, b) -> a < b ? 1 : 0, (a, b) -> a < b ? 1 : 0));
      case "And" -> integer(combine(c, (a, b) -> a * b, (a, b) -> a != 0 && b != 0 ? 1 : 0));
      default -> integer(combine(c, Math::max, (a, b) -> a != 0 || b != 0 ? 1 : 0));
    };
  }

  private static NdArray combine(Call c, DoubleBinaryOperator f, LongBinaryOperator whole) {
    return NdMath.combine(c.in(0), c.in(1), f, whole);
  }

  private static NdArray unary(Call c) {
    DoubleUnaryOperator f =
        switch (c.node().op()) {
          case "Neg" -> x -> -x;
          case "Abs" -> Math::abs;
          case "Sqrt" -> Math::sqrt;
          case "Exp" -> Math::exp;
          case "Log" -> Math::log;
          case "Floor" -> Math::floor;
          case "Ceil" -> Math::ceil;
          case "Round" -> Math::rint;
          case "Reciprocal" -> x -> 1 / x;
          case "Relu" -> x -> Math.max(x, 0);
          case "Sigmoid" -> Op.Unary.Function.SIGMOID::of;
          case "Tanh" -> Op.Unary.Function.TANH::of;
          case "Erf" -> Op.Unary.Function.ERF::of;
          case "Softplus" -> Op.Unary.Function.SOFTPLUS::of;
          case "Mish" -> Op.Unary.Function.MISH::of;
          case "LeakyRelu" -> {
            float alpha = c.node().real("alpha", 0.01f);
            yield x -> x < 0 ? alpha * x : x;
          }
          default -> throw Refused.notYet();
        };
    NdArray out = NdMath.map(c.in(0), f);
    return c.in(0).isFloat() ? out : integer(out);
  }
}
