package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Op.Elementwise.Function;
import io.depthscope.graph.draft.DraftOp;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.NdMath;
import io.depthscope.graph.draft.View;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Nodes that work value by value, or on whole channels, or on the axes alone. */
final class ValueLowering {
  /** More are an input taken for one row, or a damaged file. */
  private static final int MOST_CHANNELS = 1 << 24;

  private final Sketch sketch;
  private final LayerLowering layers;

  ValueLowering(Sketch sketch, LayerLowering layers) {
    this.sketch = sketch;
    this.layers = layers;
  }

  private Value.Live add(String name, DraftOp op, Value.Live x) {
    return new Value.Live(
        sketch.add(name, op, List.of(x.node()), Optional.empty(), x.view()), x.view());
  }

  Value.Live bound(String name, Value.Live x, float low, float high) {
    return add(name, new DraftOp.Bound(Clamp.of(low, high)), x);
  }

  Value clip(Inputs in) {
    FileNode node = in.node();
    Evaluator.Ends ends = Evaluator.ends(node, in.stated());
    return bound(node.name(), in.live(0), (float) ends.low(), (float) ends.high());
  }

  /** A clamp to one constant, or to one for each channel. */
  Value extreme(Inputs in, boolean max) {
    if (in.size() != 2 || in.isConstant(0) == in.isConstant(1)) {
      throw Refused.notYet();
    }
    int c = in.isConstant(0) ? 0 : 1;
    Value.Live x = in.live(1 - c);
    float[] ends =
        in.constant(c).size() == 1
            ? new float[] {(float) Evaluator.scalar(in.constant(c))}
            : byChannel(in.constant(c), x);
    float[] open = new float[ends.length];
    Arrays.fill(open, max ? Float.POSITIVE_INFINITY : Float.NEGATIVE_INFINITY);
    Clamp clamp = max ? new Clamp(ends, open) : new Clamp(open, ends);
    return add(in.node().name(), new DraftOp.Bound(clamp), x);
  }

  Value.Live unary(String name, Value.Live x, Op.Unary.Function function) {
    return add(name, new DraftOp.Of(new Op.Unary(function)), x);
  }

  /** max(0, min(1, alpha x + beta)). */
  Value.Live hardSigmoid(String name, Value.Live x, float alpha, float beta) {
    Value.Live line = affine(name, x, alpha, beta);
    return bound(name + "/clamp", line, 0, 1);
  }

  /** scale x + shift. */
  Value.Live affine(String name, Value.Live x, float scale, float shift) {
    int channels = sketch.shape(x.node()).channels();
    float[] scales = new float[channels];
    float[] shifts = new float[channels];
    Arrays.fill(scales, scale);
    Arrays.fill(shifts, shift);
    return layers.normalized(name, x, BatchNorm.affine(scales, shifts));
  }

  /** Add, Sub, Mul or Div of two values, either of which may be a constant. */
  Value binary(Inputs in) {
    String op = in.node().op();
    String name = in.node().name();
    if (!in.isConstant(0) && !in.isConstant(1)) {
      return switch (op) {
        case "Add" -> combined(name, in.live(0), in.live(1), Function.ADD);
        case "Sub" -> combined(name, in.live(0), in.live(1), Function.SUB);
        case "Mul" -> combined(name, in.live(0), in.live(1), Function.MUL);
        default -> throw Refused.notYet();
      };
    }
    boolean first = in.isConstant(0);
    Value.Live x = in.live(first ? 1 : 0);
    float[] c = byChannel(in.constant(first ? 0 : 1), x);
    if (op.equals("Div") && first) {
      throw Refused.notYet();
    }
    float[] scale = new float[c.length];
    float[] shift = new float[c.length];
    for (int i = 0; i < c.length; i++) {
      scale[i] =
          switch (op) {
            case "Mul" -> c[i];
            case "Div" -> 1 / c[i];
            default -> op.equals("Sub") && first ? -1 : 1;
          };
      shift[i] =
          switch (op) {
            case "Add" -> c[i];
            case "Sub" -> first ? c[i] : -c[i];
            default -> 0;
          };
    }
    return layers.normalized(name, x, BatchNorm.affine(scale, shift));
  }

