package io.depthscope.stats;

import java.util.Arrays;

/**
 * Everything a backend sums over one image for one layer: both streams, their error e = xq - x, and
 * optionally the energies of the four terms that make up e.
 */
public final class ImageSums {
  private final int channels;
  private final int positions;
  public final StreamSums baseline;
  public final StreamSums candidate;
  public final double[] errorSum;
  public final double[] errorSquares;
  public final float[] errorMaxAbs;

  /** Elements whose code was clamped. */
  public final int[] saturated;

  /**
   * Energies by {@link ErrorTerm} and channel; empty when the sources of error are not recorded.
   */
  public final double[][] terms;

  /**
   * @param positions elements of one channel in one image
   */
  public ImageSums(int channels, int positions, boolean errorTerms) {
    this.channels = channels;
    this.positions = positions;
    int padded = StreamSums.padded(channels);
    baseline = new StreamSums(padded);
    candidate = new StreamSums(padded);
    errorSum = new double[padded];
    errorSquares = new double[padded];
    errorMaxAbs = new float[padded];
    saturated = new int[padded];
    terms = new double[errorTerms ? ErrorTerm.values().length : 0][padded];
    clear();
  }

  /** Bytes of all arrays of one with these channels. */
  public static long bytes(int channels, boolean errorTerms) {
    int padded = StreamSums.padded(channels);
    long errors = 2L * Double.BYTES + Float.BYTES + Integer.BYTES;
    long energies = errorTerms ? (long) ErrorTerm.values().length * Double.BYTES : 0;
    return 2 * StreamSums.bytes(padded) + padded * (errors + energies);
  }

  public int channels() {
    return channels;
  }

  public int positions() {
    return positions;
  }

  /** Makes the sums those of no values. */
  public void clear() {
    baseline.clear();
    candidate.clear();
    Arrays.fill(errorSum, 0);
    Arrays.fill(errorSquares, 0);
    Arrays.fill(errorMaxAbs, 0);
    Arrays.fill(saturated, 0);
    for (double[] t : terms) {
      Arrays.fill(t, 0);
    }
  }

  /** Adds a pair of values {@code times} times to the error sums, in double. */
  public void addError(int channel, float x, float xq, int times) {
    double e = (double) xq - x;
    errorSum[channel] += times * e;
    errorSquares[channel] += times * (e * e);
    float abs = (float) Math.abs(e);
    if (abs > errorMaxAbs[channel] || Float.isNaN(abs)) {
      errorMaxAbs[channel] = abs;
    }
  }
}
