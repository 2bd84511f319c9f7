package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.Op;
import io.depthscope.graph.draft.DraftOp;
import io.depthscope.graph.draft.Moves;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.NdMath;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Nodes that put values elsewhere: parts, padding, depth to space, and resizing. */
final class MoveLowering {
  private static final int LARGEST = 1 << 16;

  private final Sketch sketch;

  MoveLowering(Sketch sketch) {
    this.sketch = sketch;
  }

  Value slice(Inputs in) {
    Value.Live x = in.live(0);
    for (Evaluator.Cut cut : Evaluator.cuts(in.node(), x.view().extents(), in.stated())) {
      x = cut(in.node().name(), x, cut);
    }
    return x;
  }

  List<Value> split(Inputs in) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    int axis = NdMath.axis(node.integer("axis", 0), x.view().rank());
    int[] parts = Evaluator.parts(node, x.view().extent(axis), in.has(1) ? in.constant(1) : null);
    List<Value> out = new ArrayList<>();
    long from = 0;
    for (int i = 0; i < parts.length; i++) {
      if (parts[i] < 1 || from + parts[i] > x.view().extent(axis)) {
        throw new Refused("parts " + Arrays.toString(parts) + " of " + x.view().extent(axis));
      }
      int to = (int) from + parts[i];
      out.add(cut(node.name() + "/" + i, x, new Evaluator.Cut(axis, (int) from, to, 1)));
      from = to;
    }
    return out;
  }

  private Value.Live cut(String name, Value.Live x, Evaluator.Cut cut) {
    int extent = x.view().extent(cut.axis());
    if (cut.from() == 0 && cut.to() == extent && cut.step() == 1) {
      return x;
    }
    if (cut.count() < 1 || Math.max(cut.from(), cut.to()) > extent) {
      throw new Refused("takes nothing of an axis of " + extent);
    }
    return taken(name, x, cut.axis(), cut.places());
  }

  /** Places of one axis, in their order. */
  private Value.Live taken(String name, Value.Live x, int axis, int[] places) {
    sketch.needsUsualLayout(x);
    if (sketch.isAllChannels(x, axis)) {
      int[] all = x.view().channelsOf(axis);
      int[] source = Arrays.stream(places).map(i -> all[i]).toArray();
      return sketch.picked(name, x, axis, source, new float[source.length]);
    }
    int[][] each = whole(x);
    each[axis] = places;
    return sketch.byAxes(name, x, each, 0, "slice");
  }

  /** All places of every axis. */
  private static int[][] whole(Value.Live x) {
    return Arrays.stream(x.view().extents()).mapToObj(Moves::all).toArray(int[][]::new);
  }

  /** One place of an axis, or several, that are constant. */
  Value gather(Inputs in) {
    Value.Live x = in.live(0);
    NdArray indices = in.constant(1);
    int axis = NdMath.axis(in.node().integer("axis", 0), x.view().rank());
    int extent = x.view().extent(axis);
    if (indices.rank() > 1 || indices.size() < 1) {
      throw Refused.notYet();
    }
    int[] places = new int[indices.size()];
    for (int i = 0; i < places.length; i++) {
      long at = indices.integers()[i];
      if (at < -extent || at >= extent) {
        throw new Refused("no place " + at + " of " + extent);
      }
      places[i] = (int) (at < 0 ? at + extent : at);
    }
    Value.Live taken = taken(in.node().name(), x, axis, places);
    if (indices.rank() == 1) {
      return taken;
    }
    int[] dims = Evaluator.squeeze(taken.view().extents(), new long[] {axis});
    return new Value.Live(taken.node(), taken.view().reshaped(dims).orElseThrow());
  }

  /** Values repeated along axes of extent 1, and along new ones in front. */
  Value expand(Inputs in) {
    Value.Live x = in.live(0);
    int[] dims = NdMath.broadcast(x.view().extents(), Evaluator.extents(in.constant(1)));
    Value.Live wide = new Value.Live(x.node(), x.view().widened(dims.length));
    int[] own = wide.view().extents();
    if (Arrays.equals(own, dims)) {
      return wide;
    }
    int[][] places = new int[dims.length][];
    for (int d = 0; d < dims.length; d++) {
      places[d] = own[d] == dims[d] ? Moves.all(dims[d]) : repeated(dims[d]);
    }
    sketch.needsUsualLayout(wide);
    return sketch.byAxes(in.node().name(), wide, places, 0, "expand");
  }

  private static int[] repeated(int times) {
    if (times < 1 || times > Op.Rearrange.MOST_VALUES) {
      throw new Refused("repeats a value " + times + " times");
    }
    return new int[times];
  }

  Value pad(Inputs in) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    int[] pads = pads(in, x.view().rank());
    String mode = node.text("mode", "constant");
    float value =
        node.opset() < 11
            ? node.real("value", 0)
            : in.has(2) ? (float) Evaluator.scalar(in.constant(2)) : 0;
    if (mode.equals("constant")) {
      Optional<Value.Live> around = sketch.padded(node.name(), x, pads, value);
      if (around.isPresent()) {
        return around.get();
      }
    }
    int[][] places = whole(x);
    for (int d = 0; d < places.length; d++) {
      int before = pads[d];
      int after = pads[places.length + d];
      int extent = places[d].length;
      places[d] = Moves.padded(extent, before, after);
      for (int i = 0; i < places[d].length; i++) {
        places[d][i] = beyond(i - before, extent, mode);
      }
    }
    sketch.needsLayout(x);
    return sketch.byAxes(node.name(), x, places, value, "pad");
  }

  private static int[] pads(Inputs in, int rank) {
    FileNode node = in.node();
    boolean attribute = node.opset() < 11;
    long[] stated = attribute ? node.integers("pads") : in.constant(1).integers();
    long[] axes = !attribute && in.has(3) ? in.constant(3).integers() : null;
    int n = axes == null ? rank : axes.length;
    if (stated == null || stated.length != 2 * n) {
      throw new Refused("its padding does not fit " + n + " axes");
    }
    int[] pads = new int[2 * rank];
    for (int i = 0; i < n; i++) {
      int axis = axes == null ? i : NdMath.axis(axes[i], rank);
      for (int side = 0; side < 2; side++) {
        long p = stated[side * n + i];
        if (Math.abs(p) > LARGEST) {
          throw new Refused("a padding of " + p);
        }
        pads[side * rank + axis] = (int) p;
      }
    }
    return pads;
  }

  /** The place that stands for one that may lie outside; -1 for a constant. */
  private static int beyond(int at, int extent, String mode) {
    if (at >= 0 && at < extent) {
      return at;
    }
    return switch (mode) {
      case "constant" -> -1;
      case "edge" -> Math.clamp(at, 0, extent - 1);
      case "wrap" -> Math.floorMod(at, extent);
      case "reflect" -> {
        int period = Math.max(1, 2 * extent - 2);
        int folded = Math.floorMod(at, period);
        yield folded < extent ? folded : period - folded;
      }
      case "symmetric" -> {
        int folded = Math.floorMod(at, 2 * extent);
        yield folded < extent ? folded : 2 * extent - 1 - folded;
      }
      default -> throw new Refused("mode is the unknown word " + mode);
    };
  }

  /** Blocks of channels become blocks of positions. */
  Value depthToSpace(Inputs in) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    int b = node.small("blocksize", 0);
    int[] dims = squared(x, b);
    if (dims[1] % (b * b) != 0) {
      throw new Refused(dims[1] + " channels are no blocks of " + b + "x" + b);
    }
    int channels = dims[1] / (b * b);
    String mode = node.text("mode", "DCR");
    boolean columnsFirst =
        switch (mode) {
          case "DCR" -> false;
          case "CRD" -> true;
          default -> throw new Refused("mode is the unknown word " + mode);
        };
    int[] apart =
        columnsFirst
            ? new int[] {1, channels, b, b, dims[2], dims[3]}
            : new int[] {1, b, b, channels, dims[2], dims[3]};
    int[] order = columnsFirst ? new int[] {0, 1, 4, 2, 5, 3} : new int[] {0, 3, 4, 1, 5, 2};
    int[] out = {1, channels, dims[2] * b, dims[3] * b};
    return sketch.reordered(node.name(), x, apart, order, out, "depth-to-space");
  }

  /** Blocks of positions become blocks of channels. */
  Value spaceToDepth(Inputs in) {
    Value.Live x = in.live(0);
    int b = in.node().small("blocksize", 0);
    int[] dims = squared(x, b);
    if (dims[2] % b != 0 || dims[3] % b != 0) {
      throw new Refused(dims[2] + "x" + dims[3] + " are no blocks of " + b + "x" + b);
    }
    int[] apart = {1, dims[1], dims[2] / b, b, dims[3] / b, b};
    int[] order = {0, 3, 5, 1, 2, 4};
    int[] out = {1, dims[1] * b * b, dims[2] / b, dims[3] / b};
    return sketch.reordered(in.node().name(), x, apart, order, out, "space-to-depth");
  }

  private static int[] squared(Value.Live x, int block) {
    int[] dims = x.view().extents();
    if (dims.length != 4 || dims[0] != 1) {
      throw new Refused("its input has the extents " + Arrays.toString(dims));
    }
    if (block < 1 || block > 1 << 10) {
      throw new Refused("blocksize is " + block);
    }
    return dims;
  }

  /** Resize and, before it, Upsample. */
  Value resize(Inputs in) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    int[] dims = x.view().extents();
    ResizedAxis[] axes = ResizedAxis.of(in, dims);
    if (Arrays.stream(axes).allMatch(ResizedAxis::isKept)) {
      return x;
    }
    return switch (node.text("mode", "nearest")) {
      case "nearest" -> {
        int[][] places = Arrays.stream(axes).map(ResizedAxis::nearest).toArray(int[][]::new);
        sketch.needsLayout(x);
        yield sketch.byAxes(node.name(), x, places, 0, "resize-nearest");
      }
      case "linear", "bilinear" -> between(node.name(), x, axes);
      default -> throw Refused.notYet();
    };
  }

  private Value between(String name, Value.Live x, ResizedAxis[] axes) {
    int rank = axes.length;
    int from = sketch.nchw(name, x);
    if (!axes[0].isKept() || !axes[1].isKept()) {
      throw new Refused("interpolates between channels, which cannot run yet");
    }
    ResizedAxis columns = axes[rank - 1];
    // A value of one axis has one row.
    ResizedAxis rows = rank == 4 ? axes[2] : ResizedAxis.KEPT_ROW;
    DraftOp op =
        new DraftOp.Of(
            new Op.Resize(rows.out(), columns.out(), rows.sampling(), columns.sampling()));
    return sketch.addNchw(name, op, List.of(from), Optional.empty(), rank);
  }
}
