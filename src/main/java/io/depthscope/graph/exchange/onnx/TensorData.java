package io.depthscope.graph.exchange.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.depthscope.file.FileErrors;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.lowering.ElementType;
import io.depthscope.graph.exchange.lowering.FileNode;
import io.depthscope.graph.exchange.lowering.Refused;
import java.io.IOException;
import java.nio.ByteBuffer;
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

  /** The type of a number of the schema. */
  private static ElementType type(int number) {
    return switch (number) {
      case 1 -> ElementType.FLOAT;
      case 2 -> ElementType.UINT8;
      case 3 -> ElementType.INT8;
      case 4 -> ElementType.UINT16;
      case 5 -> ElementType.INT16;
      case 6 -> ElementType.INT32;
      case 7 -> ElementType.INT64;
      case 9 -> ElementType.BOOL;
      case 10 -> ElementType.FLOAT16;
      case 11 -> ElementType.DOUBLE;
      case 12 -> ElementType.UINT32;
      case 13 -> ElementType.UINT64;
      case 16 -> ElementType.BFLOAT16;
      default -> throw new Refused("element type " + number + " cannot be read");
    };
  }

  /** True if elements of this type of the schema are floats. */
  static boolean isFloat(int number) {
    return type(number).isFloat();
  }

  /** The word that {@code lowering} knows a type of the schema by. */
  static String word(int number) {
    return type(number).word();
  }

  /**
   * Decodes a tensor.
   *
   * @throws Refused if it cannot be read, or does not hold what its extents say
   */
  NdArray read(TensorProto t) {
    ElementType type = type(t.getDataType());
    int[] dims = new int[t.getDimsCount()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = FileNode.small("an extent", t.getDims(i));
    }
    if (t.hasDataLocation() && t.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      return type.decode(dims, externalBytes(t, (long) ElementType.count(dims) * type.bytes()));
    }
    if (t.hasRawData()) {
      return type.decode(dims, t.getRawData().asReadOnlyByteBuffer());
    }
    return fields(t, type, dims, ElementType.count(dims));
  }

  private static void require(long held, long needed, String what) {
    if (held != needed) {
      throw new Refused("holds " + held + " " + what + ", its extents need " + needed);
    }
  }

  /** The values from the repeated field of the type. */
  private static NdArray fields(TensorProto t, ElementType type, int[] dims, int size) {
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
