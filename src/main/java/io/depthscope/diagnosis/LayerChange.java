package io.depthscope.diagnosis;

import io.depthscope.store.RecordedLayer;
import io.depthscope.store.RecordedRun;

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

  static LayerChange of(RecordedRun a, RecordedLayer inA, RecordedRun b, RecordedLayer inB) {
    return new LayerChange(
        inA.name(),
        inA.error().sqnrDb(),
        inB.error().sqnrDb(),
        reads(a, inA),
        reads(b, inB),
        inA.error().gain(),
        inB.error().gain(),
        inA.weights().map(RecordedLayer.Weights::sqnrDb).orElse(Double.NaN),
        inB.weights().map(RecordedLayer.Weights::sqnrDb).orElse(Double.NaN),
        levels(a, inA),
        levels(b, inB));
  }

  private static double reads(RecordedRun run, RecordedLayer layer) {
    return layer.inputs().stream()
        .flatMap(name -> run.find(name).stream())
        .mapToDouble(l -> l.error().sqnrDb())
        .min()
        .orElse(Double.NaN);
  }

  private static double levels(RecordedRun run, RecordedLayer layer) {
    return layer.weights().isEmpty()
        ? Double.NaN
        : ChannelRanges.ofWeights(run, layer).medianLevels(DeadChannels.live(layer));
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