  /** A value to the power of 1, 2, 3 or 1/2. */
  Value power(Inputs in) {
    String name = in.node().name();
    Value.Live x = in.live(0);
    double exponent = Evaluator.scalar(in.constant(1));
    if (exponent == 1) {
      return x;
    }
    if (exponent == 0.5) {
      return unary(name, x, Op.Unary.Function.SQRT);
    }
    if (exponent != 2 && exponent != 3) {
      throw new Refused("takes the power of " + exponent + ", which cannot run yet");
    }
    Value.Live square = combined(exponent == 2 ? name : name + "/square", x, x, Function.MUL);
    return exponent == 2 ? square : combined(name, square, x, Function.MUL);
  }

  /** A constant that goes with a value, one number for each channel of the node. */
  float[] byChannel(NdArray constant, Value.Live x) {
    View view = x.view();
    int channels = sketch.shape(x.node()).channels();
    if (channels > MOST_CHANNELS) {
      throw new Refused("has a constant for each of " + channels + " channels");
    }
    float[] out = new float[channels];
    float[] in = constant.floats();
    if (in.length == 1 && constant.rank() <= view.rank()) {
      Arrays.fill(out, in[0]);
      return out;
    }
    int[] dims = NdMath.broadcast(constant.dims(), view.extents());
    if (!Arrays.equals(dims, view.extents())) {
      throw new Refused("its constant " + constant + " makes it larger");
    }
    int stride = 1;
    int[] places = new int[channels];
    for (int d = view.rank() - 1, k = constant.rank() - 1; k >= 0; d--, k--) {
      int extent = constant.dim(k);
      if (extent == 1) {
        continue;
      }
      if (!view.isChannels(d)) {
        sketch.needsUsualLayout(x);
        throw new Refused("its constant " + constant + " differs between positions");
      }
      View.Atom[] atoms = view.axis(d).toArray(View.Atom[]::new); // no iterator a channel
      for (int c = 0; c < channels; c++) {
        int at = 0;
        for (View.Atom a : atoms) {
          at = at * a.extent() + c / a.stride() % a.extent();
        }
        places[c] += at * stride;
      }
      stride *= extent;
    }
    for (int c = 0; c < channels; c++) {
      out[c] = in[places[c]];
    }
    return out;
  }

  /**
   * Two values of the network combined. Either may stand for all positions; one that stands for
   * more along other axes is spread over them first.
   */
  Value.Live combined(String name, Value.Live a, Value.Live b, Function function) {
    DraftOp op = new DraftOp.Of(new Op.Elementwise(function));
    Shape sa = sketch.shape(a.node());
    Shape sb = sketch.shape(b.node());
    int rank = Math.max(a.view().rank(), b.view().rank());
    View va = a.view().widened(rank);
    View vb = b.view().widened(rank);
    if (sa.equals(sb) && va.equals(vb)) {
      return made(name, op, a, b, va);
    }
    if (sa.channels() == sb.channels() && sb.positions() == 1 && fits(va, vb)) {
      return made(name, op, a, b, va);
    }
    if (sa.channels() == sb.channels() && sa.positions() == 1 && fits(vb, va)) {
      return made(name, op, a, b, vb);
    }
    int[] dims = NdMath.broadcast(va.extents(), vb.extents());
    Value.Live wideA = spread(name + "/left", new Value.Live(a.node(), va), dims, vb, sb);
    Value.Live wideB = spread(name + "/right", new Value.Live(b.node(), vb), dims, va, sa);
    if (wideA.node() != a.node() || wideB.node() != b.node()) {
      return combined(name, wideA, wideB, function);
    }
    if (rank != 4) {
      throw new Refused("its two inputs lie in different orders");
    }
    int left = sketch.nchw(name + "/left", new Value.Live(a.node(), va));
    int right = sketch.nchw(name + "/right", new Value.Live(b.node(), vb));
    return sketch.addNchw(name, op, List.of(left, right), Optional.empty(), rank);
  }

