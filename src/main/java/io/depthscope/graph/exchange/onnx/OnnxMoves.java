package io.depthscope.graph.exchange.onnx;

import static io.depthscope.graph.exchange.onnx.OnnxBuilder.text;
import static io.depthscope.graph.exchange.onnx.OnnxBuilder.whole;
import static io.depthscope.graph.exchange.onnx.OnnxBuilder.wholes;

import ai.onnx.proto.OnnxMl.AttributeProto;
import io.depthscope.graph.Op;
import io.depthscope.graph.Sampling;
import io.depthscope.graph.exchange.lowering.ResizedAxis;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Values that are put elsewhere, and those between others, as ONNX's operators. A move becomes the
 * plainest operator that does it: Identity, Reshape, Pad (which also cuts), Gather along axes, and
 * for all else a Gather over the whole image.
 */
final class OnnxMoves {
  /** Conventions of ONNX for the places of a resized axis, the most usual first. */
  private static final List<String> CONVENTIONS =
      List.of(
          "half_pixel",
          "align_corners",
          "asymmetric",
          "pytorch_half_pixel",
          "half_pixel_symmetric");

  private final OnnxBuilder file;

  OnnxMoves(OnnxBuilder file) {
    this.file = file;
  }

  /**
   * Adds a rearrangement.
   *
   * @param fill its constants, quantized where the values are
   */
  void rearrange(String name, Op.Rearrange op, float[] fill, String x, String out) {
    int[] source = inFileOrder(op);
    Shape from = op.input();
    Shape to = op.output();
    if (inOrder(source) && from.size() == to.size()) {
      if (from.equals(to)) {
        file.node(name, "Identity", List.of(x), out);
      } else {
        reshape(name, x, out, to);
      }
      return;
    }
    if (padded(name, op, fill, x, out)) {
      return;
    }
    if (gathered(name, op, x, out)) {
      return;
    }
    anywhere(name, op, source, fill, x, out);
  }

  /**
   * For each value of the output, in the order [C, H, W], the place of the input's in that order.
   */
  private static int[] inFileOrder(Op.Rearrange op) {
    Shape from = op.input();
    Shape to = op.output();
    int[] source = new int[to.size()];
    int at = 0;
    for (int c = 0; c < to.channels(); c++) {
      for (int p = 0; p < to.positions(); p++) {
        int s = op.source()[p * to.channels() + c];
        source[at++] = s < 0 ? -1 : s % from.channels() * from.positions() + s / from.channels();
      }
    }
    return source;
  }

  private static boolean inOrder(int[] source) {
    for (int i = 0; i < source.length; i++) {
      if (source[i] != i) {
        return false;
      }
    }
    return true;
  }

  private void reshape(String name, String x, String out, Shape to) {
    String extents = file.constant(name + "/extents", 0L, to.channels(), to.height(), to.width());
    file.node(name, "Reshape", List.of(x, extents), out);
  }

  private void gather(String name, String x, int[] places, int axis, String out) {
    String indices =
        file.constant(name + "/places", Arrays.stream(places).asLongStream().toArray());
    file.node(name, "Gather", List.of(x, indices), out, whole("axis", axis));
  }

  /** Rows and columns added or cut at the sides; false if it is no such move. */
  private boolean padded(String name, Op.Rearrange op, float[] fill, String x, String out) {
    Shape from = op.input();
    Shape to = op.output();
    int first = 0;
    while (first < op.source().length && op.source()[first] < 0) {
      first++;
    }
    if (first == op.source().length || from.channels() != to.channels() || fill.length != 1) {
      return false;
    }
    int inPosition = op.source()[first] / from.channels();
    int outPosition = first / to.channels();
    int top = outPosition / to.width() - inPosition / from.width();
    int left = outPosition % to.width() - inPosition % from.width();
    int at = 0;
    for (int h = 0; h < to.height(); h++) {
      for (int w = 0; w < to.width(); w++) {
        int row = h - top;
        int column = w - left;
        boolean inside = row >= 0 && row < from.height() && column >= 0 && column < from.width();
        for (int c = 0; c < to.channels(); c++) {
          int wanted = inside ? (row * from.width() + column) * from.channels() + c : -1;
          if (Math.max(-1, op.source()[at++]) != wanted) {
            return false;
          }
        }
      }
    }
    int bottom = to.height() - from.height() - top;
    int right = to.width() - from.width() - left;
    String sides = file.constant(name + "/sides", 0L, 0, top, left, 0, 0, bottom, right);
    file.node(name, "Pad", List.of(x, sides, file.constant(name + "/fill", fill)), out);
    return true;
  }

  /**
   * Places of each axis by itself: parts, steps, orders, repetitions; false if it is no such move.
   */
  private boolean gathered(String name, Op.Rearrange op, String x, String out) {
    Shape from = op.input();
    Shape to = op.output();
    int[] source = op.source();
    int[] rows = new int[to.height()];
    int[] columns = new int[to.width()];
    int[] channels = new int[to.channels()];
    Arrays.setAll(
        rows, h -> source[h * to.width() * to.channels()] / from.channels() / from.width());
    Arrays.setAll(columns, w -> source[w * to.channels()] / from.channels() % from.width());
    Arrays.setAll(channels, c -> source[c] % from.channels());
    int at = 0;
    for (int row : rows) {
      for (int column : columns) {
        for (int channel : channels) {
          int place = (row * from.width() + column) * from.channels() + channel;
          if (source[at] < 0 || source[at++] != place) {
            return false;
          }
        }
      }
    }
    int[][] places = {channels, rows, columns};
    int[] extents = {from.channels(), from.height(), from.width()};
    List<Integer> moved = new ArrayList<>();
    for (int axis = 0; axis < places.length; axis++) {
      if (places[axis].length != extents[axis] || !inOrder(places[axis])) {
        moved.add(axis);
      }
    }
    String value = x;
    for (int axis : moved) {
      boolean last = axis == moved.getLast();
      String next = last ? out : file.fresh(name + "/axis" + (axis + 1));
      gather(last ? name : name + "/axis" + (axis + 1), value, places[axis], axis + 1, next);
      value = next;
    }
    return true;
  }

