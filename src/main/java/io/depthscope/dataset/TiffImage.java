package io.depthscope.dataset;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The first picture of a TIFF file, as PIL decodes it and turned upright by its own orientation:
 * grey of 1, 2, 4, 8 and 16 bits, RGB of 8 and 16, palettes and CMYK of 8, in strips or tiles,
 * uncompressed or packed by PackBits, LZW or Deflate.
 */
final class TiffImage implements ParsedImage {
  static final int WHITE_IS_ZERO = 0;
  static final int BLACK_IS_ZERO = 1;
  static final int RGB = 2;
  static final int PALETTE = 3;
  static final int CMYK = 5;

  private static final int NONE = 1;
  private static final int LZW = 5;
  private static final int DEFLATE = 8;
  private static final int OLD_DEFLATE = 32_946;
  private static final int PACK_BITS = 32_773;

  /** The only format of samples that is read: whole numbers. */
  private static final int UNSIGNED = 1;

  private static final int LZW_CLEAR = 256;
  private static final int LZW_END = 257;
  private static final int LZW_FIRST = 258;
  private static final int LZW_CODES = 4096;

  private static final int MAX_PIECES = 1 << 20;
  private static final int[] ABSENT = {};

  private final byte[] file;
  private final TiffDirectory tags;
  private final int storedWidth;
  private final int storedHeight;
  private final int orientation;
  private final int photometric;
  private final int bits;
  private final int samples;
  private final boolean planar;
  private final int compression;
  private final boolean predicted;

  private TiffImage(byte[] file) throws IOException {
    this.file = file;
    tags = TiffDirectory.read(file);
    storedWidth = tags.integer(256, 0);
    storedHeight = tags.integer(257, 0);
    int turned = tags.integer(ExifOrientation.TAG, 1);
    orientation = turned >= 1 && turned <= 8 ? turned : 1;
    photometric = tags.integer(262, WHITE_IS_ZERO);
    samples = tags.integer(277, 1);
    int[] depths = tags.integers(258, new int[] {1}, 64);
    bits = depths[0];
    compression = tags.integer(259, NONE);
    planar = tags.integer(284, 1) == 2 && samples > 1;
    int predictor = tags.integer(317, 1);
    predicted = predictor == 2;
    boolean even = Arrays.stream(depths).allMatch(d -> d == bits);
    int[] formats = tags.integers(339, new int[] {UNSIGNED}, 64);
    boolean whole = Arrays.stream(formats).allMatch(format -> format == UNSIGNED);
    int[] extra = tags.integers(338, ABSENT, 64);
    if (!isKnownCompression()) {
      throw new IOException("a TIFF image of compression " + TiffWords.compression(compression));
    }
    if (!even || !whole || !isKnown(extra) || predictor > 2 || tags.integer(266, 1) != 1) {
      throw new IOException(
          "a TIFF image of an unusual kind ("
              + TiffWords.photometric(photometric)
              + ", "
              + samples
              + " "
              + (whole ? "" : TiffWords.sampleFormat(formats[0]) + " ")
              + (samples == 1 ? "sample of " : "samples of ")
              + (even ? bits : "different numbers of")
              + " bits"
              + (predictor > 2 ? ", predictor " + predictor : "")
              + ")");
    }
  }

  /**
   * @throws IOException if it is of a kind that is not decoded
   */
  static TiffImage parse(byte[] file) throws IOException {
    return new TiffImage(file);
  }

  private boolean isKnown(int[] extra) {
    int colours = photometric == RGB ? 3 : photometric == CMYK ? 4 : 1;
    // Premultiplied colours (extra sample 1) would have to be divided by alpha.
    boolean extraIgnored =
        extra.length == 0 || (extra[0] != 1 && extra.length == samples - colours);
    boolean alphaUnsaid = photometric == RGB && samples == 4 && extra.length == 0;
    boolean counts = samples - extra.length == colours || alphaUnsaid;
    boolean depth =
        switch (photometric) {
          // Of 16 bits PIL reads little-endian files alone, and does not invert them.
          case WHITE_IS_ZERO ->
              bits == 16
                  ? tags.order() == ByteOrder.LITTLE_ENDIAN
                  : bits == 1 || bits == 2 || bits == 4 || bits == 8;
          case BLACK_IS_ZERO -> bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16;
          case RGB -> bits == 8 || bits == 16;
          case PALETTE -> bits == 1 || bits == 2 || bits == 4 || bits == 8;
          case CMYK -> bits == 8;
          default -> false;
        };
    return depth
        && counts
        && extraIgnored
        && (samples == 1 || bits >= 8)
        && (samples > 1 || extra.length == 0)
        && !(predicted && bits < 8);
  }

  private boolean isKnownCompression() {
    return switch (compression) {
      case NONE, LZW, DEFLATE, OLD_DEFLATE, PACK_BITS -> true;
      default -> false;
    };
  }

