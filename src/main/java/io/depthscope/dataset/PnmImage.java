package io.depthscope.dataset;

import java.io.IOException;
import java.util.Arrays;

/**
 * A portable bitmap, greymap or pixmap (P1 to P6), decoded as PIL decodes it. Samples up to 255 are
 * scaled to 0..255; those of deeper colour, too. Deeper grey is scaled to 0..65535 and cut off at
 * 255, because that is what {@code convert('RGB')} makes of it.
 */
final class PnmImage implements ParsedImage {
  private static final int LONGEST_NUMBER = 10;

  private final byte[] file;
  private final int kind;
  private final long width;
  private final long height;
  private final int maximum;
  private int at = 2;

  private PnmImage(byte[] file) throws IOException {
    this.file = file;
    kind = file[1] - '0';
    if (at < file.length && !isBlank(file[at])) {
      throw new IOException("not a portable bitmap, greymap or pixmap");
    }
    at++;
    width = headerNumber();
    height = headerNumber();
    maximum = isBitmap() ? 1 : (int) Math.min(65_536, headerNumber());
    if (maximum < 1 || maximum > 65_535) {
      throw new IOException("damaged: a largest sample outside 1 to 65535");
    }
  }

  static boolean isPnm(byte[] file) {
    return file.length > 2
        && file[0] == 'P'
        && file[1] >= '1'
        && file[1] <= '6'
        && isBlank(file[2]);
  }

  /**
   * @throws IOException if the header is damaged
   */
  static PnmImage parse(byte[] file) throws IOException {
    return new PnmImage(file);
  }

  private boolean isBitmap() {
    return kind == 1 || kind == 4;
  }

  private boolean isText() {
    return kind <= 3;
  }

  private int channels() {
    return kind == 3 || kind == 6 ? 3 : 1;
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || (b >= 9 && b <= 13);
  }

  private long headerNumber() throws IOException {
    long value = number();
    if (value < 0) {
      throw new IOException("truncated");
    }
    return value;
  }

  private void skipComment() {
    while (at < file.length && file[at] != '\n' && file[at] != '\r') {
      at++;
    }
    at++;
  }

  /** The next number and the one blank after it; -1 at the end of the file. */
  private long number() throws IOException {
    long value = 0;
    int digits = 0;
    while (at < file.length) {
      byte b = file[at++];
      if (b == '#') {
        at--;
        skipComment();
      } else if (isBlank(b)) {
        if (digits > 0) {
          return value;
        }
      } else if (b >= '0' && b <= '9' && digits < LONGEST_NUMBER) {
        value = 10 * value + b - '0';
        digits++;
      } else {
        throw new IOException("damaged: something that is no number");
      }
    }
    return digits > 0 ? value : -1;
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
    int columns = (int) width;
    int rows = (int) height;
    byte[] samples =
        switch (kind) {
          case 1 -> bitsOfText(columns * rows);
          case 4 -> bits(columns, rows);
          default -> samples(columns * rows * channels());
        };
    return new RgbImage(columns, rows, channels() == 3 ? samples : Grey.spread(samples));
  }

  private byte[] bitsOfText(int count) throws IOException {
    byte[] samples = new byte[count];
    int found = 0;
    while (found < count && at < file.length) {
      byte b = file[at++];
      if (b == '#') {
        at--;
        skipComment();
      } else if (b == '0' || b == '1') {
        samples[found++] = (byte) (b == '0' ? 255 : 0);
      } else if (!isBlank(b)) {
        throw new IOException("damaged: something that is neither 0 nor 1");
      }
    }
    return complete(samples, found);
  }

  private byte[] bits(int columns, int rows) throws IOException {
    int rowBytes = (columns + 7) / 8;
    if ((long) rowBytes * rows > file.length - at) {
      throw new IOException("truncated");
    }
    byte[] packed = Arrays.copyOfRange(file, at, at + rowBytes * rows);
    byte[] samples = PackedSamples.unpack(packed, columns, rows, 1);
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (byte) (samples[i] == 0 ? 255 : 0); // a one is black
    }
    return samples;
  }

  private byte[] samples(int count) throws IOException {
    byte[] samples = new byte[count];
    boolean deepGrey = channels() == 1 && maximum > 255;
    double full = deepGrey ? 65_535 : 255;
    int sampleBytes = maximum > 255 ? 2 : 1;
    int found = 0;
    while (found < count) {
      long value;
      if (isText()) {
        value = number();
        if (value < 0) {
          break;
        }
        if (value > maximum) {
          throw new IOException("damaged: sample " + value + " is above " + maximum);
        }
      } else if (at + sampleBytes > file.length) {
        break;
      } else {
        value = file[at] & 0xff;
        if (sampleBytes == 2) {
          value = value << 8 | (file[at + 1] & 0xff);
        }
        at += sampleBytes;
      }
      samples[found++] = (byte) Math.min(255, Math.rint((double) value / maximum * full));
    }
    return complete(samples, found);
  }

  private static byte[] complete(byte[] samples, int found) throws IOException {
    if (found < samples.length) {
      throw new IOException("truncated: " + found + " of " + samples.length + " samples");
    }
    return samples;
  }
}
