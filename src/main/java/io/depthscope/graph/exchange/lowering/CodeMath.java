package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.NdArray.Kind;
import io.depthscope.graph.draft.NdMath;
import io.depthscope.quant.QuantParams;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What QuantizeLinear and DequantizeLinear nodes say, and what they make of tensors. */
final class CodeMath {
  private static final int MOST_BITS = 16;
  private static final int BIAS_BITS = 32;

  private CodeMath() {}

  /**
   * Scale and zero point.
   *
   * @param params one for the tensor, or one for each place along an axis
   */
  record Codes(List<QuantParams> params, int axis) {
    Codes {
      params = List.copyOf(params);
    }

    QuantParams of(int place) {
      return params.get(params.size() == 1 ? 0 : place);
    }
  }

  /**
   * What a node says of its codes.
   *
   * @param stated its inputs; the first is not looked at
   * @param codes what is dequantized; empty for a node that quantizes
   * @param rank of the tensor
   * @throws Refused if they are no sound parameters, or none that can be run
   */
  static Codes codes(FileNode node, List<NdArray> stated, Optional<NdArray> codes, int rank) {
    if (node.integer("block_size", 0) != 0) {
      throw new Refused("scales of blocks cannot be run yet");
    }
    NdArray scales = in(stated, 1).orElseThrow(() -> new Refused("its scale is missing"));
    Optional<NdArray> zeros = in(stated, 2);
    Kind kind =
        zeros
            .map(NdArray::kind)
            .or(() -> codes.map(NdArray::kind))
            .orElseGet(() -> kindOf(node.text("output_dtype", Kind.UINT8.name())));
    if (zeros.isPresent() && zeros.get().size() != scales.size()) {
      throw new Refused(
          "has " + zeros.get().size() + " zero points for " + scales.size() + " scales");
    }
    if (scales.rank() > 1 || scales.size() < 1) {
      throw new Refused("its scale has the extents " + scales);
    }
    int axis = scales.size() == 1 ? 0 : NdMath.axis(node.integer("axis", 1), rank);
    if (scales.size() > 1 && codes.isPresent() && codes.get().dim(axis) != scales.size()) {
      throw new Refused("has " + scales.size() + " scales along an axis of " + codes.get());
    }
    List<QuantParams> params = new ArrayList<>();
    boolean narrow = codes.isPresent() && isNarrow(codes.get(), kind, zeros);
    for (int i = 0; i < scales.size(); i++) {
      long zero = zeros.isPresent() ? zeros.get().integers()[i] : 0;
      params.add(
          codes.isPresent() && isBias(codes.get())
              ? params(scales.floats()[i], zero, Kind.INT32, false)
              : params(scales.floats()[i], zero, kind, narrow));
    }
    return new Codes(params, axis);
  }

  private static Optional<NdArray> in(List<NdArray> stated, int i) {
    return i < stated.size() ? Optional.ofNullable(stated.get(i)) : Optional.empty();
  }

  private static Kind kindOf(String word) {
    try {
      return Kind.valueOf(word);
    } catch (IllegalArgumentException e) {
      throw new Refused("codes of type " + word + " cannot be run", e);
    }
  }

