package io.depthscope.graph.draft;

import io.depthscope.tensor.RowMajor;
import java.util.Arrays;

/**
 * A tensor of any rank in row-major order, of float32 or of integers. Extents of 0 are allowed.
 * Treated as read-only by whoever receives it.
 */
public final class NdArray {
  /** Most elements of one, as long as a file holds them. */
  public static final int MOST = 1 << 29;

  /** Most elements of one that is made of a smaller one or of nothing. */
  public static final int MOST_MADE = 1 << 27;

  /** What the elements are. Integers of all kinds are held alike; the kind says what they were. */
  public enum Kind {
    FLOAT(Integer.MAX_VALUE, false),
    INT8(8, true),
    UINT8(8, false),
    INT16(16, true),
    UINT16(16, false),
    INT32(32, true),
    /** All other integers, booleans among them. */
    INTEGER(64, true);

    private final int bits;
    private final boolean signed;

    Kind(int bits, boolean signed) {
      this.bits = bits;
      this.signed = signed;
    }

    /** Bits of an integer. */
    public int bits() {
      return bits;
    }

    /** True for integers that may be negative. */
    public boolean signed() {
      return signed;
    }
  }

  private final int[] dims;
  private final Kind kind;
  private final float[] floats;
  private final long[] integers;

  private NdArray(int[] dims, Kind kind, float[] floats, long[] integers) {
    this.dims = dims.clone();
    this.kind = kind;
    this.floats = floats;
    this.integers = integers;
    int held = floats == null ? integers.length : floats.length;
    if (size(dims) != held) {
      throw new IllegalArgumentException(
          held + " values for a tensor of extents " + Arrays.toString(dims));
    }
  }

  /**
   * @throws IllegalArgumentException if the number of values is not the product of the extents
   */
  public static NdArray of(int[] dims, float[] values) {
    return new NdArray(dims, Kind.FLOAT, values, null);
  }

  /**
   * @throws IllegalArgumentException if the number of values is not the product of the extents
   */
  public static NdArray of(int[] dims, long[] values) {
    return of(dims, values, Kind.INTEGER);
  }

  /**
   * Integers of a kind.
   *
   * @throws IllegalArgumentException if the number of values is not the product of the extents
   */
  public static NdArray of(int[] dims, long[] values, Kind kind) {
    return new NdArray(dims, kind, null, values);
  }

  /** Integers in one row. */
  public static NdArray row(long... values) {
    return of(new int[] {values.length}, values);
  }

  /**
   * Number of elements of a tensor of these extents.
   *
   * @throws IllegalArgumentException if an extent is negative, or there are more than {@link #MOST}
   */
  public static int size(int... dims) {
    long n = 1;
    boolean empty = false;
    for (int d : dims) {
      if (d < 0) {
        throw new IllegalArgumentException("a negative extent in " + Arrays.toString(dims));
      }
      empty |= d == 0;
      n = Math.min(n * Math.max(d, 1), Integer.MAX_VALUE);
    }
    if (n > MOST && !empty) {
      throw new IllegalArgumentException(
          "a tensor of extents " + Arrays.toString(dims) + " is too large");
    }
    return empty ? 0 : (int) n;
  }

  /**
   * The same for a tensor that is made of a smaller one or of nothing.
   *
   * @throws IllegalArgumentException if there are more than {@link #MOST_MADE}
   */
  public static int made(int... dims) {
    int size = size(dims);
    if (size > MOST_MADE) {
      throw new IllegalArgumentException(
          "a tensor of extents " + Arrays.toString(dims) + " is too large");
    }
    return size;
  }

  /** A tensor that is the same everywhere. */
  public static NdArray filled(NdArray value, int... dims) {
    int size = made(dims);
    if (value.isFloat()) {
      float[] all = new float[size];
      Arrays.fill(all, value.floats()[0]);
      return of(dims, all);
    }
    long[] all = new long[size];
    Arrays.fill(all, value.integers()[0]);
    return of(dims, all, value.kind);
  }

  /** A copy of the extents. */
  public int[] dims() {
    return dims.clone();
  }

  public int rank() {
    return dims.length;
  }

  public int dim(int axis) {
    return dims[axis];
  }

  public int size() {
    return floats == null ? integers.length : floats.length;
  }

  public Kind kind() {
    return kind;
  }

  /** True for float32, false for integers. */
  public boolean isFloat() {
    return floats != null;
  }

  /** The values as float32; the array itself where it is that already. */
  public float[] floats() {
    if (floats != null) {
      return floats;
    }
    float[] out = new float[integers.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = integers[i];
    }
    return out;
  }

  /** The values as integers, truncated; the array itself where it is that already. */
  public long[] integers() {
    if (integers != null) {
      return integers;
    }
    long[] out = new long[floats.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (long) floats[i];
    }
    return out;
  }

  /** The same values with other extents of the same product. */
  public NdArray reshaped(int... other) {
    return new NdArray(other, kind, floats, integers);
  }

  /**
   * An array of the same type, its elements those that are met on a walk through this one.
   *
   * @param steps how far one step along each axis goes
   * @param first place of the first element
   * @throws IllegalArgumentException if there are more than {@link #MOST_MADE}
   */
  NdArray walked(int[] otherDims, int[] steps, int first) {
    int size = made(otherDims);
    if (floats != null) {
      float[] out = new float[size];
      RowMajor.walk(otherDims, steps, first, (i, place) -> out[i] = floats[place]);
      return of(otherDims, out);
    }
    long[] out = new long[size];
    RowMajor.walk(otherDims, steps, first, (i, place) -> out[i] = integers[place]);
    return of(otherDims, out, kind);
  }

  /** An array of the same type, its elements those of this one at the given places. */
  NdArray at(int[] otherDims, int[] places) {
    if (floats != null) {
      float[] out = new float[places.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = floats[places[i]];
      }
      return of(otherDims, out);
    }
    long[] out = new long[places.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = integers[places[i]];
    }
    return of(otherDims, out, kind);
  }

  /** Extents and type, for messages. */
  @Override
  public String toString() {
    return (floats == null ? "integers " : "float32 ") + Arrays.toString(dims);
  }
}
