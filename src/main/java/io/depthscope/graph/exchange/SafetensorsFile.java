package io.depthscope.graph.exchange;

import io.depthscope.file.FileErrors;
import io.depthscope.file.Sha256;
import io.depthscope.tensor.FloatTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Map;

/**
 * An open safetensors file: 8 bytes header length (little-endian), a JSON header, and the tensors'
 * bytes. A file on disk is mapped into memory, and a tensor is copied only when it is read. The
 * whole layout is checked on opening: every offset lies in the file, and the tensors cover its data
 * without gap or overlap.
 *
 * <p>Owns the mapping; nothing can be read after {@link #close}. Safe to read from several threads.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** The limit of the format's reference implementation. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  private static final int LENGTH_BYTES = 8;
  private static final int HASH_CHUNK = 1 << 20;

  /** So far into the file white space may precede the header's object. */
  private static final int LEADING = 1024;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String name;
  private final Arena arena;
  private final MemorySegment all;
  private final MemorySegment data;
  private final SafetensorsHeader header;

  private SafetensorsFile(String name, Arena arena, MemorySegment all) throws ModelFormatException {
    this.name = name;
    this.arena = arena;
    this.all = all;
    long headerBytes = headerLength(name, all);
    byte[] json = all.asSlice(LENGTH_BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
    this.data = all.asSlice(LENGTH_BYTES + headerBytes);
    try {
      this.header = SafetensorsHeader.parse(json, data.byteSize());
    } catch (SafetensorsHeader.Refused e) {
      throw new ModelFormatException(name, e.getMessage(), e);
    }
  }

  /**
   * Opens and checks a file.
   *
   * @throws ModelFormatException if it cannot be read or is no sound safetensors file
   */
  @SuppressWarnings("resource") // the arena is owned by the result, and closed here on failure
  public static SafetensorsFile open(Path file) throws ModelFormatException {
    String name = file.toString();
    Arena arena = Arena.ofShared();
    SafetensorsFile opened = null;
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new ModelFormatException(
            name, Files.isDirectory(file) ? "is a directory" : "is not a regular file");
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        opened = new SafetensorsFile(name, arena, all);
      }
      return opened;
    } catch (ModelFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new ModelFormatException(name, FileErrors.reason(e), e);
    } finally {
      if (opened == null) {
        arena.close();
      }
    }
  }

  /**
   * Reads a file that is already in memory, such as a resource of the jar.
   *
   * @param bytes kept, not copied
   * @param name stands for the file in messages
   * @throws ModelFormatException if it is no sound safetensors file
   */
  public static SafetensorsFile of(byte[] bytes, String name) throws ModelFormatException {
    return new SafetensorsFile(name, Arena.ofShared(), MemorySegment.ofArray(bytes).asReadOnly());
  }

  private static long headerLength(String name, MemorySegment all) throws ModelFormatException {
    long size = all.byteSize();
    if (size == 0) {
      throw new ModelFormatException(name, "is empty");
    }
    if (size > LENGTH_BYTES) {
      long length = all.get(LONG, 0);
      boolean plausible =
          length > 0
              && length <= MAX_HEADER_BYTES
              && SafetensorsHeader.startsObject(
                  all.asSlice(LENGTH_BYTES, Math.min(LEADING, size - LENGTH_BYTES))
                      .toArray(ValueLayout.JAVA_BYTE));
      if (plausible && length <= size - LENGTH_BYTES) {
        return length;
      }
      if (plausible) {
        throw new ModelFormatException(name, badLength(all, size));
      }
    }
    byte[] head =
        all.asSlice(0, Math.min(size, ForeignFormat.PREFIX)).toArray(ValueLayout.JAVA_BYTE);
    String reason =
        ForeignFormat.recognise(head)
            .orElseGet(() -> "is not a safetensors file: " + badLength(all, size));
    throw new ModelFormatException(name, reason);
  }

  private static String badLength(MemorySegment all, long size) {
    if (size <= LENGTH_BYTES) {
      return "it has only " + size + " bytes";
    }
    long length = all.get(LONG, 0);
    String stated = "it states a header of " + Long.toUnsignedString(length) + " bytes";
    if (length < 0 || length > MAX_HEADER_BYTES) {
      return stated + ", the limit is " + MAX_HEADER_BYTES;
    }
    if (length > size - LENGTH_BYTES) {
      return stated + " but only " + (size - LENGTH_BYTES) + " follow (truncated file?)";
    }
    return length == 0 ? stated : "the header does not start with '{'";
  }

  /** The file's path, or the name it was given. */
  public String name() {
    return name;
  }

  /** All tensors by name, in the order of the header. */
  public Map<String, TensorInfo> tensors() {
    return header.tensors();
  }

  /** The free-form text entries of the header; empty if there are none. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * Reads one tensor; F16 and BF16 are widened to float32, which is exact.
   *
   * @throws ModelFormatException if there is no such tensor, its dtype is not F32, F16 or BF16, or
   *     it has more than 2^31 - 1 elements
   */
  public FloatTensor read(String tensor) throws ModelFormatException {
    TensorInfo info = info(tensor);
    int[] dims = dims(info);
    MemorySegment bytes = data.asSlice(info.begin(), info.end() - info.begin());
    int count = (int) FloatTensor.elements(dims);
    return new FloatTensor(dims, toFloats(quoted(tensor), info.dtype(), bytes, count));
  }

  /**
   * Reads one tensor of int32 as a row.
   *
   * @throws ModelFormatException if there is no such tensor, or it is none of at most 2^31 - 1
   *     int32
   */
  int[] readTable(String tensor) throws ModelFormatException {
    TensorInfo info = info(tensor);
    dims(info);
    if (!info.dtype().equals("I32")) {
      throw new ModelFormatException(
          name,
          quoted(tensor)
              + " has dtype "
              + ModelFormatException.shortened(info.dtype())
              + ", not I32");
    }
    return data.asSlice(info.begin(), info.end() - info.begin()).toArray(INT);
  }

  private TensorInfo info(String tensor) throws ModelFormatException {
    TensorInfo info = tensors().get(tensor);
    if (info == null) {
      throw new ModelFormatException(name, quoted(tensor) + " is missing");
    }
    return info;
  }

  private static String quoted(String tensor) {
    return "tensor '" + ModelFormatException.shortened(tensor) + "'";
  }

  /** Extents of a tensor that fits an array. */
  private int[] dims(TensorInfo info) throws ModelFormatException {
    int[] dims = new int[info.shape().size()];
    long count = 1;
    for (int i = 0; i < dims.length; i++) {
      long extent = info.shape().get(i);
      dims[i] = (int) extent;
      count *= extent; // cannot overflow: checked on opening
      if (extent > Integer.MAX_VALUE || count > Integer.MAX_VALUE - 8) {
        throw new ModelFormatException(
            name, quoted(info.name()) + " is too large: " + info.shape());
      }
    }
    return dims;
  }

  private float[] toFloats(String quoted, String dtype, MemorySegment bytes, int count)
      throws ModelFormatException {
    return switch (dtype) {
      case "F32" -> bytes.toArray(FLOAT);
      case "F16" -> widen(bytes, count, Float::float16ToFloat);
      // bfloat16 is the upper half of a float32
      case "BF16" -> widen(bytes, count, bits -> Float.intBitsToFloat(bits << 16));
      default ->
          throw new ModelFormatException(
              name,
              String.format(
                  Locale.ROOT,
                  "%s has dtype %s; F32, F16 and BF16 can be read",
                  quoted,
                  ModelFormatException.shortened(dtype)));
    };
  }

  private interface HalfToFloat {
    float toFloat(short bits);
  }

  private static float[] widen(MemorySegment bytes, int count, HalfToFloat conversion) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = conversion.toFloat(bytes.getAtIndex(SHORT, i));
    }
    return values;
  }

  /** SHA-256 of the whole file, in lower-case hexadecimal. */
  public String sha256() {
    MessageDigest digest = Sha256.begin();
    for (long at = 0; at < all.byteSize(); at += HASH_CHUNK) {
      digest.update(all.asSlice(at, Math.min(HASH_CHUNK, all.byteSize() - at)).asByteBuffer());
    }
    return Sha256.hex(digest.digest());
  }

  @Override
  public void close() {
    arena.close();
  }
}
