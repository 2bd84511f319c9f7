package io.depthscope.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A Windows bitmap, decoded as PIL decodes it: palettes of 1, 4 and 8 bits, plain or run-length
 * coded, 16, 24 and 32 bits with the usual channel masks; alpha is ignored.
 */
final class BmpImage implements ParsedImage {
  private static final List<Integer> HEADERS = List.of(12, 40, 52, 56, 64, 108, 124);
  private static final int PLAIN = 0;
  private static final int RUNS_OF_BYTES = 1;
  private static final int RUNS_OF_NIBBLES = 2;
  private static final int MASKS = 3;

  /** Red, green, blue and alpha masks of 32 bits that are understood. */
  private static final List<List<Integer>> WIDE_MASKS =
      List.of(
          List.of(0xff0000, 0xff00, 0xff, 0),
          List.of(0xff000000, 0xff0000, 0xff00, 0),
          List.of(0xff000000, 0xff00, 0xff, 0),
          List.of(0xff000000, 0xff0000, 0xff00, 0xff),
          List.of(0xff, 0xff00, 0xff0000, 0xff000000),
          List.of(0xff0000, 0xff00, 0xff, 0xff000000),
          List.of(0xff000000, 0xff00, 0xff, 0xff0000));

  private static final List<Integer> BYTE_MASKS = List.of(0xff0000, 0xff00, 0xff);
  private static final List<Integer> MASKS_565 = List.of(0xf800, 0x7e0, 0x1f);
  private static final List<Integer> MASKS_555 = List.of(0x7c00, 0x3e0, 0x1f);

  private final ByteBuffer file;
  private final int width;
  private final long height;
  private final boolean topDown;
  private final int bits;
  private final int compression;
  private final List<Integer> masks;
  private final Palette palette;
  private final int pixelsAt;

  private BmpImage(ByteBuffer file) throws IOException {
    this.file = file;
    int header = file.getInt(14);
    if (!HEADERS.contains(header)) {
      throw new IOException("a bitmap header of " + Integer.toUnsignedString(header) + " bytes");
    }
    boolean old = header == 12;
    width = old ? u16(18) : file.getInt(18);
    topDown = !old && file.get(25) == -1;
    height = old ? u16(20) : topDown ? -(long) file.getInt(22) : file.getInt(22);
    bits = u16(old ? 24 : 28);
    compression = old ? PLAIN : file.getInt(30);
    long colours = old ? 0 : Integer.toUnsignedLong(file.getInt(46));
    if (colours == 0 && bits <= 8) {
      colours = 1L << bits;
    }
    int afterHeader = 14 + header;
    if (compression == MASKS) {
      masks = readMasks(header);
      afterHeader += header == 40 ? 12 : 0;
    } else {
      masks = bits == 16 ? MASKS_555 : BYTE_MASKS;
    }
    checkKind();
    long start = Integer.toUnsignedLong(file.getInt(10));
    if (bits <= 8) {
      int colourBytes = old ? 3 : 4;
      if (colours > 65_536) {
        throw new IOException("damaged: a palette of " + colours + " colours");
      }
      palette = readPalette(afterHeader, colourBytes, (int) colours);
      if (start == 14 + header) { // some writers forget the palette in this offset
        start += colourBytes * colours;
      }
    } else {
      palette = Palette.greys();
    }
    pixelsAt = (int) Math.min(file.capacity(), start == 0 ? afterHeader : start);
  }

  static boolean isBmp(byte[] file) {
    return file.length > 18 && file[0] == 'B' && file[1] == 'M';
  }

