package io.depthscope.stats;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Exact counts of float32 values by sign, exponent and the top six mantissa bits: 64 bins an
 * octave. Needs no range in advance and merges by addition; any quantile is known within one bin,
 * that is within 1.6 % of the value.
 *
 * <p>Bin of a value: {@code Float.floatToIntBits(x) >>> 17}, in 0..32767. Bins 0 and 16384 hold the
 * zeros and tiny subnormals of either sign; NaN falls in one bin above that of +infinity.
 */
public final class BitHistogram {

  /** Mantissa bits that do not take part in the bin. */
  public static final int SHIFT = 17;

  /** Number of bins. */
  public static final int BINS = 1 << (32 - SHIFT);

  private static final int NEGATIVE = BINS / 2;

  /** Bin of +infinity; larger positive bins are NaN. */
  private static final int INFINITY = 0x7f800000 >>> SHIFT;

  private final long[] counts;

  public BitHistogram() {
    this(new long[BINS]);
  }

  /**
   * A histogram over existing counts, which are not copied.
   *
   * @throws IllegalArgumentException if there are not {@link #BINS} of them, or one is negative
   */
  public BitHistogram(long[] counts) {
    if (counts.length != BINS) {
      throw new IllegalArgumentException(BINS + " bins expected, got " + counts.length);
    }
    for (long c : counts) {
      if (c < 0) {
        throw new IllegalArgumentException("negative count");
      }
    }
    this.counts = counts;
  }

  /** Bin of a value; every NaN has the same one, whatever its sign and payload. */
  public static int bin(float x) {
    return Float.floatToIntBits(x) >>> SHIFT;
  }

  /** The value of smallest magnitude in a bin. */
  public static float inner(int bin) {
    return Float.intBitsToFloat(bin << SHIFT);
  }

  /** The value of largest magnitude in a bin. */
  public static float outer(int bin) {
    return Float.intBitsToFloat((bin << SHIFT) | ((1 << SHIFT) - 1));
  }

  /**
   * The value a bin stands for: its middle, and 0 for the two bins around zero (a rectified
   * activation is exactly zero far more often than it is a subnormal).
   */
  public static double representative(int bin) {
    if (bin == 0 || bin == NEGATIVE) {
      return 0;
    }
    return 0.5 * ((double) inner(bin) + outer(bin));
  }

  /** Bins of finite values from the most negative to the most positive value. */
  public static int[] ascendingBins() {
    int[] order = new int[2 * INFINITY];
    for (int i = 0; i < INFINITY; i++) {
      order[INFINITY - 1 - i] = NEGATIVE + i;
      order[INFINITY + i] = i;
    }
    return order;
  }

  /** The live counts, indexed by bin. */
  public long[] counts() {
    return counts;
  }

  public void add(float x) {
    counts[bin(x)]++;
  }

  public void add(float[] values) {
    for (float x : values) {
      counts[bin(x)]++;
    }
  }

  public void merge(BitHistogram other) {
    for (int i = 0; i < BINS; i++) {
      counts[i] += other.counts[i];
    }
  }

  /** Numbers of the bins that are not empty, ascending. */
  public int[] occupied() {
    return IntStream.range(0, BINS).filter(b -> counts[b] != 0).toArray();
  }

  /** A copy that does not change with this one. */
  public BitHistogram copy() {
    return new BitHistogram(counts.clone());
  }

  /** True if the counts are the same. */
  @Override
  public boolean equals(Object other) {
    return other instanceof BitHistogram h && Arrays.equals(counts, h.counts);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    return count() + " values in " + occupied().length + " bins";
  }

  /** Number of finite values. */
  public long finiteCount() {
    long n = 0;
    for (int i = 0; i < INFINITY; i++) {
      n += counts[i] + counts[NEGATIVE + i];
    }
    return n;
  }

  /** Number of values, non-finite ones included. */
  public long count() {
    return Arrays.stream(counts).sum();
  }

  /**
   * Smallest representable value at or below which at least {@code fraction} of the finite values
   * lie, taken at the outer edge of its bin.
   *
   * @param fraction in 0..1
   * @return NaN for an empty histogram
   */
  public double quantile(double fraction) {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException("quantile of " + fraction);
    }
    long total = finiteCount();
    if (total == 0) {
      return Double.NaN;
    }
    long wanted = Math.max(1, (long) Math.ceil(fraction * total));
    long seen = 0;
    for (int bin : ascendingBins()) {
      seen += counts[bin];
      if (seen >= wanted) {
        boolean aroundZero = bin == 0 || bin == NEGATIVE;
        return aroundZero ? 0 : bin >= NEGATIVE ? inner(bin) : outer(bin);
      }
    }
    throw new AssertionError("counts changed while they were read");
  }
}
