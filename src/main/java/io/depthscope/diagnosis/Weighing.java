package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.Prediction;
import java.util.List;

/**
 * How much a finding matters in its run: decided from what it costs in decibels, from the error of
 * its layer, and from whether the network lost accuracy. Nothing here knows any network.
 */
final class Weighing {
  /** Quantization that costs less than one right answer in twenty is commonly accepted. */
  static final double LOST_SHARE = 0.05;

  /** Standard errors: a drop that chance explains, as in a run of ten images, is none. */
  static final double LOST_SIGMA = 2;

  /**
   * Where labels say nothing, the classes do: sound 8-bit networks keep the class of more than nine
   * images in ten, and twice as many changes are no accident of close calls.
   */
  static final double AGREEMENT_KEPT = 0.8;

  /** Fewer changed images than this say nothing about {@link #AGREEMENT_KEPT}. */
  static final int FEWEST_CHANGES = 5;

  /** One bit: the error doubles. */
  static final double HIGH_COST_DB = 6;

  /** Half a bit: the energy of the error doubles. */
  static final double MEDIUM_COST_DB = 3;

  /** An error of a tenth of the signal; layers below it still classify well. */
  static final double HIGH_BELOW_DB = 20;

  /** An error of a thirtieth of the signal: eight bits rarely give better, so nothing is amiss. */
  static final double MEDIUM_BELOW_DB = 30;

  private final boolean lost;

  Weighing(Run run) {
    lost = lostAccuracy(run);
  }

  /**
   * True if the quantized network is worse by more than what is accepted and what is chance. Where
   * there are no classes, an error of a tenth of the signal in one output is not accepted.
   */
  static boolean lostAccuracy(Run run) {
    if (!run.isClassifier()) {
      return run.outputs().stream().anyMatch(o -> o.sqnrDb() < HIGH_BELOW_DB);
    }
    long right = 0;
    long broken = 0;
    long mended = 0;
    long changed = 0;
    for (Prediction p : run.predictions()) {
      right += p.rightFp32() ? 1 : 0;
      broken += p.broken() ? 1 : 0;
      mended += p.mended() ? 1 : 0;
      changed += p.flipped() ? 1 : 0;
    }
    long net = broken - mended;
    boolean fewerRight =
        net >= LOST_SHARE * right && net > LOST_SIGMA * Math.sqrt((double) broken + mended);
    boolean otherClasses =
        changed >= FEWEST_CHANGES && changed > (1 - AGREEMENT_KEPT) * run.predictions().size();
    return fewerRight || otherClasses;
  }

  /**
   * The severity of a finding.
   *
   * @param costDb what it costs the SQNR of the layer's values, at most; 0 where it costs nothing
   */
  Finding.Severity of(RunLayer layer, double costDb) {
    double sqnr = layer.error().sqnrDb();
    if (lost && costDb >= HIGH_COST_DB && sqnr < HIGH_BELOW_DB) {
      return Finding.Severity.HIGH;
    }
    return costDb >= MEDIUM_COST_DB && sqnr < MEDIUM_BELOW_DB
        ? Finding.Severity.MEDIUM
        : Finding.Severity.LOW;
  }

  /**
   * A finding about a layer, weighed. What every one has to show, its layer's SQNR, is added to the
   * evidence.
   *
   * @param channels it is about; empty for the layer as a whole
   */
  Finding finding(
      Finding.Kind kind,
      RunLayer layer,
      List<Integer> channels,
      String statement,
      String remedy,
      Evidence evidence,
      double costDb) {
    return new Finding(
        kind,
        of(layer, costDb),
        layer.name(),
        channels,
        List.of(),
        statement,
        remedy,
        evidence.number("sqnrDb", layer.error().sqnrDb()),
        costDb);
  }
}
