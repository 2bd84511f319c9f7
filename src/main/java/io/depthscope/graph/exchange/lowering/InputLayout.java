package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.View;
import io.depthscope.graph.draft.View.Atom;
import io.depthscope.graph.draft.View.Axis;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What of a file's input is height, width and channels.
 *
 * @param shape of the network's input
 * @param order how the file's input lies over it
 */
record InputLayout(Shape shape, View order) {

  /** The input as one row of values, of which nothing is known yet. */
  static InputLayout row(int[] extents) {
    int size = 1;
    for (int e : extents) {
      size = Math.multiplyExact(size, e);
    }
    Shape row = new Shape(1, 1, size);
    View view = View.nchw(row).reshaped(extents).orElseThrow();
    return new InputLayout(row, view);
  }

  /** Where nothing in the file tells: as its format usually has it. */
  static InputLayout usual(int[] extents, boolean channelsLast) {
    int n = extents.length;
    int channelAxis = channelsLast ? n - 1 : 1;
    int channels = n > 1 ? extents[channelAxis] : 1;
    int first = channelAxis == 1 ? 2 : 1;
    int height = n == 4 ? extents[first] : 1;
    int width = n == 4 ? extents[first + 1] : n == 3 ? extents[first] : 1;
    Shape shape = new Shape(height, width, channels);
    View order = channelsLast ? View.nhwc(shape) : View.nchw(shape);
    return new InputLayout(shape, order.reshaped(extents).orElseThrow());
  }

  /**
   * As the first node that tells channels from positions reads it.
   *
   * @param read the row of values as [1, C, H, W] or [1, C, W]; any other view tells nothing
   * @param channelsLast as the format usually has it
   */
  static InputLayout of(int[] extents, View read, boolean channelsLast) {
    int rank = read.rank();
    int size = row(extents).shape().size();
    int seen = 1;
    for (int e : read.extents()) {
      seen *= e;
    }
    if ((rank != 3 && rank != 4) || !read.axis(0).isEmpty() || seen != size) {
      return usual(extents, channelsLast);
    }
    Shape shape = new Shape(rank == 4 ? read.extent(2) : 1, read.extent(rank - 1), read.extent(1));
    // Every piece of the row, with the axis that it has become a piece of.
    record Piece(int place, Atom atom) {}
    List<Piece> pieces = new ArrayList<>();
    for (int d = 1; d < rank; d++) {
      Axis axis = d == 1 ? Axis.CHANNEL : d == rank - 1 ? Axis.WIDTH : Axis.HEIGHT;
      int stride = read.extent(d);
      for (Atom a : read.axis(d)) {
        stride /= a.extent();
        pieces.add(new Piece(a.stride(), new Atom(axis, stride, a.extent())));
      }
    }
    pieces.sort(Comparator.comparingInt(Piece::place).reversed());
    View row = new View(List.of(pieces.stream().map(Piece::atom).toList()));
    return row.reshaped(extents)
        .map(order -> new InputLayout(shape, order))
        .orElseGet(() -> usual(extents, channelsLast));
  }
}
