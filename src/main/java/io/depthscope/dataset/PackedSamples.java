package io.depthscope.dataset;

/** Samples of less than a byte, packed from the highest bit down, rows starting with a byte. */
final class PackedSamples {
  private PackedSamples() {}

  /**
   * One sample a byte.
   *
   * @param bits of a sample: 1, 2, 4 or 8
   * @param rowSamples samples a row
   */
  static byte[] unpack(byte[] packed, int rowSamples, int rows, int bits) {
    if (bits == 8) {
      return packed;
    }
    int rowBytes = (int) (((long) rowSamples * bits + 7) / 8);
    int mask = (1 << bits) - 1;
    byte[] samples = new byte[rowSamples * rows];
    int to = 0;
    for (int y = 0; y < rows; y++) {
      for (int x = 0; x < rowSamples; x++) {
        int bit = x * bits;
        int value = packed[y * rowBytes + bit / 8] & 0xff;
        samples[to++] = (byte) (value >> (8 - bits - bit % 8) & mask);
      }
    }
    return samples;
  }
}
