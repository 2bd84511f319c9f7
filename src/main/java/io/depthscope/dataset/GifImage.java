package io.depthscope.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The first frame of a GIF file on its canvas, as PIL shows it: what the frame leaves uncovered has
 * the transparent index where there is one, else index 0.
 */
final class GifImage implements ParsedImage {
  private static final int MAX_CODES = 1 << 12;

  private final ByteBuffer file;
  private final Palette palette;
  private final int transparent;
  private final int left;
  private final int top;
  private final int frameWidth;
  private final int frameHeight;
  private final boolean interlaced;
  private final int width;
  private final int height;

  private GifImage(ByteBuffer file) throws IOException {
    this.file = file;
    file.position(6);
    int screenWidth = u16();
    int screenHeight = u16();
    int flags = u8();
    file.position(13);
    Palette shared = readPalette(flags, Palette.greys());
    int transparentIndex = 0;
    int block = u8();
    while (block != ',') {
      if (block == ';') {
        throw new IOException("a GIF file without a picture");
      }
      if (block == '!') {
        int label = u8();
        int length = u8();
        int start = file.position();
        if (label == 0xf9 && length >= 4 && (file.get(start) & 1) != 0) {
          transparentIndex = file.get(start + 3) & 0xff;
        }
        while (length != 0) {
          file.position(file.position() + length);
          length = u8();
        }
      }
      block = u8();
    }
    left = u16();
    top = u16();
    frameWidth = u16();
    frameHeight = u16();
    int frameFlags = u8();
    interlaced = (frameFlags & 0x40) != 0;
    palette = readPalette(frameFlags, shared);
    transparent = transparentIndex;
    width = Math.max(screenWidth, left + frameWidth);
    height = Math.max(screenHeight, top + frameHeight);
  }

  static boolean isGif(byte[] file) {
    return file.length > 6
        && file[0] == 'G'
        && file[1] == 'I'
        && file[2] == 'F'
        && file[3] == '8'
        && (file[4] == '7' || file[4] == '9')
        && file[5] == 'a';
  }

  /**
   * @throws IOException if there is no picture in it
   */
  static GifImage parse(byte[] file) throws IOException {
    return new GifImage(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN));
  }

  private int u8() {
    return file.get() & 0xff;
  }

  private int u16() {
    return file.getShort() & 0xffff;
  }

  /** The palette that follows, if there is one; one of greys alone does not count in PIL. */
  private Palette readPalette(int flags, Palette otherwise) {
    if ((flags & 0x80) == 0) {
      return otherwise;
    }
    Palette read = new Palette();
    int colours = 2 << (flags & 7);
    for (int i = 0; i < colours; i++) {
      read.set(i, u8(), u8(), u8());
    }
    return read.isGrey() ? otherwise : read;
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
    byte[] canvas = new byte[width * height];
    Arrays.fill(canvas, (byte) transparent);
    byte[] frame = new byte[frameWidth * frameHeight];
    expand(frame);
    int from = 0;
    // Interlaced rows come in four passes: every 8th, every 8th from 4, every 4th from 2, the rest.
    int[][] passes =
        interlaced ? new int[][] {{0, 8}, {4, 8}, {2, 4}, {1, 2}} : new int[][] {{0, 1}};
    for (int[] pass : passes) {
      for (int y = pass[0]; y < frameHeight; y += pass[1]) {
        System.arraycopy(frame, from, canvas, (top + y) * width + left, frameWidth);
        from += frameWidth;
      }
    }
    return palette.apply(width, height, canvas);
  }

  /** The variable-length codes of the format; rows in the order of the file. */
  private void expand(byte[] to) throws IOException {
    int literalBits = u8();
    if (literalBits < 1 || literalBits > 11) {
      throw new IOException("damaged: GIF codes of " + literalBits + " bits");
    }
    int clear = 1 << literalBits;
    int end = clear + 1;
    short[] prefix = new short[MAX_CODES];
    byte[] suffix = new byte[MAX_CODES];
    byte[] reversed = new byte[MAX_CODES + 1];
    int next = end + 1;
    int bits = literalBits + 1;
    int previous = -1;
    int first = 0;
    int buffer = 0;
    int buffered = 0;
    int blockLeft = 0;
    int at = 0;
    while (at < to.length) {
      while (buffered < bits) {
        if (blockLeft == 0) {
          blockLeft = u8();
          if (blockLeft == 0) {
            throw new IOException("truncated: the GIF's codes end before its picture");
          }
        }
        buffer |= u8() << buffered;
        buffered += 8;
        blockLeft--;
      }
      int code = buffer & ((1 << bits) - 1);
      buffer >>>= bits;
      buffered -= bits;
      if (code == clear) {
        next = end + 1;
        bits = literalBits + 1;
        previous = -1;
        continue;
      }
      if (code == end) {
        throw new IOException("truncated: the GIF's codes end before its picture");
      }
      if (code > next || (code == next && previous < 0) || (previous < 0 && code > end)) {
        throw new IOException("damaged: a GIF code without meaning");
      }
      int count = 0;
      int string = code;
      if (code == next) { // the string being defined: the previous one and its own first index
        reversed[count++] = (byte) first;
        string = previous;
      }
      while (string > end) {
        reversed[count++] = suffix[string];
        string = prefix[string];
      }
      reversed[count++] = (byte) string;
      first = string;
      for (int i = count - 1; i >= 0 && at < to.length; i--) {
        to[at++] = reversed[i];
      }
      if (previous >= 0 && next < MAX_CODES) {
        prefix[next] = (short) previous;
        suffix[next] = (byte) first;
        next++;
        if (next == 1 << bits && bits < 12) {
          bits++;
        }
      }
      previous = code;
    }
  }
}
