package io.depthscope.graph.draft;

import io.depthscope.tensor.RowMajor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;

/**
 * Operations on tensors of any rank, as NumPy has them: what files compute of constants, and behind
 * the network's outputs. A negative axis counts from the last. All throw IllegalArgumentException
 * where extents do not fit.
 */
public final class NdMath {
  private NdMath() {}

  /** An axis of a tensor of this rank, counted from the first. */
  public static int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw new IllegalArgumentException("axis " + axis + " of a tensor of rank " + rank);
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  private static int product(int[] dims, int from, int to) {
    int n = 1;
    for (int i = from; i < to; i++) {
      n = Math.multiplyExact(n, dims[i]);
    }
    return n;
  }

  /** The axes in another order, a permutation. */
  public static NdArray transpose(NdArray x, int... order) {
    int rank = x.rank();
    order(order, rank);
    int[] strides = RowMajor.strides(x.dims());
    int[] dims = new int[rank];
    int[] moved = new int[rank];
    for (int i = 0; i < rank; i++) {
      dims[i] = x.dim(order[i]);
      moved[i] = strides[order[i]];
    }
    return x.walked(dims, moved, 0);
  }

  /** An order of all axes; refused if one is missing, or there twice. */
  public static int[] order(int[] order, int rank) {
    int[] all = new int[rank];
    Arrays.setAll(all, i -> i);
    if (!Arrays.equals(Arrays.stream(order).sorted().toArray(), all)) {
      throw new IllegalArgumentException(
          Arrays.toString(order) + " is no order of " + rank + " axes");
    }
    return order;
  }

  /** {@link RowMajor#places} of a tensor that is made, within what may be. */
  private static int[] places(int[] dims, int[] steps, int first) {
    NdArray.made(dims);
    return RowMajor.places(dims, steps, first);
  }

  /** Extents to which both can be repeated. */
  public static int[] broadcast(int[] a, int[] b) {
    int[] dims = new int[Math.max(a.length, b.length)];
    for (int i = 1; i <= dims.length; i++) {
      int da = i <= a.length ? a[a.length - i] : 1;
      int db = i <= b.length ? b[b.length - i] : 1;
      if (da != db && da != 1 && db != 1) {
        throw new IllegalArgumentException(
            "extents " + Arrays.toString(a) + " and " + Arrays.toString(b) + " do not fit");
      }
      dims[dims.length - i] = da == 1 ? db : da;
    }
    return dims;
  }

  /** A tensor repeated to these extents. */
  public static NdArray expand(NdArray x, int... dims) {
    if (!Arrays.equals(broadcast(x.dims(), dims), dims)) {
      throw new IllegalArgumentException(x + " does not fit " + Arrays.toString(dims));
    }
    return x.walked(dims, repeating(x, dims), 0);
  }

  /** Steps through a tensor that is repeated to these extents. */
  private static int[] repeating(NdArray x, int[] dims) {
    int[] strides = RowMajor.strides(x.dims());
    int[] steps = new int[dims.length];
    for (int i = 1; i <= x.rank(); i++) {
      steps[dims.length - i] = x.dim(x.rank() - i) == 1 ? 0 : strides[x.rank() - i];
    }
    return steps;
  }

  /** Two tensors combined value by value, in double and rounded once; integers as integers. */
  public static NdArray combine(
      NdArray a, NdArray b, DoubleBinaryOperator f, LongBinaryOperator whole) {
    int[] dims = broadcast(a.dims(), b.dims());
    int size = NdArray.made(dims);
    int[] stepsA = repeating(a, dims);
    int[] stepsB = repeating(b, dims);
    if (!a.isFloat() && !b.isFloat()) {
      long[] left = a.integers();
      long[] right = b.integers();
      long[] out = new long[size];
      RowMajor.walk(
          dims, stepsA, stepsB, (i, p, q) -> out[i] = whole.applyAsLong(left[p], right[q]));
      return NdArray.of(dims, out);
    }
    float[] left = a.floats();
    float[] right = b.floats();
    float[] out = new float[size];
    RowMajor.walk(
        dims, stepsA, stepsB, (i, p, q) -> out[i] = (float) f.applyAsDouble(left[p], right[q]));
    return NdArray.of(dims, out);
  }

