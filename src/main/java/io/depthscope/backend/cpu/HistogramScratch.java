package io.depthscope.backend.cpu;

import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.LayerAccumulator;
import java.util.Arrays;

/**
 * One worker's histograms of one layer, in 32-bit counts until they are flushed.
 *
 * <p>Neighbouring elements often fall in the same bin (after a ReLU, that of zero), and a counter
 * cannot be incremented twice before its store is forwarded to the next load; so there are {@link
 * #COPIES} copies of each table, used in turn.
 */
final class HistogramScratch {
  static final int COPIES = 4;

  private final int[] bits;
  private final int[] codes;
  private final int codeCount;

  /**
   * @param codeCount codes of the layer's output, 0 when it is not quantized
   */
  HistogramScratch(int codeCount) {
    this.codeCount = codeCount;
    bits = new int[COPIES * BitHistogram.BINS];
    codes = new int[COPIES * Math.max(1, codeCount)];
  }

  /** Bytes one of these holds. */
  static long memoryBytes(int codeCount) {
    return 4L * COPIES * (BitHistogram.BINS + Math.max(1, codeCount));
  }

  void addBit(float x, int times) {
    bits[BitHistogram.bin(x)] += times;
  }

  void addCode(int index, int times) {
    codes[index] += times;
  }

  /**
   * Adds packed entries: bit bin in the low 15 bits, code index above.
   *
   * @param lanes entries that count in each group of {@code step}
   */
  void add(int[] packed, int groups, int step, int lanes) {
    int[] b = bits;
    int[] q = codes;
    int cc = codeCount;
    if (lanes == step && step % 4 == 0) {
      int n = groups * step;
      for (int i = 0; i + 3 < n; i += 4) {
        int p0 = packed[i];
        int p1 = packed[i + 1];
        int p2 = packed[i + 2];
        int p3 = packed[i + 3];
        b[p0 & 0x7fff]++;
        b[(p1 & 0x7fff) + BitHistogram.BINS]++;
        b[(p2 & 0x7fff) + 2 * BitHistogram.BINS]++;
        b[(p3 & 0x7fff) + 3 * BitHistogram.BINS]++;
        q[p0 >>> 15]++;
        q[(p1 >>> 15) + cc]++;
        q[(p2 >>> 15) + 2 * cc]++;
        q[(p3 >>> 15) + 3 * cc]++;
      }
      return;
    }
    for (int g = 0; g < groups; g++) {
      for (int i = g * step; i < g * step + lanes; i++) {
        b[packed[i] & 0x7fff]++;
        q[packed[i] >>> 15]++;
      }
    }
  }

  /** Adds the counts to the layer's histograms and clears them. */
  void flush(LayerAccumulator layer) {
    long[] bitCounts = layer.histogram().counts();
    for (int i = 0; i < bits.length; i++) {
      bitCounts[i & (BitHistogram.BINS - 1)] += bits[i];
    }
    long[] codeCounts = layer.codes();
    for (int i = 0; i < COPIES * codeCount; i++) {
      codeCounts[i % codeCount] += codes[i];
    }
    Arrays.fill(bits, 0);
    Arrays.fill(codes, 0);
  }
}
