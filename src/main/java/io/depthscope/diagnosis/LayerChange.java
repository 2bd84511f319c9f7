package io.depthscope.diagnosis;

import io.depthscope.record.DeadChannels;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;

/**
 * A layer in two runs.
 *
 * @param sqnrA SQNR of its output in the first run, in dB
 * @param readsA SQNR of what it reads (of the noisier of two); NaN for the input
 * @param gainA what it multiplies the relative error by; NaN where it reads no error
 * @param weightSqnrA SQNR of its quantized weights; NaN without
 * @param weightLevelsA levels that the weights of its median live channel get; NaN where they are
 *     not quantized
 */
public record LayerChange(
    String name,
    double sqnrA,
    double sqnrB,
    double readsA,
    double readsB,
    double gainA,
    double gainB,
    double weightSqnrA,
    double weightSqnrB,
    double weightLevelsA,
    double weightLevelsB) {

  static LayerChange of(Run a, RunLayer inA, Run b, RunLayer inB) {
    return new LayerChange(
        inA.name(),
        inA.error().sqnrDb(),
        inB.error().sqnrDb(),
        reads(a, inA),
        reads(b, inB),
        inA.step().gain(),
        inB.step().gain(),
        inA.weights().map(RunLayer.Weights::sqnrDb).orElse(Double.NaN),
        inB.weights().map(RunLayer.Weights::sqnrDb).orElse(Double.NaN),
        levels(inA),
        levels(inB));
  }

  private static double reads(Run run, RunLayer layer) {
    return layer.inputs().stream()
        .flatMap(name -> run.find(name).stream())
        .mapToDouble(l -> l.error().sqnrDb())
        .min()
        .orElse(Double.NaN);
  }

  private static double levels(RunLayer layer) {
    return layer.weights().isEmpty()
        ? Double.NaN
        : ChannelRanges.ofWeights(layer).medianLevels(DeadChannels.live(layer));
  }

  /** B less A in dB; 0 where both are free of error. */
  public double difference() {
    return difference(sqnrA, sqnrB);
  }

  /**
   * How much farther the runs are apart after this layer than before it, in dB; positive where B is
   * the better. What this layer itself does differently.
   */
  public double local() {
    double before = difference(readsA, readsB);
    return Double.isNaN(before) ? difference() : difference() - before;
  }

  /** {@code b - a}; of equal numbers 0, infinite ones included. */
  public static double difference(double a, double b) {
    return a == b ? 0 : b - a;
  }
}
