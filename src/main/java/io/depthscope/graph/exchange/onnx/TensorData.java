package io.depthscope.graph.exchange.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import io.depthscope.file.FileErrors;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.lowering.FileNode;
import io.depthscope.graph.exchange.lowering.Refused;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Tensors of a file, decoded. Their lengths are checked against what the file holds before anything
 * is allocated.
 */
final class TensorData {
  private final Optional<Path> folder;
  private final MessageDigest external;
  private boolean readExternal;

  /**
   * @param folder in which external data may lie; empty if there is none
   * @param external takes in what is read from other files
   */
  TensorData(Optional<Path> folder, MessageDigest external) {
    this.folder = folder;
    this.external = external;
  }

  /** True if a tensor was read from another file. */
  boolean readExternal() {
    return readExternal;
  }

  /** The types that are read, with the bytes of an element in raw data. */
  private enum Type {
    FLOAT(1, 4),
    UINT8(2, 1),
    INT8(3, 1),
    UINT16(4, 2),
    INT16(5, 2),
    INT32(6, 4),
    INT64(7, 8),
    BOOL(9, 1),
    FLOAT16(10, 2),
    DOUBLE(11, 8),
    UINT32(12, 4),
    UINT64(13, 8),
    BFLOAT16(16, 2);

    private final int number;
    private final int bytes;

    Type(int number, int bytes) {
      this.number = number;
      this.bytes = bytes;
    }

    NdArray.Kind kind() {
      return switch (this) {
        case FLOAT, FLOAT16, DOUBLE, BFLOAT16 -> NdArray.Kind.FLOAT;
        case INT8 -> NdArray.Kind.INT8;
        case UINT8 -> NdArray.Kind.UINT8;
        case INT16 -> NdArray.Kind.INT16;
        case UINT16 -> NdArray.Kind.UINT16;
        case INT32 -> NdArray.Kind.INT32;
        case INT64, BOOL, UINT32, UINT64 -> NdArray.Kind.INTEGER;
      };
    }

    boolean isFloat() {
      return kind() == NdArray.Kind.FLOAT;
    }

    static Type of(int number) {
      for (Type t : values()) {
        if (t.number == number) {
          return t;
        }
      }
      throw new Refused("element type " + number + " cannot be read");
    }
  }

  /** True if elements of this type of the schema are floats. */
  static boolean isFloat(int number) {
    return Type.of(number).isFloat();
  }

  /** The word that {@code lowering} knows a type of the schema by. */
  static String word(int number) {
    return Type.of(number) == Type.BOOL ? "BOOL" : Type.of(number).kind().name();
  }

  /**
   * Decodes a tensor.
   *
   * @throws Refused if it cannot be read, or does not hold what its extents say
   */
  NdArray read(TensorProto t) {
    Type type = Type.of(t.getDataType());
    int[] dims = new int[t.getDimsCount()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = FileNode.small("an extent", t.getDims(i));
    }
    int size;
    try {
      size = NdArray.size(dims);
    } catch (IllegalArgumentException e) {
      throw new Refused(e.getMessage(), e);
    }
    if (t.hasDataLocation() && t.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      return decode(type, dims, size, externalBytes(t, (long) size * type.bytes));
    }
    if (t.hasRawData()) {
      ByteString raw = t.getRawData();
      require(raw.size(), (long) size * type.bytes, "bytes");
      return decode(type, dims, size, raw.asReadOnlyByteBuffer());
    }
    return fields(t, type, dims, size);
  }

  private static void require(long held, long needed, String what) {
    if (held != needed) {
      throw new Refused("holds " + held + " " + what + ", its extents need " + needed);
    }
  }