  @Override
  public long width() {
    return orientation >= 5 ? storedHeight : storedWidth;
  }

  @Override
  public long height() {
    return orientation >= 5 ? storedWidth : storedHeight;
  }

  @Override
  public RgbImage decode() throws IOException {
    return Orientation.apply(
        orientation, new RgbImage(storedWidth, storedHeight, toRgb(readSamples())));
  }

  /** All samples, one byte each, pixel by pixel. */
  private byte[] readSamples() throws IOException {
    boolean tiled = tags.has(324);
    int pieceWidth = tiled ? tags.integer(322, 0) : storedWidth;
    int pieceHeight = tiled ? tags.integer(323, 0) : tags.integer(278, storedHeight);
    if (!tiled) {
      pieceHeight = Math.min(pieceHeight, storedHeight);
    }
    long inPiece = (long) pieceWidth * pieceHeight;
    if (inPiece < 1
        || inPiece > ImageDecoder.MAX_PIXELS
        || inPiece > 4L * storedWidth * storedHeight + (1 << 20)) {
      throw new IOException("damaged: TIFF pieces of " + pieceWidth + "x" + pieceHeight);
    }
    int[] offsets = tags.integers(tiled ? 324 : 273, ABSENT, MAX_PIECES);
    int[] lengths = tags.integers(tiled ? 325 : 279, ABSENT, MAX_PIECES);
    int across = (storedWidth + pieceWidth - 1) / pieceWidth;
    int down = (storedHeight + pieceHeight - 1) / pieceHeight;
    int planes = planar ? samples : 1;
    if (offsets.length < (long) across * down * planes) {
      throw new IOException("truncated: " + offsets.length + " TIFF pieces");
    }
    byte[] all = new byte[Math.multiplyExact(storedWidth * storedHeight, samples)];
    int inPixel = planar ? 1 : samples;
    for (int i = 0; i < across * down * planes; i++) {
      int plane = i / (across * down);
      int left = i % (across * down) % across * pieceWidth;
      int top = i % (across * down) / across * pieceHeight;
      int rows = tiled ? pieceHeight : Math.min(pieceHeight, storedHeight - top);
      int length = i < lengths.length ? lengths[i] : file.length;
      byte[] piece = samplesOf(offsets[i], length, pieceWidth * inPixel, rows, inPixel);
      for (int y = 0; y < Math.min(rows, storedHeight - top); y++) {
        for (int x = 0; x < Math.min(pieceWidth, storedWidth - left); x++) {
          int to = ((top + y) * storedWidth + left + x) * samples + plane;
          int from = (y * pieceWidth + x) * inPixel;
          System.arraycopy(piece, from, all, to, inPixel);
        }
      }
    }
    return all;
  }

  /** One strip or tile, unpacked to one byte a sample. */
  private byte[] samplesOf(int offset, int length, int rowSamples, int rows, int inPixel)
      throws IOException {
    int rowBytes = (int) (((long) rowSamples * bits + 7) / 8);
    byte[] bytes = expand(offset, length, Math.multiplyExact(rowBytes, rows));
    if (bits == 16) {
      return fromWords(bytes, rowSamples, rows, inPixel);
    }
    byte[] piece = PackedSamples.unpack(bytes, rowSamples, rows, bits);
    if (predicted) {
      for (int y = 0; y < rows; y++) {
        for (int x = inPixel; x < rowSamples; x++) {
          piece[y * rowSamples + x] += piece[y * rowSamples + x - inPixel];
        }
      }
    }
    return piece;
  }

  private byte[] fromWords(byte[] bytes, int rowSamples, int rows, int inPixel) {
    boolean little = tags.order() == ByteOrder.LITTLE_ENDIAN;
    byte[] piece = new byte[rowSamples * rows];
    int[] words = new int[rowSamples];
    for (int y = 0; y < rows; y++) {
      for (int x = 0; x < rowSamples; x++) {
        int at = 2 * (y * rowSamples + x);
        int low = bytes[at + (little ? 0 : 1)] & 0xff;
        int high = bytes[at + (little ? 1 : 0)] & 0xff;
        int before = predicted && x >= inPixel ? words[x - inPixel] : 0;
        words[x] = (high << 8 | low) + before & 0xffff;
        piece[y * rowSamples + x] =
            (byte) (photometric == RGB ? words[x] >> 8 : Math.min(255, words[x]));
      }
    }
    return piece;
  }

