package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Op;
import io.depthscope.graph.draft.Draft;
import io.depthscope.graph.draft.DraftNode;
import io.depthscope.graph.draft.DraftOp;
import io.depthscope.graph.draft.View;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
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
    View view = v.view();
    needsLayout(
        !channelsLast || view.rank() < 3 || view.rank() > 4
            ? v
            : new Value.Live(
                v.node(),
                view.rank() == 4 ? view.transposed(0, 3, 1, 2) : view.transposed(0, 2, 1)));
  }

  /** Ends a probe with what a node reads, [1, C, H, W] or [1, C, W]. */
  void needsLayout(Value.Live v) {
    if (probing) {
      throw new LayoutFound(v.view());
    }
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
    nodes.add(new DraftNode(unique(name), op, Clamp.NONE, inputs, parameters, out, order));
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
    if (!positions || !isAllChannels(v, 1)) {
      throw new Refused("its input mixes channels and positions");
    }
    return ordered(name, v, 1).node();
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
    DraftOp op = new DraftOp.Select(source, constant);
    int node = add(name + "/channels", op, List.of(v.node()), Optional.empty(), view);
    return new Value.Live(node, view);
  }
}