  /** A function of each value, in double and rounded once. */
  public static NdArray map(NdArray x, DoubleUnaryOperator f) {
    float[] in = x.floats();
    float[] out = new float[in.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) f.applyAsDouble(in[i]);
    }
    return NdArray.of(x.dims(), out);
  }

  /** Tensors one after the other along an axis. */
  public static NdArray concat(List<NdArray> parts, int axis) {
    NdArray first = parts.getFirst();
    int[] dims = first.dims();
    dims[axis] = 0;
    boolean floats = false;
    for (NdArray part : parts) {
      int[] other = part.dims();
      if (other.length != dims.length) {
        throw new IllegalArgumentException("cannot concatenate " + first + " and " + part);
      }
      int extent = other[axis];
      other[axis] = dims[axis];
      if (!Arrays.equals(dims, other)) {
        throw new IllegalArgumentException("cannot concatenate " + first + " and " + part);
      }
      dims[axis] = Math.addExact(dims[axis], extent);
      floats |= part.isFloat();
    }
    int size = NdArray.made(dims); // one part may stand here many times
    Object out = floats ? new float[size] : new long[size];
    int outer = product(dims, 0, axis);
    int inner = product(dims, axis + 1, dims.length);
    int offset = 0;
    for (NdArray part : parts) {
      Object in = floats ? part.floats() : part.integers();
      int length = part.dim(axis) * inner;
      for (int o = 0; o < outer; o++) {
        System.arraycopy(in, o * length, out, o * dims[axis] * inner + offset, length);
      }
      offset += length;
    }
    return out instanceof float[] f ? NdArray.of(dims, f) : NdArray.of(dims, (long[]) out);
  }

  /** Every step-th of the elements from..to along an axis, {@code to} not among them. */
  public static NdArray slice(NdArray x, int axis, int from, int to, int step) {
    int[] dims = x.dims();
    int[] steps = RowMajor.strides(dims);
    int first = from * steps[axis];
    dims[axis] = Math.max(0, Math.ceilDiv(to - from, step));
    steps[axis] = Math.multiplyExact(steps[axis], dims[axis] < 2 ? 1 : step);
    return x.walked(dims, steps, first);
  }

  /** The elements at these places along an axis, which is replaced by the axes of the indices. */
  public static NdArray gather(NdArray x, NdArray indices, int axis) {
    int[] dims = new int[x.rank() - 1 + indices.rank()];
    System.arraycopy(x.dims(), 0, dims, 0, axis);
    System.arraycopy(indices.dims(), 0, dims, axis, indices.rank());
    System.arraycopy(x.dims(), axis + 1, dims, axis + indices.rank(), x.rank() - axis - 1);
    int[] places = new int[NdArray.made(dims)];
    int inner = product(x.dims(), axis + 1, x.rank());
    int extent = x.dim(axis);
    long[] wanted = indices.integers();
    int n = 0;
    for (int o = 0; n < places.length; o++) {
      for (long w : wanted) {
        if (w < -extent || w >= extent) {
          throw new IllegalArgumentException("index " + w + " along an axis of " + extent);
        }
        int place = (o * extent + (int) (w < 0 ? w + extent : w)) * inner;
        for (int i = 0; i < inner; i++) {
          places[n++] = place + i;
        }
      }
    }
    return x.at(dims, places);
  }

  /** How the values along some axes become one. */
  public interface Reduction {
    /** Of these values, at least one. */
    double of(float[] values);
  }

  /** The sum, in double. */
  public static double sum(float[] values) {
    double sum = 0;
    for (float v : values) {
      sum += v;
    }
    return sum;
  }

  /** The values along some axes reduced to one each; the axes stay with extent 1. */
  public static NdArray reduce(NdArray x, boolean[] along, Reduction reduction) {
    int[] strides = RowMajor.strides(x.dims());
    int[] kept = x.dims();
    int[] inside = x.dims();
    for (int i = 0; i < kept.length; i++) {
      if (along[i]) {
        kept[i] = 1;
      } else {
        inside[i] = 1;
      }
    }
    int[] starts = places(kept, strides, 0);
    int[] within = places(inside, strides, 0);
    if (within.length == 0) {
      throw new IllegalArgumentException("nothing to reduce in " + x);
    }
    float[] in = x.floats();
    float[] out = new float[starts.length];
    float[] values = new float[within.length];
    for (int o = 0; o < out.length; o++) {
      for (int i = 0; i < values.length; i++) {
        values[i] = in[starts[o] + within[i]];
      }
      out[o] = (float) reduction.of(values);
    }
    return NdArray.of(kept, out);
  }

  /** Along some axes exp(x - max) / sum, or its logarithm; in double. */
  public static NdArray softmax(NdArray x, boolean[] along, boolean logarithm) {
    NdArray most = expand(reduce(x, along, NdMath::max), x.dims());
    NdArray sums =
        expand(
            reduce(
                x,
                along,
                values -> {
                  double max = max(values);
                  double sum = 0;
                  for (float v : values) {
                    sum += Math.exp(v - max);
                  }
                  return Math.log(sum);
                }),
            x.dims());
    float[] in = x.floats();
    float[] out = new float[in.length];
    for (int i = 0; i < out.length; i++) {
      double log = (double) in[i] - most.floats()[i] - sums.floats()[i];
      out[i] = (float) (logarithm ? log : Math.exp(log));
    }
    return NdArray.of(x.dims(), out);
  }

  /** The largest; NaN if one is. */
  public static double max(float[] values) {
    double max = Double.NEGATIVE_INFINITY;
    for (float v : values) {
      max = Math.max(max, v);
    }
    return max;
  }

  /** Place of the first of the largest values along an axis. */
  public static NdArray argMax(NdArray x, int axis) {
    boolean[] along = new boolean[x.rank()];
    along[axis] = true;
    NdArray places =
        reduce(
            x,
            along,
            values -> {
              int best = 0;
              for (int i = 1; i < values.length; i++) {
                best = values[i] > values[best] ? i : best;
              }
              return best;
            });
    return NdArray.of(places.dims(), places.integers());
  }

  /** The parts of a tensor along an axis. */
  public static List<NdArray> split(NdArray x, int axis, int... extents) {
    List<NdArray> parts = new ArrayList<>();
    int from = 0;
    for (int extent : extents) {
      if (extent < 0 || from + (long) extent > x.dim(axis)) {
        throw new IllegalArgumentException("parts " + Arrays.toString(extents) + " of " + x);
      }
      parts.add(slice(x, axis, from, from + extent, 1));
      from += extent;
    }
    if (from != x.dim(axis)) {
      throw new IllegalArgumentException("parts " + Arrays.toString(extents) + " of " + x);
    }
    return parts;
  }

  /** Mean and variance of each channel. */
  public record Norm(NdArray mean, NdArray variance) {}

  /**
   * A batch norm along the second axis.
   *
   * @param stored what is subtracted and divided by; empty: what the tensor itself has
   * @throws IllegalArgumentException if the axes do not fit
   */
  public static NdArray normalized(
      NdArray x, NdArray scale, NdArray shift, Optional<Norm> stored, float epsilon) {
    if (x.rank() < 2) {
      throw new IllegalArgumentException("its input has " + x.rank() + " axes");
    }
    int[] channels = new int[x.rank()];
    boolean[] along = new boolean[x.rank()];
    for (int d = 0; d < channels.length; d++) {
      channels[d] = d == 1 ? x.dim(1) : 1;
      along[d] = d != 1;
    }
    Reduction average = v -> sum(v) / v.length;
    NdArray mean =
        stored.map(s -> s.mean().reshaped(channels)).orElseGet(() -> reduce(x, along, average));
    NdArray centred = combine(x, mean, (a, b) -> a - b, (a, b) -> a - b);
    NdArray variance =
        stored
            .map(s -> s.variance().reshaped(channels))
            .orElseGet(() -> reduce(map(centred, v -> v * v), along, average));
    NdArray deviation = map(variance, v -> Math.sqrt(v + epsilon));
    NdArray unit = combine(centred, deviation, (a, b) -> a / b, (a, b) -> a / b);
    NdArray scaled = combine(unit, scale.reshaped(channels), (a, b) -> a * b, (a, b) -> a * b);
    return combine(scaled, shift.reshaped(channels), Double::sum, Long::sum);
  }
}
