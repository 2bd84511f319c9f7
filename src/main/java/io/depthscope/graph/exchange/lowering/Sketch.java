package io.depthscope.graph.exchange.lowering;

import static io.depthscope.graph.draft.View.Axis.CHANNEL;
import static io.depthscope.graph.draft.View.Axis.HEIGHT;
import static io.depthscope.graph.draft.View.Axis.WIDTH;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.draft.Draft;
import io.depthscope.graph.draft.DraftNode;
import io.depthscope.graph.draft.DraftOp;
import io.depthscope.graph.draft.Moves;
import io.depthscope.graph.draft.NodeCodes;
import io.depthscope.graph.draft.View;
import io.depthscope.tensor.RowMajor;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** A draft that grows node by node while a file is read. */
final class Sketch {
  private static final int MOST_ROWS = 1 << 16;
  private static final int MOST_VALUES = 1 << 27;

  private final List<DraftNode> nodes = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, Integer> numbers = new HashMap<>();
  private final boolean probing;
  private final boolean channelsLast;

  /** Whether values may be moved between channels and positions. */
  private boolean moves = true;

  /**
   * Thrown while the layout of the input is looked for, at the first node that fixes it.
   *
   * <p>Not an error: it carries the answer.
   */
  static final class LayoutFound extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient View view;

    LayoutFound(View view) {
      super("found", null, false, false);
      this.view = view;
    }

