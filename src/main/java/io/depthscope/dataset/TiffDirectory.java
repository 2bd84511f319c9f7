package io.depthscope.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * The first directory of a TIFF file, or of an EXIF block, which is a small TIFF file.
 *
 * <p>Damage is met as PIL meets it: of two entries with one tag the later one counts, an entry of
 * an unknown type or without values is passed over, and one that points outside the data ends the
 * directory.
 */
final class TiffDirectory {
  private static final int SHORT = 3;
  private static final int LONG = 4;
  private static final int RATIONAL = 5;
  private static final int SIGNED_BYTE = 6;
  private static final int SIGNED_SHORT = 8;
  private static final int SIGNED_LONG = 9;
  private static final int SIGNED_RATIONAL = 10;
  private static final int FLOAT = 11;
  private static final int DOUBLE = 12;
  private static final int DIRECTORY = 13;
  private static final int LONG8 = 16;

  /** Bytes of one value, by type; 0 for a type that does not exist. */
  private static final int[] BYTES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8};

  private static final List<byte[]> SIGNATURES =
      List.of(
          new byte[] {'M', 'M', 0, 42},
          new byte[] {'I', 'I', 42, 0},
          new byte[] {'M', 'M', 42, 0},
          new byte[] {'I', 'I', 0, 42},
          new byte[] {'M', 'M', 0, 43});

  private record Entry(int type, int count, int at) {}

  private final ByteBuffer data;
  private final Map<Integer, Entry> entries = new HashMap<>();

  private TiffDirectory(ByteBuffer data) {
    this.data = data;
  }

  /** Tells whether data start like a TIFF file; BigTIFF does not count. */
  static boolean isTiff(byte[] data) {
    return data.length >= 8
        && SIGNATURES.stream().anyMatch(s -> Arrays.equals(s, 0, 4, data, 0, 4));
  }

  /**
   * @throws IOException if this is no TIFF data
   */
  static TiffDirectory read(byte[] data) throws IOException {
    if (!isTiff(data)) {
      throw new IOException("not TIFF data");
    }
    TiffDirectory directory =
        new TiffDirectory(
            ByteBuffer.wrap(data)
                .order(data[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN));
    directory.readEntries();
    return directory;
  }

  private void readEntries() {
    long start = u32(4);
    if (start + 2 > data.capacity()) {
      return;
    }
    int count = data.getShort((int) start) & 0xffff;
    long at = start + 2;
    for (int i = 0; i < count && at + 12 <= data.capacity(); i++, at += 12) {
      int entry = (int) at;
      int type = data.getShort(entry + 2) & 0xffff;
      if (type >= BYTES.length || BYTES[type] == 0) {
        continue;
      }
      long bytes = u32(entry + 4) * BYTES[type];
      long values = bytes > 4 ? u32(entry + 8) : entry + 8L;
      if (values + bytes > data.capacity()) {
        return;
      }
      if (bytes > 0) {
        entries.put(
            data.getShort(entry) & 0xffff,
            new Entry(type, (int) (bytes / BYTES[type]), (int) values));
      }
    }
  }

  private long u32(int at) {
    return Integer.toUnsignedLong(data.getInt(at));
  }

  ByteOrder order() {
    return data.order();
  }

  boolean has(int tag) {
    return entries.containsKey(tag);
  }

  /** First value of a tag; empty if it is absent or of bytes or text. */
  OptionalDouble number(int tag) {
    Entry entry = entries.get(tag);
    return entry == null ? OptionalDouble.empty() : number(entry, 0);
  }

  private OptionalDouble number(Entry entry, int index) {
    int at = entry.at() + index * BYTES[entry.type()];
    return switch (entry.type()) {
      case SHORT -> OptionalDouble.of(data.getShort(at) & 0xffff);
      case LONG, DIRECTORY -> OptionalDouble.of(u32(at));
      case RATIONAL -> OptionalDouble.of((double) u32(at) / u32(at + 4));
      case SIGNED_BYTE -> OptionalDouble.of(data.get(at));
      case SIGNED_SHORT -> OptionalDouble.of(data.getShort(at));
      case SIGNED_LONG -> OptionalDouble.of(data.getInt(at));
      case SIGNED_RATIONAL -> OptionalDouble.of((double) data.getInt(at) / data.getInt(at + 4));
      case FLOAT -> OptionalDouble.of(data.getFloat(at));
      case DOUBLE -> OptionalDouble.of(data.getDouble(at));
      case LONG8 -> OptionalDouble.of(data.getLong(at));
      default -> OptionalDouble.empty();
    };
  }

  /**
   * All values of a tag.
   *
   * @param absent what to answer if there is no such tag
   * @param most values that make sense
   * @throws IOException if there are more, or they are no numbers of 0 to 2^31 - 1
   */
  int[] integers(int tag, int[] absent, int most) throws IOException {
    Entry entry = entries.get(tag);
    if (entry == null) {
      return absent;
    }
    if (entry.count() > most) {
      throw new IOException("damaged: " + entry.count() + " values of TIFF tag " + tag);
    }
    int[] values = new int[entry.count()];
    for (int i = 0; i < values.length; i++) {
      double value = number(entry, i).orElse(-1);
      if (!(value >= 0 && value <= Integer.MAX_VALUE)) {
        throw new IOException("damaged: value of TIFF tag " + tag);
      }
      values[i] = (int) value;
    }
    return values;
  }

  /** {@link #integers} for a tag with one value. */
  int integer(int tag, int absent) throws IOException {
    return integers(tag, new int[] {absent}, Integer.MAX_VALUE / 8)[0];
  }
}