  /**
   * @throws IOException if it is of a kind that is not decoded
   */
  static BmpImage parse(byte[] file) throws IOException {
    return new BmpImage(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN));
  }

  private int u16(int at) {
    return file.getShort(at) & 0xffff;
  }

  private List<Integer> readMasks(int header) {
    int alpha = header >= 56 ? file.getInt(66) : 0;
    return List.of(file.getInt(54), file.getInt(58), file.getInt(62), alpha);
  }

  private void checkKind() throws IOException {
    if (!List.of(1, 4, 8, 16, 24, 32).contains(bits)) {
      throw new IOException("a bitmap of " + bits + " bits a pixel");
    }
    boolean understood =
        switch (compression) {
          case PLAIN -> true;
          case RUNS_OF_BYTES, RUNS_OF_NIBBLES -> bits <= 8;
          case MASKS ->
              switch (bits) {
                case 16 ->
                    masks.subList(0, 3).equals(MASKS_565) || masks.subList(0, 3).equals(MASKS_555);
                case 24 -> masks.subList(0, 3).equals(BYTE_MASKS);
                case 32 -> WIDE_MASKS.contains(masks) || masks.equals(List.of(0, 0, 0, 0));
                default -> false;
              };
          default -> false;
        };
    if (!understood) {
      throw new IOException(
          compression == MASKS
              ? "a bitmap with unusual channel masks"
              : "a bitmap of compression " + compressionWord());
    }
  }

  private String compressionWord() {
    return switch (compression) {
      case RUNS_OF_BYTES, RUNS_OF_NIBBLES -> "run lengths, of " + bits + " bits a pixel";
      case 4 -> "JPEG";
      case 5 -> "PNG";
      case 6 -> "masks with alpha";
      default -> "unknown (" + Integer.toUnsignedString(compression) + ")";
    };
  }

  private Palette readPalette(int at, int colourBytes, int colours) {
    Palette read = new Palette();
    int present = Math.max(0, (file.capacity() - at) / colourBytes);
    for (int i = 0; i < Math.min(256, Math.min(colours, present)); i++) {
      int colour = at + i * colourBytes;
      read.set(
          i, file.get(colour + 2) & 0xff, file.get(colour + 1) & 0xff, file.get(colour) & 0xff);
    }
    return read.isGrey() && present >= colours ? Palette.greys() : read;
  }

  @Override
  public long width() {
    return width;
  }

  @Override
  public long height() {
    return height;
  }

  @Override
  public RgbImage decode() throws IOException {
    int rows = (int) height;
    if (compression == RUNS_OF_BYTES || compression == RUNS_OF_NIBBLES) {
      return palette.apply(width, rows, upright(expandRuns(rows), width, rows));
    }
    int rowBytes = (int) (((long) width * bits + 7) / 8);
    int stride = (rowBytes + 3) / 4 * 4;
    // The padding of the last row may be missing.
    if (pixelsAt + (long) stride * (rows - 1) + rowBytes > file.capacity()) {
      throw new IOException("truncated");
    }
    byte[] packed = new byte[rowBytes * rows];
    for (int y = 0; y < rows; y++) {
      file.get(pixelsAt + y * stride, packed, y * rowBytes, rowBytes);
    }
    packed = upright(packed, rowBytes, rows);
    if (bits <= 8) {
      return palette.apply(width, rows, PackedSamples.unpack(packed, width, rows, bits));
    }
    return new RgbImage(width, rows, bits == 16 ? from16(packed) : fromBytes(packed));
  }

  private byte[] upright(byte[] rows, int rowBytes, int count) {
    if (topDown) {
      return rows;
    }
    byte[] turned = new byte[rowBytes * count];
    for (int y = 0; y < count; y++) {
      System.arraycopy(rows, (count - 1 - y) * rowBytes, turned, y * rowBytes, rowBytes);
    }
    return turned;
  }

  private byte[] from16(byte[] packed) {
    boolean six = masks.subList(0, 3).equals(MASKS_565);
    byte[] rgb = new byte[packed.length / 2 * 3];
    for (int from = 0, to = 0; from < packed.length; from += 2, to += 3) {
      int pixel = (packed[from] & 0xff) | (packed[from + 1] & 0xff) << 8;
      rgb[to] = (byte) ((pixel >> (six ? 11 : 10) & 31) * 255 / 31);
      rgb[to + 1] = (byte) (six ? (pixel >> 5 & 63) * 255 / 63 : (pixel >> 5 & 31) * 255 / 31);
      rgb[to + 2] = (byte) ((pixel & 31) * 255 / 31);
    }
    return rgb;
  }

  private byte[] fromBytes(byte[] packed) {
    int step = bits / 8;
    int[] byteOf = new int[3];
    for (int c = 0; c < 3; c++) {
      int mask = masks.get(c) == 0 ? BYTE_MASKS.get(c) : masks.get(c);
      byteOf[c] = Integer.numberOfTrailingZeros(mask) / 8;
    }
    byte[] rgb = new byte[packed.length / step * 3];
    for (int from = 0, to = 0; from < packed.length; from += step, to += 3) {
      for (int c = 0; c < 3; c++) {
        rgb[to + c] = packed[from + byteOf[c]];
      }
    }
    return rgb;
  }

  /**
   * Run-length coded indices, rows in the order of the file. An absolute run of an odd number of
   * nibbles loses its last one, and runs may flow into the next row, because they do so in PIL.
   */
  private byte[] expandRuns(int rows) throws IOException {
    boolean nibbles = compression == RUNS_OF_NIBBLES;
    byte[] indices = new byte[width * rows];
    int count = 0;
    int x = 0;
    int at = pixelsAt;
    while (count < indices.length && at + 1 < file.capacity()) {
      int run = file.get(at) & 0xff;
      int value = file.get(at + 1) & 0xff;
      at += 2;
      if (run > 0) {
        run = Math.min(run, Math.max(0, width - x));
        for (int i = 0; i < run && count < indices.length; i++) {
          indices[count++] = (byte) (nibbles ? (i % 2 == 0 ? value >> 4 : value & 15) : value);
        }
        x += run;
      } else if (value == 0) {
        count = (count + width - 1) / width * width;
        x = 0;
      } else if (value == 1) {
        break;
      } else if (value == 2) {
        if (at + 1 >= file.capacity()) {
          break;
        }
        long skipped = (file.get(at) & 0xff) + (file.get(at + 1) & 0xffL) * width;
        at += 2;
        x = (int) ((count + skipped) % width);
        count = (int) Math.min(indices.length, count + skipped);
      } else {
        int bytes = Math.min(nibbles ? value / 2 : value, file.capacity() - at);
        for (int i = 0; i < bytes && count < indices.length; i++) {
          int pair = file.get(at + i) & 0xff;
          indices[count++] = (byte) (nibbles ? pair >> 4 : pair);
          if (nibbles && count < indices.length) {
            indices[count++] = (byte) (pair & 15);
          }
        }
        at += bytes;
        x += value;
        at += at & 1;
      }
    }
    if (count < indices.length) {
      throw new IOException("truncated: the runs end before the picture");
    }
    return indices;
  }
}