  /**
   * A value repeated along axes of extent 1, to lie like another that has all of these extents, or
   * else as [1, C, H, W].
   */
  private Value.Live spread(String name, Value.Live v, int[] dims, View like, Shape of) {
    if (Arrays.equals(v.view().extents(), dims)) {
      return v;
    }
    if (Arrays.equals(like.extents(), dims)) {
      return sketch.spread(name, v, of, like);
    }
    if (dims.length != 4 || dims[0] != 1) {
      throw new Refused("its two inputs lie in different orders");
    }
    Shape all = new Shape(dims[2], dims[3], dims[1]);
    return sketch.spread(name, v, all, View.nchw(all));
  }

  private Value.Live made(String name, DraftOp op, Value.Live a, Value.Live b, View view) {
    int node = sketch.add(name, op, List.of(a.node(), b.node()), Optional.empty(), view);
    return new Value.Live(node, view);
  }

  /** True if a value of one position has the channels along the same axes as a larger one. */
  private static boolean fits(View large, View small) {
    for (int d = 0; d < large.rank(); d++) {
      List<View.Atom> axis = large.axis(d);
      if (!small.axis(d).equals(large.isChannels(d) ? axis : List.of())) {
        return false;
      }
    }
    return true;
  }

  /** A sum of any number of values. */
  Value sum(Inputs in) {
    String name = in.node().name();
    Value.Live total = in.live(0);
    for (int i = 1; i < in.size(); i++) {
      String part = i == in.size() - 1 ? name : name + "/" + i;
      total = combined(part, total, in.live(i), Function.ADD);
    }
    return total;
  }