  /** Any places of the whole image, and constants behind its last value. */
  private void anywhere(
      String name, Op.Rearrange op, int[] source, float[] fill, String x, String out) {
    Shape to = op.output();
    int size = op.input().size();
    boolean constants = Arrays.stream(source).anyMatch(s -> s < 0);
    boolean alike = fill.length == 1;
    String row =
        file.node(
            name + "/row",
            "Reshape",
            List.of(x, file.constant(name + "/row_extents", 0L, -1)),
            file.fresh(name + "/row"));
    if (constants) {
      String sides = file.constant(name + "/behind", 0L, 0, 0, 1);
      float[] value = alike ? fill : new float[1];
      row =
          file.node(
              name + "/longer",
              "Pad",
              List.of(row, sides, file.constant(name + "/fill", value)),
              file.fresh(name + "/longer"));
    }
    int[] places = Arrays.stream(source).map(s -> s < 0 ? size : s).toArray();
    String taken = file.fresh(name + "/taken");
    gather(name, row, places, 1, taken);
    if (!constants || alike) {
      reshape(name + "/map", taken, out, to);
      return;
    }
    // Constants of channels: they stand where zeros were put.
    float[] added = new float[source.length];
    for (int i = 0; i < added.length; i++) {
      added[i] = source[i] < 0 ? fill[i / to.positions()] : 0;
    }
    String map = file.fresh(name + "/map");
    reshape(name + "/map", taken, map, to);
    String table = file.constant(name + "/fills", added, 1, to.channels(), to.height(), to.width());
    file.node(name + "/filled", "Add", List.of(map, table), out);
  }

  /** Adds an interpolation: a Resize where its coordinates are ONNX's, else two products. */
  void resize(String name, Op.Resize op, Shape in, String x, String out) {
    for (String mode : CONVENTIONS) {
      float rows = scale(mode, op.rows(), in.height(), op.height());
      float columns = scale(mode, op.columns(), in.width(), op.width());
      if (rows > 0 && columns > 0) {
        resize(name, op, in, mode, new float[] {1, 1, rows, columns}, List.of(x, out));
        return;
      }
    }
    String rows =
        file.constant(
            name + "/rows",
            between(op.rows(), in.height(), op.height(), false),
            op.height(),
            in.height());
    String columns =
        file.constant(
            name + "/columns",
            between(op.columns(), in.width(), op.width(), true),
            in.width(),
            op.width());
    String wide =
        file.node(name + "/wide", "MatMul", List.of(x, columns), file.fresh(name + "/wide"));
    file.node(name, "MatMul", List.of(rows, wide), out);
  }

  private void resize(
      String name, Op.Resize op, Shape in, String mode, float[] scales, List<String> ends) {
    if (mode.equals("half_pixel_symmetric")) {
      file.needs(19);
    }
    List<String> inputs = new ArrayList<>(List.of(ends.get(0), ""));
    List<AttributeProto> attributes = new ArrayList<>();
    attributes.add(text("mode", "linear"));
    attributes.add(text("coordinate_transformation_mode", mode));
    if (fits(in.height(), scales[2], op.height()) && fits(in.width(), scales[3], op.width())) {
      inputs.add(file.constant(name + "/scales", scales, 4));
    } else {
      file.needs(18); // sizes of some axes, for a batch of any size
      inputs.add("");
      inputs.add(file.constant(name + "/sizes", op.height(), (long) op.width()));
      attributes.add(wholes("axes", 2, 3));
    }
    file.node(name, "Resize", inputs, ends.get(1), attributes.toArray(AttributeProto[]::new));
  }

  /** True if a scale gives the extent whether its product is taken in float32 or in double. */
  private static boolean fits(int in, float scale, int out) {
    return (int) (in * scale) == out && (int) ((double) in * scale) == out;
  }

  /**
   * The scale by which a convention of ONNX puts the places of an axis there; 0 if there is none.
   */
  private static float scale(String mode, Sampling s, int in, int out) {
    float ofSizes = (float) out / in;
    if (ResizedAxis.sampling(mode, in, out, ofSizes).equals(s)) {
      return ofSizes;
    }
    float ofStep = (float) (1 / s.step());
    return ofStep > 0
            && fits(in, ofStep, out)
            && ResizedAxis.sampling(mode, in, out, ofStep).equals(s)
        ? ofStep
        : 0;
  }

  /** The share that each place of an axis has in each of the resized one. */
  private static float[] between(Sampling s, int in, int out, boolean turned) {
    float[] shares = new float[in * out];
    List<Sampling.Tap> taps = s.taps(in, out);
    for (int o = 0; o < out; o++) {
      Sampling.Tap t = taps.get(o);
      shares[turned ? t.low() * out + o : o * in + t.low()] += 1 - t.share();
      shares[turned ? t.high() * out + o : o * in + t.high()] += t.share();
    }
    return shares;
  }
}