  private byte[] expand(int offset, int length, int expected) throws IOException {
    if (offset > file.length) {
      throw new IOException("truncated");
    }
    int end = (int) Math.min(file.length, (long) offset + length);
    byte[] to = new byte[expected];
    int count =
        switch (compression) {
          case NONE -> {
            int present = Math.min(expected, end - offset);
            System.arraycopy(file, offset, to, 0, present);
            yield present;
          }
          case PACK_BITS -> packBits(offset, end, to);
          case LZW -> lzw(offset, end, to);
          default -> inflate(offset, end, to);
        };
    if (count < expected) {
      throw new IOException("truncated or damaged: " + count + " of " + expected + " bytes");
    }
    return to;
  }

  private int packBits(int from, int end, byte[] to) {
    int at = from;
    int count = 0;
    while (at < end && count < to.length) {
      int n = file[at++];
      if (n >= 0) {
        int literal = Math.min(Math.min(n + 1, end - at), to.length - count);
        System.arraycopy(file, at, to, count, literal);
        at += literal;
        count += literal;
      } else if (n != -128 && at < end) {
        int run = Math.min(1 - n, to.length - count);
        Arrays.fill(to, count, count + run, file[at++]);
        count += run;
      }
    }
    return count;
  }

  private int inflate(int from, int end, byte[] to) {
    try (Inflater inflater = new Inflater()) {
      inflater.setInput(file, from, end - from);
      int count = 0;
      while (count < to.length) {
        int read = inflater.inflate(to, count, to.length - count);
        if (read == 0) {
          break;
        }
        count += read;
      }
      return count;
    } catch (DataFormatException e) {
      return 0;
    }
  }

  /**
   * Codes of 9 to 12 bits, the highest bit first; each width ends one code early. A string of the
   * table is the one written last and the byte after it, so the table holds where it stands.
   */
  private int lzw(int from, int end, byte[] to) {
    int[] start = new int[LZW_CODES];
    int[] size = new int[LZW_CODES];
    int next = LZW_FIRST;
    int width = 9;
    int previousStart = 0;
    int previousSize = 0;
    int at = from;
    int buffer = 0;
    int buffered = 0;
    int count = 0;
    while (count < to.length) {
      while (buffered < width) {
        if (at >= end) {
          return count;
        }
        buffer = buffer << 8 | (file[at++] & 0xff);
        buffered += 8;
      }
      buffered -= width;
      int code = buffer >> buffered;
      buffer &= (1 << buffered) - 1;
      if (code == LZW_END) {
        return count;
      }
      if (code == LZW_CLEAR) {
        next = LZW_FIRST;
        width = 9;
        previousSize = 0;
        continue;
      }
      if (code >= LZW_FIRST && (code > next || previousSize == 0)) {
        return 0; // damaged
      }
      int written = count;
      int length = 1;
      if (code < LZW_CLEAR) {
        to[count++] = (byte) code;
      } else {
        int source = code == next ? previousStart : start[code];
        length = code == next ? previousSize + 1 : size[code];
        for (int i = 0; i < length && count < to.length; i++) {
          to[count++] = to[source + i];
        }
      }
      if (previousSize > 0 && next < LZW_CODES) {
        start[next] = previousStart;
        size[next] = previousSize + 1;
        next++;
        if (next == (1 << width) - 1 && width < 12) {
          width++;
        }
      }
      previousStart = written;
      previousSize = length;
    }
    return count;
  }

  private byte[] toRgb(byte[] all) throws IOException {
    return switch (photometric) {
      case RGB -> first(all, 3);
      case CMYK -> {
        byte[] inks = first(all, 4);
        for (int i = 0; i < inks.length; i++) {
          inks[i] ^= (byte) 0xff;
        }
        yield JpegColour.fromInks(inks, false);
      }
      case PALETTE -> palette().apply(storedWidth, storedHeight, first(all, 1)).rgb();
      default -> {
        byte[] grey = first(all, 1);
        int full = bits < 8 ? (1 << bits) - 1 : 255;
        for (int i = 0; i < grey.length; i++) {
          int value =
              photometric == WHITE_IS_ZERO && bits < 16 ? full - (grey[i] & 0xff) : grey[i] & 0xff;
          grey[i] = (byte) (value * 255 / full);
        }
        yield Grey.spread(grey);
      }
    };
  }

  /** The first samples of each pixel; what follows is alpha or nothing that is shown. */
  private byte[] first(byte[] all, int wanted) {
    if (samples == wanted) {
      return all;
    }
    byte[] kept = new byte[all.length / samples * wanted];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = all[i / wanted * samples + i % wanted];
    }
    return kept;
  }

  private Palette palette() throws IOException {
    int[] colours = tags.integers(320, ABSENT, 3 << 16);
    int count = colours.length / 3;
    if (count == 0) {
      throw new IOException("damaged: no palette");
    }
    Palette palette = new Palette();
    for (int i = 0; i < Math.min(256, count); i++) {
      palette.set(i, colours[i] >> 8, colours[count + i] >> 8, colours[2 * count + i] >> 8);
    }
    return palette;
  }
}