  private static NdArray decode(Type type, int[] dims, int size, ByteBuffer bytes) {
    ByteBuffer in = bytes.order(ByteOrder.LITTLE_ENDIAN);
    if (type.isFloat()) {
      float[] out = new float[size];
      if (type == Type.FLOAT) {
        in.asFloatBuffer().get(out);
        return NdArray.of(dims, out);
      }
      for (int i = 0; i < size; i++) {
        out[i] =
            switch (type) {
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
          switch (type) {
            case UINT8, BOOL -> in.get() & 0xff;
            case INT8 -> in.get();
            case UINT16 -> in.getShort() & 0xffff;
            case INT16 -> in.getShort();
            case INT32 -> in.getInt();
            case UINT32 -> in.getInt() & 0xffffffffL;
            default -> in.getLong();
          };
    }
    return NdArray.of(dims, out, type.kind());
  }

  /** The values from the repeated field of the type. */
  private static NdArray fields(TensorProto t, Type type, int[] dims, int size) {
    if (type.isFloat()) {
      int held =
          switch (type) {
            case FLOAT -> t.getFloatDataCount();
            case DOUBLE -> t.getDoubleDataCount();
            default -> t.getInt32DataCount();
          };
      require(held, size, "values");
      float[] out = new float[size];
      for (int i = 0; i < size; i++) {
        out[i] =
            switch (type) {
              case FLOAT -> t.getFloatData(i);
              case DOUBLE -> (float) t.getDoubleData(i);
              case FLOAT16 -> Float.float16ToFloat((short) t.getInt32Data(i));
              default -> Float.intBitsToFloat(t.getInt32Data(i) << 16);
            };
      }
      return NdArray.of(dims, out);
    }
    int held =
        switch (type) {
          case INT64 -> t.getInt64DataCount();
          case UINT32, UINT64 -> t.getUint64DataCount();
          default -> t.getInt32DataCount();
        };
    require(held, size, "values");
    long[] out = new long[size];
    for (int i = 0; i < size; i++) {
      out[i] =
          switch (type) {
            case INT64 -> t.getInt64Data(i);
            case UINT32, UINT64 -> t.getUint64Data(i);
            default -> t.getInt32Data(i);
          };
    }
    return NdArray.of(dims, out, type.kind());
  }

  private ByteBuffer externalBytes(TensorProto t, long needed) {
    String location = "";
    long offset = 0;
    long length = needed;
    for (StringStringEntryProto e : t.getExternalDataList()) {
      switch (e.getKey()) {
        case "location" -> location = e.getValue();
        case "offset" -> offset = number("offset", e.getValue());
        case "length" -> length = number("length", e.getValue());
        default -> {}
      }
    }
    require(length, needed, "bytes");
    Path file = inside(location);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (offset > channel.size() || length > channel.size() - offset) {
        throw new Refused(
            "its data are bytes "
                + offset
                + " and on of "
                + location
                + ", which has "
                + channel.size());
      }
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(length));
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, offset + bytes.position()) < 0) {
          throw new Refused("the data in " + location + " end too early");
        }
      }
      external.update(bytes.array());
      readExternal = true;
      return bytes.flip();
    } catch (IOException e) {
      throw new Refused("its data in " + location + ": " + FileErrors.reason(e), e);
    }
  }

  private static long number(String what, String text) {
    if (!text.matches("[0-9]{1,18}")) {
      throw new Refused("the " + what + " of its data is no number");
    }
    return Long.parseLong(text);
  }

  /** A file in the model's folder or below, links followed. */
  private Path inside(String location) {
    if (folder.isEmpty()) {
      throw new Refused("its data are in another file");
    }
    try {
      Path named = Path.of(location);
      Path file = folder.get().resolve(named).normalize();
      if (location.isEmpty() || named.isAbsolute() || !file.startsWith(folder.get())) {
        throw new Refused("its data are outside the model's folder");
      }
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new Refused("its data are in " + location + ", which is missing");
      }
      if (!file.toRealPath().startsWith(folder.get().toRealPath())) {
        throw new Refused("its data are outside the model's folder");
      }
      if (!Files.isRegularFile(file)) {
        throw new Refused("its data are in " + location + ", which is no regular file");
      }
      return file;
    } catch (InvalidPathException e) {
      throw new Refused("its data are in a file whose name cannot be", e);
    } catch (IOException e) {
      throw new Refused("its data in " + location + ": " + FileErrors.reason(e), e);
    }
  }
}
