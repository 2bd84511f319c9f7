package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.Moves;
import java.util.Arrays;

/**
 * One axis of a transposed convolution: what the convolution in its place reads.
 *
 * @param in extent of the input
 * @param stride places from one value to the next, zeros in between
 * @param before places before the first value; negative where values are cut off
 * @param after places behind the last, likewise
 */
record Spread(int in, int stride, int dilation, int before, int after) {

  /**
   * @param axis 0 for rows, 1 for columns; a value of one axis has columns alone
   */
  static Spread of(FileNode node, int axis, int rank, int kernel, int in) {
    int n = rank - 2;
    int place = axis - (2 - n);
    if (place < 0) {
      return new Spread(in, 1, 1, 0, 0);
    }
    int[] ones = new int[n];
    Arrays.fill(ones, 1);
    int stride = node.small("strides", ones)[place];
    int dilation = node.small("dilations", ones)[place];
    int more = node.small("output_padding", new int[n])[place];
    int[] pads = node.small("pads", new int[2 * n]);
    int[] sizes = node.has("output_shape") ? node.small("output_shape", new int[n]) : null;
    for (int v : new int[] {stride, dilation, kernel}) {
      if (v < 1 || v > LayerLowering.LARGEST) {
        throw new Refused("its window has an extent, stride or dilation of " + v);
      }
    }
    if (more < 0 || more > LayerLowering.LARGEST) {
      throw new Refused("output_padding is " + more);
    }
    long reach = (kernel - 1L) * dilation;
    long whole = (in - 1L) * stride + reach + 1 + more;
    String auto = node.text("auto_pad", "NOTSET");
    long before = auto.equals("VALID") ? 0 : pads[place];
    long after = auto.equals("VALID") ? 0 : pads[n + place];
    if (sizes != null || auto.startsWith("SAME")) {
      long total = sizes != null ? whole - sizes[place] : Math.max(0, whole - (long) in * stride);
      long less = Math.floorDiv(total, 2);
      before = auto.equals("SAME_UPPER") ? less : total - less;
      after = total - before;
    }
    return new Spread(
        in,
        stride,
        dilation,
        FileNode.small("a padding", reach - before),
        FileNode.small("a padding", reach + more - after));
  }

  /** True if values have to be moved before the convolution. */
  boolean isMove() {
    return stride > 1 || before < 0 || after < 0;
  }

  /** Where the values that the convolution reads come from; negative for a zero. */
  int[] places() {
    int[] spread = Moves.spread(in, stride);
    int[] cut = Moves.padded(spread.length, Math.min(before, 0), Math.min(after, 0));
    return Arrays.stream(cut).map(i -> spread[i]).toArray();
  }

  int padBefore() {
    return Math.max(before, 0);
  }

  int padAfter() {
    return Math.max(after, 0);
  }
}
