package io.depthscope.backend.cpu;

import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.LayerAccumulator;
import java.util.Arrays;

/**
 * One worker's histograms of one layer, in 32-bit counts until they are flushed.
 *
 * <p>Neighbouring elements often fall in the same bin, and a counter cannot be incremented again
 * before its store has been forwarded to the next load; so there are two copies of each table, used
 * in turn. They do not lie a multiple of 4 KiB apart: a load whose address agrees with an earlier
 * store in the low 12 bits waits for it, which halves the speed.
 */
final class HistogramScratch {
  private static final int COPIES = 2;

  /** Entries between the copies' ends and the next copies' beginnings; 1088 bytes. */
  private static final int GAP = 272;

  private static final int BIT_STRIDE = BitHistogram.BINS + GAP;

  private final int[] bits;
  private final int[] codes;
  private final int codeCount;
  private final int codeStride;

  /**
   * @param codeCount codes of the layer's output, 0 when it is not quantized
   */
  HistogramScratch(int codeCount) {
    this.codeCount = codeCount;
    codeStride = codeCount + GAP;
    bits = new int[COPIES * BIT_STRIDE];
    codes = new int[COPIES * codeStride];
  }

  /** Bytes one of these holds. */
  static long memoryBytes(int codeCount) {
    return 4L * COPIES * (BIT_STRIDE + codeCount + GAP);
  }

  /** Counts one value {@code times} times. */
  void addBit(float x, int times) {
    bits[BitHistogram.bin(x)] += times;
  }

  /** Counts one code {@code times} times; index 0 is qmin. */
  void addCode(int index, int times) {
    codes[index] += times;
  }

  /**
   * Counts the first entries of a list of bins and of a list of code indices, in one loop: the
   * increments of one table fill the waits of the other.
   */
  void add(int[] binList, int binCount, int[] codeList, int codeCountListed) {
    int[] b = bits;
    int[] q = codes;
    int stride = codeStride;
    int both = Math.min(binCount, codeCountListed) & ~1;
    for (int i = 0; i < both; i += 2) {
      b[binList[i]]++;
      q[codeList[i]]++;
      b[binList[i + 1] + BIT_STRIDE]++;
      q[codeList[i + 1] + stride]++;
    }
    for (int i = both; i < binCount; i++) {
      b[binList[i]]++;
    }
    for (int i = both; i < codeCountListed; i++) {
      q[codeList[i]]++;
    }
  }

  /** Adds the counts to the layer's histograms and clears them. */
  void flush(LayerAccumulator layer) {
    add(bits, BIT_STRIDE, layer.histogram().counts(), BitHistogram.BINS);
    add(codes, codeStride, layer.codes(), codeCount);
  }

  private static void add(int[] table, int stride, long[] counts, int n) {
    for (int copy = 0; copy < COPIES; copy++) {
      for (int i = 0; i < n; i++) {
        counts[i] += table[copy * stride + i];
      }
    }
    Arrays.fill(table, 0);
  }
}