  /** True for signed codes about 0 that leave the lowest one out, as symmetric weights do. */
  private static boolean isNarrow(NdArray codes, Kind kind, Optional<NdArray> zeros) {
    if (!kind.signed() || kind.bits() > MOST_BITS) {
      return false;
    }
    long lowest = -(1L << (kind.bits() - 1));
    for (long q : codes.integers()) {
      if (q == lowest) {
        return false;
      }
    }
    if (zeros.isPresent()) {
      for (long z : zeros.get().integers()) {
        if (z != 0) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * True for the codes of a bias: 32 bits, or 64 beside activations of 16. They are numbers to
   * everything that reads them, so that their own range plays no part.
   */
  static boolean isBias(NdArray codes) {
    return codes.kind() == Kind.INT32 || codes.kind() == Kind.INTEGER;
  }

  private static QuantParams params(float scale, long zero, Kind kind, boolean narrow) {
    int bits = kind.bits();
    if (bits != BIAS_BITS && (bits > MOST_BITS || kind == Kind.FLOAT)) {
      throw new Refused("codes of type " + kind + " cannot be run");
    }
    long qmin = kind.signed() ? -(1L << (bits - 1)) : 0;
    long qmax = kind.signed() ? (1L << (bits - 1)) - 1 : (1L << bits) - 1;
    if (zero < qmin || zero > qmax) {
      throw new Refused("its zero point is " + zero);
    }
    try {
      return new QuantParams(scale, (int) zero, (int) (narrow ? qmin + 1 : qmin), (int) qmax);
    } catch (IllegalArgumentException e) {
      throw new Refused(e.getMessage(), e);
    }
  }

  /** The codes of a tensor of numbers. */
  static NdArray quantized(FileNode node, List<NdArray> in) {
    NdArray x = in.getFirst();
    Codes codes = codes(node, in, Optional.empty(), x.rank());
    checkAxis(codes, x);
    long[] q = new long[x.size()];
    float[] values = x.floats();
    int inner = inner(x, codes);
    for (int i = 0; i < q.length; i++) {
      q[i] = codes.of(i / inner % codes.params().size()).quantize(values[i]);
    }
    QuantParams first = codes.of(0);
    return NdArray.of(x.dims(), q, kindOf(first));
  }

  private static Kind kindOf(QuantParams p) {
    boolean eight = p.codes() <= 1 << 8;
    return p.qmin() < 0 ? eight ? Kind.INT8 : Kind.INT16 : eight ? Kind.UINT8 : Kind.UINT16;
  }

  /** The numbers that a tensor of codes stands for. */
  static NdArray dequantized(NdArray x, Codes codes) {
    checkAxis(codes, x);
    float[] values = new float[x.size()];
    long[] q = x.integers();
    int inner = inner(x, codes);
    for (int i = 0; i < q.length; i++) {
      QuantParams p = codes.of(i / inner % codes.params().size());
      // Not p.dequantize: a bias of 32 bits would lose digits before the product.
      values[i] = (float) ((q[i] - p.zeroPoint()) * (double) p.scale());
    }
    return NdArray.of(x.dims(), values);
  }

  private static void checkAxis(Codes codes, NdArray x) {
    int n = codes.params().size();
    if (n > 1 && (codes.axis() >= x.rank() || x.dim(codes.axis()) != n)) {
      throw new Refused("has " + n + " scales along axis " + codes.axis() + " of " + x);
    }
  }

  /** Elements from one place along the axis to the next. */
  private static int inner(NdArray x, Codes codes) {
    int inner = 1;
    for (int d = codes.axis() + 1; codes.params().size() > 1 && d < x.rank(); d++) {
      inner *= x.dim(d);
    }
    return inner;
  }

  /** Where the axis of codes lies after axes were put in another order. */
  static Codes transposed(Codes codes, int[] order) {
    for (int i = 0; i < order.length; i++) {
      if (order[i] == codes.axis()) {
        return new Codes(codes.params(), i);
      }
    }
    return codes;
  }

  /** Where the axis of codes lies after a tensor was cut into other axes; empty if it is gone. */
  static Optional<Codes> reshaped(Codes codes, int[] before, int[] after) {
    if (codes.params().size() == 1) {
      return Optional.of(codes);
    }
    long outer = 1;
    for (int d = 0; d < codes.axis(); d++) {
      outer *= before[d];
    }
    long passed = 1;
    for (int d = 0; d < after.length; d++) {
      if (passed == outer && after[d] == before[codes.axis()]) {
        return Optional.of(new Codes(codes.params(), d));
      }
      passed *= after[d];
    }
    return Optional.empty();
  }
}
