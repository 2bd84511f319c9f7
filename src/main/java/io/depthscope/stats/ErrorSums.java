package io.depthscope.stats;

import java.util.Map;
import java.util.Optional;

/**
 * Sums over the error e = xq - x of one layer or channel against the baseline, and the figures they
 * make.
 *
 * @param signal sum of x^2
 * @param quantizedSignal sum of xq^2
 * @param noise sum of e^2
 * @param saturated elements outside the representable range: clamping changed their code
 * @param terms energy of each source of error; empty when not recorded
 */
public record ErrorSums(
    long count,
    double signal,
    double quantizedSignal,
    double noise,
    double sum,
    double maxAbs,
    long saturated,
    Map<ErrorTerm, Double> terms) {

  public double mse() {
    return noise / count;
  }

  /** The bias shift, sum(e) / count. */
  public double meanError() {
    return sum / count;
  }

  /** 10 log10(signal / noise); +infinity when e = 0. */
  public double sqnrDb() {
    return sqnrDb(signal, noise);
  }

  /** 10 log10(signal / noise) of two energies; +infinity where there is no noise. */
  public static double sqnrDb(double signal, double noise) {
    return noise == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
  }

  /**
   * Sum of e^2 over some values, in order.
   *
   * @param x fp32 values, or zeros for the energy of {@code xq} itself
   */
  public static double energy(float[] x, float[] xq, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      double e = (double) xq[i] - x[i];
      sum += e * e;
    }
    return sum;
  }

  /** noise / signal; 0 when e = 0. */
  public double nsr() {
    return noise == 0 ? 0 : noise / signal;
  }

  /**
   * sum(x xq) / sqrt(sum(x^2) sum(xq^2)), with 2 sum(x xq) = sum(x^2) + sum(xq^2) - sum(e^2): the
   * errors of the energies cancel in this form, so a cosine close to 1 keeps its digits. NaN when
   * either energy is 0.
   */
  public double cosine() {
    if (signal == 0 || quantizedSignal == 0) {
      return Double.NaN; // what the rounding of the other energies leaves above is no cosine
    }
    double c = 0.5 * (signal + quantizedSignal - noise) / Math.sqrt(signal * quantizedSignal);
    return Math.max(-1, Math.min(1, c));
  }

  /** Share of elements whose code was clamped. */
  public double saturation() {
    return count == 0 ? 0 : (double) saturated / count;
  }

  /** What the four energies leave of the noise: the sum of their cross products. */
  public double crossTerm() {
    double own = 0;
    for (double t : terms.values()) {
      own += t;
    }
    return noise - own;
  }

  /** The figures of a layer. */
  public ErrorStatistics statistics() {
    return statistics(noise);
  }

  /** The figures of a channel: its tables leave out the energy of the whole error. */
  public ErrorStatistics channelStatistics() {
    return statistics(Double.NaN);
  }

  private ErrorStatistics statistics(double total) {
    return new ErrorStatistics(
        mse(),
        meanError(),
        maxAbs,
        sqnrDb(),
        nsr(),
        cosine(),
        saturation(),
        terms.isEmpty()
            ? Optional.empty()
            : Optional.of(new SourceEnergies(total, terms, crossTerm())));
  }
}
