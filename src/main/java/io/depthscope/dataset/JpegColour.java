package io.depthscope.dataset;

/**
 * Converts decoded JPEG components to RGB with the 16-bit fixed-point arithmetic of the JFIF
 * formulas that libjpeg made the standard, so that results equal those of other readers.
 */
final class JpegColour {
  private static final int HALF = 1 << 15;
  private static final int[] RED_OF_CR = new int[256];
  private static final int[] BLUE_OF_CB = new int[256];
  private static final int[] GREEN_OF_CR = new int[256]; // still times 65536
  private static final int[] GREEN_OF_CB = new int[256];

  static {
    for (int i = 0; i < 256; i++) {
      int centred = i - 128;
      RED_OF_CR[i] = (fixed(1.402) * centred + HALF) >> 16;
      BLUE_OF_CB[i] = (fixed(1.772) * centred + HALF) >> 16;
      GREEN_OF_CR[i] = -fixed(0.71414) * centred;
      GREEN_OF_CB[i] = -fixed(0.34414) * centred + HALF;
    }
  }

  private JpegColour() {}

  private static int fixed(double factor) {
    return (int) (factor * 65536 + 0.5);
  }

  /** May convert in place and return {@code samples} itself. */
  static byte[] toRgb(byte[] samples, JpegHeader header) {
    if (header.luminanceChrominance()) {
      convertLuminanceChrominance(samples, header.components());
    }
    return switch (header.components()) {
      case 1 -> Grey.spread(samples);
      case 3 -> samples;
      default -> fromInks(samples, header.luminanceChrominance());
    };
  }

  private static void convertLuminanceChrominance(byte[] samples, int stride) {
    for (int i = 0; i < samples.length; i += stride) {
      int y = samples[i] & 0xff;
      int cb = samples[i + 1] & 0xff;
      int cr = samples[i + 2] & 0xff;
      samples[i] = clamp(y + RED_OF_CR[cr]);
      samples[i + 1] = clamp(y + ((GREEN_OF_CB[cb] + GREEN_OF_CR[cr]) >> 16));
      samples[i + 2] = clamp(y + BLUE_OF_CB[cb]);
    }
  }

  /**
   * Four inks to RGB: what each ink leaves over, times what black leaves over. Files hold inverted
   * inks, as Adobe's do and PIL assumes of all; Y, Cb, Cr stand for the complement once more.
   */
  static byte[] fromInks(byte[] samples, boolean fromLuminanceChrominance) {
    byte[] rgb = new byte[samples.length / 4 * 3];
    int flip = fromLuminanceChrominance ? 0 : 0xff;
    for (int i = 0, at = 0; i < samples.length; i += 4) {
      int light = samples[i + 3] & 0xff;
      for (int c = 0; c < 3; c++) {
        int ink = (samples[i + c] & 0xff) ^ flip;
        rgb[at++] = clamp(light - divideBy255(ink * light));
      }
    }
    return rgb;
  }

  /** The product of two bytes divided by 255, rounded. */
  private static int divideBy255(int product) {
    int biased = product + 128;
    return ((biased >> 8) + biased) >> 8;
  }

  private static byte clamp(int value) {
    return (byte) Math.min(255, Math.max(0, value));
  }
}