  /** Mean, sum or maximum over all positions. */
  Value reduce(Inputs in) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    View view = x.view();
    sketch.needsUsualLayout(x);
    boolean[] along = Evaluator.reduced(node, view.rank(), in.stated());
    boolean keeps = node.integer("keepdims", 1) != 0;
    int positions = 1;
    List<List<View.Atom>> left = new ArrayList<>();
    for (int d = 0; d < view.rank(); d++) {
      if (along[d] && view.axis(d).stream().anyMatch(a -> a.axis() == View.Axis.CHANNEL)) {
        throw new Refused("reduces over channels, which cannot run yet");
      }
    }
    for (int d = 0; d < view.rank(); d++) {
      if (along[d]) {
        positions *= view.extent(d);
      } else {
        if (view.axis(d).stream().anyMatch(a -> a.axis() != View.Axis.CHANNEL)) {
          throw new Refused("reduces over some of the positions, which cannot run yet");
        }
      }
      if (!along[d] || keeps) {
        left.add(along[d] ? List.of() : view.axis(d));
      }
    }
    Op.Pool.Kind kind = node.op().equals("ReduceMax") ? Op.Pool.Kind.MAX : Op.Pool.Kind.AVERAGE;
    DraftOp op = new DraftOp.Of(new Op.Pool(kind, Optional.empty()));
    View after = new View(left);
    int made = sketch.add(node.name(), op, List.of(x.node()), Optional.empty(), after);
    Value.Live pooled = new Value.Live(made, after);
    return node.op().equals("ReduceSum")
        ? affine(node.name() + "/sum", pooled, positions, 0)
        : pooled;
  }

  Value concat(Inputs in) {
    FileNode node = in.node();
    List<Value.Live> lives = new ArrayList<>();
    for (Value v : in.values()) {
      if (v instanceof Value.Live live) {
        lives.add(live);
      } else if (!(v instanceof Value.Constant)) {
        throw new Refused("an input is missing");
      }
    }
    int axis = NdMath.axis(node.integer("axis", 1), lives.getFirst().view().rank());
    for (int k = 0; k < lives.size() && axis == 1; k++) {
      lives.set(k, channelsBehindBatch(node.name() + "/" + k, lives.get(k)));
    }
    View first = lives.getFirst().view();
    List<Integer> joined = new ArrayList<>();
    int channels = 0;
    for (Value.Live live : lives) {
      sketch.needsUsualLayout(live);
      if (live.view().rank() != first.rank() || !sketch.isAllChannels(live, axis)) {
        throw new Refused("joins along another axis than channels, which cannot run yet");
      }
      for (int d = 0; d < first.rank(); d++) {
        if (d != axis && !live.view().axis(d).equals(first.axis(d))) {
          throw new Refused("its inputs lie in different orders");
        }
      }
      joined.add(sketch.ordered(node.name(), live, axis).node());
      channels += sketch.shape(live.node()).channels();
    }
    Value.Live all = new Value.Live(joined.getFirst(), first.withChannels(axis, channels));
    if (joined.size() > 1) {
      DraftOp op = new DraftOp.Of(new Op.Concat(joined.size()));
      all =
          new Value.Live(
              sketch.add(node.name(), op, joined, Optional.empty(), all.view()), all.view());
    }
    return lives.size() == in.size() ? all : filled(in, axis, all);
  }

  /** A value whose second axis is no channels, such as a moved one, made one where it is. */
  private Value.Live channelsBehindBatch(String name, Value.Live v) {
    int rank = v.view().rank();
    if ((rank != 3 && rank != 4) || sketch.isAllChannels(v, 1)) {
      return v;
    }
    int node = sketch.nchw(name, v);
    return new Value.Live(node, Sketch.nchw(sketch.shape(node), rank));
  }

  /** Puts channels of constants among those of a value. */
  private Value filled(Inputs in, int axis, Value.Live all) {
    List<Integer> source = new ArrayList<>();
    List<Float> constant = new ArrayList<>();
    int next = 0;
    for (Value v : in.values()) {
      if (v instanceof Value.Live live) {
        int channels = sketch.shape(live.node()).channels();
        for (int c = 0; c < channels; c++) {
          source.add(next++);
          constant.add(0f);
        }
      } else if (v instanceof Value.Constant(NdArray array, var ignored)) {
        for (float c : uniform(array, axis, all.view())) {
          source.add(-1);
          constant.add(c);
        }
      }
    }
    float[] values = new float[constant.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = constant.get(i);
    }
    int[] places = source.stream().mapToInt(i -> i).toArray();
    return sketch.picked(in.node().name(), all, axis, places, values);
  }

  /** For each place along an axis the one value that a constant has there. */
  private static float[] uniform(NdArray x, int axis, View of) {
    for (int d = 0; d < of.rank(); d++) {
      if (x.rank() != of.rank() || (d != axis && x.dim(d) != of.extent(d))) {
        throw new Refused("its constant " + x + " does not fit");
      }
    }
    int inner = 1;
    for (int d = axis + 1; d < x.rank(); d++) {
      inner *= x.dim(d);
    }
    float[] in = x.floats();
    float[] out = new float[x.dim(axis)];
    for (int i = 0; i < in.length; i++) {
      int c = i / inner % out.length;
      if (i < inner * out.length && i % inner == 0) {
        out[c] = in[i];
      } else if (Float.compare(in[i], out[c]) != 0) {
        throw new Refused("its constant differs between positions");
      }
    }
    return out;
  }

  /** Values below 0 times one slope, or one for each channel. */
  Value.Live leakyRelu(String name, Value.Live x, float... slope) {
    return add(name, new DraftOp.Of(new Op.LeakyRelu(slope)), x);
  }

  Value prelu(Inputs in) {
    Value.Live x = in.live(0);
    return leakyRelu(in.node().name(), x, byChannel(in.constant(1), x));
  }

  /** Below 0, alpha (exp(x) - 1). */
  Value.Live elu(String name, Value.Live x, float alpha) {
    Value.Live one = unary(name, x, Op.Unary.Function.ELU);
    return alpha == 1 ? one : leakyRelu(name + "/alpha", one, alpha);
  }

  Value gelu(FileNode node, Value.Live x) {
    String kind = node.text("approximate", "none");
    return unary(
        node.name(),
        x,
        switch (kind) {
          case "none" -> Op.Unary.Function.GELU;
          case "tanh" -> Op.Unary.Function.GELU_TANH;
          default -> throw new Refused("approximate is the unknown word " + kind);
        });
  }

  /** The same values with other extents. */
  Value reshaped(Value.Live x, int... dims) {
    View view =
        x.view()
            .reshaped(dims)
            .orElseThrow(
                () ->
                    new Refused(
                        "cannot make "
                            + Arrays.toString(dims)
                            + " of "
                            + Arrays.toString(x.view().extents())
                            + " without moving values between channels and positions"));
    return new Value.Live(x.node(), view);
  }
}
