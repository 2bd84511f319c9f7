package io.depthscope.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header of a NumPy file: what its bytes are. Row-major files of little-endian numbers alone.
 *
 * @param type of its elements
 * @param extents outermost first
 */
public record NpyHeader(Type type, List<Integer> extents) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int LEADING = 10;

  /** Longer than any that NumPy writes for a tensor. */
  private static final int LONGEST = 65_536;

  private static final int MOST_AXES = 32;
  private static final Pattern DICTIONARY =
      Pattern.compile(
          "\\{\\s*'descr':\\s*'([<|>=]?[a-zA-Z]\\d{1,3})',\\s*'fortran_order':\\s*(True|False),"
              + "\\s*'shape':\\s*\\(([0-9, ]*)\\),?\\s*\\}\\s*");

  /** The kinds of numbers that are read and written. */
  public enum Type {
    FLOAT32("<f4", 4),
    FLOAT64("<f8", 8),
    UINT8("|u1", 1),
    INT8("|i1", 1),
    UINT16("<u2", 2),
    INT16("<i2", 2),
    INT32("<i4", 4),
    INT64("<i8", 8);

    private final String word;
    private final int bytes;

    Type(String word, int bytes) {
      this.word = word;
      this.bytes = bytes;
    }

    /** NumPy's word. */
    public String word() {
      return word;
    }

    /** True for numbers that need not be whole. */
    public boolean isFloat() {
      return this == FLOAT32 || this == FLOAT64;
    }

    /** Bytes of one element. */
    public int bytes() {
      return bytes;
    }
  }

  public NpyHeader {
    extents = List.copyOf(extents);
  }

  /** Number of elements. */
  public long size() {
    long n = 1;
    for (int e : extents) {
      n = Math.multiplyExact(n, e);
    }
    return n;
  }

  /** A header and where the data begin after it. */
  record Found(NpyHeader header, long dataAt) {}

  /** Bytes from the beginning that {@link #parse} may need. */
  static int most() {
    return LEADING + 2 + LONGEST;
  }

  /**
   * Reads a header.
   *
   * @param head the file's first bytes, as many as {@link #most} if there are
   * @throws IOException saying in words what is wrong with it
   */
  static Found parse(byte[] head) throws IOException {
    if (head.length < LEADING || !Arrays.equals(head, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw new IOException("is no NumPy file (.npy)");
    }
    int version = head[6];
    if (version < 1 || version > 3) {
      throw new IOException("is a NumPy file of version " + (version & 0xff) + "; 1 to 3 are read");
    }
    int fixed = version == 1 ? LEADING : LEADING + 2;
    long length = 0;
    for (int i = fixed - 1; i >= 8; i--) {
      length = length << 8 | (i < head.length ? head[i] & 0xff : 0);
    }
    if (length > LONGEST || fixed + length > head.length) {
      throw new IOException("ends too early, or its header is too long");
    }
    String text = new String(head, fixed, (int) length, StandardCharsets.UTF_8);
    Matcher m = DICTIONARY.matcher(text);
    if (!m.matches()) {
      throw new IOException("its header cannot be read");
    }
    if (m.group(2).equals("True")) {
      throw new IOException("is in Fortran order; write it with numpy.ascontiguousarray");
    }
    return new Found(new NpyHeader(type(m.group(1)), extents(m.group(3))), fixed + length);
  }

  private static Type type(String word) throws IOException {
    for (Type t : Type.values()) {
      if (t.word.equals(word) || (t.bytes == 1 && t.word.substring(1).equals(word))) {
        return t;
      }
    }
    throw new IOException("holds elements of type " + word + ", which cannot be read");
  }

  private static List<Integer> extents(String text) throws IOException {
    List<Integer> extents = new ArrayList<>();
    for (String each : text.split(",", -1)) {
      if (each.isBlank()) {
        continue;
      }
      if (!each.strip().matches("[0-9]{1,9}") || extents.size() == MOST_AXES) {
        throw new IOException("its extents (" + text + ") cannot be read");
      }
      extents.add(Integer.valueOf(each.strip()));
    }
    return extents;
  }

  /** The bytes of the header of a file of version 1, whose data then begin at a multiple of 64. */
  byte[] bytes() {
    StringBuilder shape = new StringBuilder();
    extents.forEach(e -> shape.append(e).append(", "));
    String text =
        "{'descr': '"
            + type.word
            + "', 'fortran_order': False, 'shape': ("
            + shape.toString().strip()
            + "), }";
    int length = Math.ceilDiv(LEADING + text.length() + 1, 64) * 64 - LEADING;
    byte[] out = new byte[LEADING + length];
    Arrays.fill(out, (byte) ' ');
    System.arraycopy(MAGIC, 0, out, 0, MAGIC.length);
    out[6] = 1;
    out[7] = 0;
    out[8] = (byte) length;
    out[9] = (byte) (length >> 8);
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, out, LEADING, ascii.length);
    out[out.length - 1] = '\n';
    return out;
  }
}