    View view() {
      return view;
    }
  }

  /**
   * @param probing true: the input is one row of values, and the first node that needs channels and
   *     positions ends it all
   * @param channelsLast how the file's tensors usually are
   */
  Sketch(String inputName, Shape input, View order, boolean probing, boolean channelsLast) {
    this.probing = probing;
    this.channelsLast = channelsLast;
    add(inputName, new DraftOp.Of(new Op.Input(input)), List.of(), Optional.empty(), order);
  }

  /** Ends a probe with what a node reads whose axes are as the file's tensors usually are. */
  void needsUsualLayout(Value.Live v) {
    if (channelsLast) {
      needsChannelsLast(v);
    } else {
      needsLayout(v);
    }
  }

  /** Ends a probe with what a node reads whose channels lie along the last axis. */
  void needsChannelsLast(Value.Live v) {
    needsLayout(
        switch (v.view().rank()) {
          case 4 -> new Value.Live(v.node(), v.view().transposed(0, 3, 1, 2));
          case 3 -> new Value.Live(v.node(), v.view().transposed(0, 2, 1));
          default -> v;
        });
  }

  /** Ends a probe with what a node reads, [1, C, H, W] or [1, C, W]. */
  void needsLayout(Value.Live v) {
    if (probing) {
      throw new LayoutFound(v.view());
    }
  }

  NodeCodes codes(int node) {
    return nodes.get(node).codes();
  }

  void quantize(int node, NodeCodes codes) {
    nodes.set(node, nodes.get(node).withCodes(codes));
  }

  /** Holds a layer's values to an interval, if it may have one and has none. */
  void clamp(int node, Clamp clamp) {
    DraftNode now = nodes.get(node);
    if (now.op() instanceof DraftOp.Of(Op op)
        && op.takesClamp()
        && now.clamp().equals(Clamp.NONE)) {
      nodes.set(node, now.withClamp(clamp));
    }
  }

  View order(int node) {
    return nodes.get(node).order();
  }

  /**
   * Says whether what comes next may move values between channels and positions. Behind the last
   * weights it is better not done by a layer.
   */
  void mayMove(boolean allowed) {
    moves = allowed;
  }

  boolean mayMove() {
    return moves;
  }

  Shape shape(int node) {
    return nodes.get(node).shape();
  }

  Draft draft(String name, List<Integer> outputs) {
    return new Draft(name, nodes, outputs);
  }

  /**
   * Adds a node.
   *
   * @param order how the file's tensor lies over its output
   * @return its place
   * @throws Refused if the inputs do not fit or the output would be too large
   */
  int add(
      String name,
      DraftOp op,
      List<Integer> inputs,
      Optional<LayerParameters> parameters,
      View order) {
    Shape out = outputShape(op, inputs);
    nodes.add(
        new DraftNode(
            unique(name), op, Clamp.NONE, inputs, parameters, out, order, NodeCodes.NONE));
    return nodes.size() - 1;
  }

  /** Adds a node of which the file's tensor is [1, C, H, W], or [1, C, W]. */
  Value.Live addNchw(
      String name,
      DraftOp op,
      List<Integer> inputs,
      Optional<LayerParameters> parameters,
      int rank) {
    View order = nchw(outputShape(op, inputs), rank);
    return new Value.Live(add(name, op, inputs, parameters, order), order);
  }

  private Shape outputShape(DraftOp op, List<Integer> inputs) {
    try {
      Shape out = op.outputShape(inputs.stream().map(this::shape).toList());
      if (out.height() > MOST_ROWS || out.width() > MOST_ROWS || out.size() > MOST_VALUES) {
        throw new Refused("its output " + out + " is too large");
      }
      return out;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new Refused(String.valueOf(e.getMessage()), e);
    }
  }

  private String unique(String wanted) {
    String base = wanted.isEmpty() ? "unnamed" : wanted;
    String name = base;
    while (!names.add(name)) {
      // Counted on from the last: a file may name all its nodes alike.
      name = base + "_" + numbers.merge(base, 2, (n, two) -> n + 1);
    }
    return name;
  }

  /** [1, C, H, W], or [1, C, W]. */
  static View nchw(Shape s, int rank) {
    View all = View.nchw(s);
    return rank == 4 ? all : all.reshaped(1, s.channels(), s.width()).orElseThrow();
  }

  /**
   * The node whose output is, as [1, C, H, W] or [1, C, W], what a value of the file is; one that
   * reorders channels is added where they lie in another order.
   *
   * @throws Refused if the value mixes channels and positions, or has another rank
   */
  int nchw(String name, Value.Live v) {
    View view = v.view();
    if (view.rank() != 4 && view.rank() != 3) {
      throw new Refused("its input has " + view.rank() + " axes");
    }
    needsLayout(v);
    Shape s = shape(v.node());
    boolean positions = view.axis(0).isEmpty() && (view.rank() == 4 || s.height() == 1);
    if (positions) {
      View plain = nchw(s, view.rank());
      positions = IntStream.range(2, view.rank()).allMatch(i -> view.axis(i).equals(plain.axis(i)));
    }
    if (positions && isAllChannels(v, 1)) {
      return ordered(name, v, 1).node();
    }
    if (!moves || !view.axis(0).isEmpty()) {
      throw new Refused("its input mixes channels and positions");
    }
    int[] dims = view.extents();
    Shape out =
        view.rank() == 4 ? new Shape(dims[2], dims[3], dims[1]) : new Shape(1, dims[2], dims[1]);
    int[] all = Moves.all(s.size());
    View order = nchw(out, view.rank());
    return moved(name + "/order", v, all, out, order, 0, "rearrange").node();
  }

  private Value.Live moved(
      String name, Value.Live v, int[] picked, Shape out, View order, float fill, String word) {
    Op op = Moves.ordered(shape(v.node()), v.view(), picked, out, order, fill, word);
    int node = add(name, new DraftOp.Of(op), List.of(v.node()), Optional.empty(), order);
    return new Value.Live(node, order);
  }

  /**
   * A value with its axes cut apart, put in another order and joined again, in the order of its
   * axes as [1, C, H, W].
   */
  Value.Live reordered(
      String name, Value.Live v, int[] apart, int[] order, int[] joined, String word) {
    needsLayout(v);
    View view =
        v.view()
            .reshaped(apart)
            .flatMap(cut -> cut.transposed(order).reshaped(joined))
            .orElseThrow(() -> new Refused("its input mixes channels and positions"));
    Shape out = new Shape(joined[2], joined[3], joined[1]);
    Value.Live moved = new Value.Live(v.node(), view);
    return moved(name, moved, Moves.all(out.size()), out, View.nchw(out), 0, word);
  }

  /**
   * Places of each axis of a value, taken independently of the others.
   *
   * @param places for each axis which places are taken, or negative for the constant
   */
  Value.Live byAxes(String name, Value.Live v, int[][] places, float fill, String word) {
    if (!moves) {
      throw new Refused("takes a part of another axis than channels");
    }
    int[] dims = new int[places.length];
    long size = 1;
    for (int d = 0; d < dims.length; d++) {
      dims[d] = places[d].length;
      size = Math.min(size * dims[d], Integer.MAX_VALUE);
    }
    if (size > Op.Rearrange.MOST_VALUES) {
      throw new Refused("its output " + Arrays.toString(dims) + " is too large");
    }
    if (dims[0] != 1 && dims.length > 1) {
      throw new Refused("makes " + dims[0] + " images of one");
    }
    int[] strides = RowMajor.strides(v.view().extents());
    int[] picked = new int[(int) size];
    int[] at = new int[dims.length];
    for (int i = 0; i < picked.length; i++) {
      for (int d = 0; d < dims.length && picked[i] >= 0; d++) {
        int place = places[d][at[d]];
        picked[i] = place < 0 ? -1 : picked[i] + place * strides[d];
      }
      for (int d = dims.length - 1; d >= 0 && ++at[d] == dims[d]; d--) {
        at[d] = 0;
      }
    }
    View order = orderLike(v.view(), dims);
    Shape out = new Shape(extent(order, HEIGHT), extent(order, WIDTH), extent(order, CHANNEL));
    return moved(name, v, picked, out, order, fill, word);
  }

  /** A value repeated along its axes of extent 1, until it lies over an output in this order. */
  Value.Live spread(String name, Value.Live v, Shape out, View order) {
    if (!moves) {
      throw new Refused("repeats values along an axis");
    }
    needsUsualLayout(v);
    int[] dims = order.extents();
    if ((long) out.positions() * out.channels() > Op.Rearrange.MOST_VALUES) {
      throw new Refused("its output " + Arrays.toString(dims) + " is too large");
    }
    int[] own = v.view().extents();
    int[] strides = RowMajor.strides(own);
    for (int d = 0; d < own.length; d++) {
      strides[d] = own[d] == 1 ? 0 : strides[d];
    }
    return moved(name, v, RowMajor.places(dims, strides, 0), out, order, 0, "expand");
  }

  private static int extent(View order, View.Axis axis) {
    int n = 1;
    for (List<View.Atom> atoms : order.axes()) {
      for (View.Atom a : atoms) {
        n *= a.axis() == axis ? a.extent() : 1;
      }
    }
    return n;
  }

  /** Axes of other extents, each what it was, or else those of [1, C, .., H, W]. */
  private static View orderLike(View view, int[] dims) {
    int rank = dims.length;
    View.Axis[] roles = new View.Axis[rank];
    EnumSet<View.Axis> free = EnumSet.allOf(View.Axis.class);
    boolean plain = rank <= 4;
    for (int d = 0; d < rank && plain; d++) {
      for (View.Atom a : view.axis(d)) {
        plain &= roles[d] == null || roles[d] == a.axis();
        roles[d] = a.axis();
      }
      plain &= roles[d] == null || free.remove(roles[d]);
    }
    for (int d = 1; d < rank && plain; d++) {
      for (View.Axis axis : List.of(CHANNEL, HEIGHT, WIDTH)) {
        if (roles[d] == null && free.remove(axis)) {
          roles[d] = axis;
        }
      }
    }
    if (plain) {
      return View.of(roles, dims);
    }
    int channels = 1;
    for (int d = 1; d < Math.max(2, rank - 2) && d < rank; d++) {
      channels *= dims[d];
    }
    int height = rank >= 4 ? dims[rank - 2] : 1;
    int width = rank >= 3 ? dims[rank - 1] : 1;
    return View.nchw(new Shape(height, width, channels)).reshaped(dims).orElseThrow();
  }

  /**
   * Padding of one value around rows and columns, as a node that windows may take in; empty where
   * it pads other axes, cuts off, or the value's axes are no [1, C, H, W] or [1, C, W].
   *
   * @param pads before each axis, then after each
   */
  Optional<Value.Live> padded(String name, Value.Live v, int[] pads, float value) {
    int rank = v.view().rank();
    boolean around = rank == 3 || rank == 4;
    for (int i = 0; i < pads.length; i++) {
      around &= i % rank < 2 ? pads[i] == 0 : pads[i] >= 0;
    }
    if (!around) {
      return Optional.empty();
    }
    int from = nchw(name, v);
    int top = rank == 4 ? pads[2] : 0;
    int bottom = rank == 4 ? pads[rank + 2] : 0;
    Padding padding = new Padding(top, bottom, pads[rank - 1], pads[2 * rank - 1]);
    if (padding.equals(Padding.NONE)) {
      return Optional.of(new Value.Live(from, nchw(shape(from), rank)));
    }
    DraftOp pad = new DraftOp.Pad(padding, value);
    return Optional.of(addNchw(name, pad, List.of(from), Optional.empty(), rank));
  }

  /** True if an axis is made of all channels, in any order. */
  boolean isAllChannels(Value.Live v, int axis) {
    return v.view().isChannels(axis) && v.view().extent(axis) == shape(v.node()).channels();
  }

  /** The value with the channels along an axis in their own order; a node is added if need be. */
  Value.Live ordered(String name, Value.Live v, int axis) {
    return v.view().isWholeChannel(axis, shape(v.node()))
        ? v
        : picked(name, v, axis, v.view().channelsOf(axis), new float[v.view().extent(axis)]);
  }

  /**
   * Channels of a node picked along an axis that is made of all of them.
   *
   * @param source channels of the node's output, or -1 for a constant
   */
  Value.Live picked(String name, Value.Live v, int axis, int[] source, float[] constant) {
    View view = v.view().withChannels(axis, source.length);
    DraftOp op = new DraftOp.Of(Moves.channels(shape(v.node()), source, constant));
    int node = add(name + "/channels", op, List.of(v.node()), Optional.empty(), view);
    return new Value.Live(node, view);
  }
}
