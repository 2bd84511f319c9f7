package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.NdArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What the elements of a tensor in a file are. */
public enum ElementType {
  FLOAT(4, NdArray.Kind.FLOAT),
  FLOAT16(2, NdArray.Kind.FLOAT),
  BFLOAT16(2, NdArray.Kind.FLOAT),
  DOUBLE(8, NdArray.Kind.FLOAT),
  INT8(1, NdArray.Kind.INT8),
  UINT8(1, NdArray.Kind.UINT8),
  INT16(2, NdArray.Kind.INT16),
  UINT16(2, NdArray.Kind.UINT16),
  INT32(4, NdArray.Kind.INT32),
  UINT32(4, NdArray.Kind.INTEGER),
  INT64(8, NdArray.Kind.INTEGER),
  UINT64(8, NdArray.Kind.INTEGER),
  BOOL(1, NdArray.Kind.INTEGER);

  private final int bytes;
  private final NdArray.Kind kind;

  ElementType(int bytes, NdArray.Kind kind) {
    this.bytes = bytes;
    this.kind = kind;
  }

  /** Bytes of an element. */
  public int bytes() {
    return bytes;
  }

  /** What an array of them holds. */
  public NdArray.Kind kind() {
    return kind;
  }

  public boolean isFloat() {
    return kind == NdArray.Kind.FLOAT;
  }

  /** The word that an attribute knows it by. */
  public String word() {
    return this == BOOL ? "BOOL" : kind.name();
  }

  /**
   * Number of elements of a tensor.
   *
   * @throws Refused if an extent is negative, or there are too many
   */
  public static int count(int[] dims) {
    try {
      return NdArray.size(dims);
    } catch (IllegalArgumentException e) {
      throw new Refused(e.getMessage(), e);
    }
  }

  /**
   * The tensor that lies in a buffer, little-endian, from its position to its limit.
   *
   * @throws Refused if its extents do not fit the buffer
   */
  public NdArray decode(int[] dims, ByteBuffer buffer) {
    int size = count(dims);
    long needed = (long) size * bytes;
    if (buffer.remaining() != needed) {
      throw new Refused("holds " + buffer.remaining() + " bytes, its extents need " + needed);
    }
    ByteBuffer in = buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (isFloat()) {
      float[] out = new float[size];
      if (this == FLOAT) {
        in.asFloatBuffer().get(out);
        return NdArray.of(dims, out);
      }
      for (int i = 0; i < size; i++) {
        out[i] =
            switch (this) {
              case FLOAT16 -> Float.float16ToFloat(in.getShort());
              case BFLOAT16 -> Float.intBitsToFloat(in.getShort() << 16);
              default -> (float) in.getDouble();
            };
      }
      return NdArray.of(dims, out);
    }
    long[] out = new long[size];
    for (int i = 0; i < size; i++) {
      out[i] =
          switch (this) {
            case UINT8, BOOL -> in.get() & 0xff;
            case INT8 -> in.get();
            case UINT16 -> in.getShort() & 0xffff;
            case INT16 -> in.getShort();
            case INT32 -> in.getInt();
            case UINT32 -> in.getInt() & 0xffffffffL;
            default -> in.getLong();
          };
    }
    return NdArray.of(dims, out, kind);
  }
}
