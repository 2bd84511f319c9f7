package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.Prediction;
import java.util.List;

/**
 * How much a finding matters in its run: decided from its share of the error at the output, from
 * how large that error is, and from whether the network lost accuracy. Nothing here knows any
 * network.
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

  /** A twentieth of the error at the output; what explains a loss is seldom one cause alone. */
  static final double HIGH_SHARE = 0.05;

  /** Less than a hundredth of the error decides nothing. */
  static final double MEDIUM_SHARE = ErrorShares.VISIBLE;

  /** An error of a tenth of the signal. */
  static final double LOST_BELOW_DB = 20;

  /** An error of a thirtieth of the signal: eight bits rarely give better, so nothing is amiss. */
  static final double MEDIUM_BELOW_DB = 30;

  private final boolean lost;
  private final ErrorShares shares;

  Weighing(Run run) {
    lost = lostAccuracy(run);
    shares = ErrorShares.of(run);
  }

  /** Where the error comes from. */
  ErrorShares shares() {
    return shares;
  }

  /** The share of an error's energy that is gone where its SQNR rises by this. */
  static double shareOf(double db) {
    return db > 0 ? 1 - Math.pow(10, -db / 10) : 0;
  }

  /**
   * True if the quantized network is worse by more than what is accepted and what is chance. Where
   * there are no classes, an error of a tenth of the signal in one output is not accepted.
   */
  static boolean lostAccuracy(Run run) {
    if (!run.isClassifier()) {
      return run.outputs().stream().anyMatch(o -> o.sqnrDb() < LOST_BELOW_DB);
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

  /** The cost of what has a share of the error at the output. */
  Cost cost(double share) {
    return new Cost(share, shares.outputSqnrDb());
  }

  /** The severity of a finding. */
  Finding.Severity of(Cost cost) {
    if (lost && cost.share() >= HIGH_SHARE) {
      return Finding.Severity.HIGH;
    }
    return cost.share() >= MEDIUM_SHARE && cost.outputSqnrDb() < MEDIUM_BELOW_DB
        ? Finding.Severity.MEDIUM
        : Finding.Severity.LOW;
  }

  /**
   * A finding about a layer, weighed. What every one has to show is added to the evidence: its
   * layer's SQNR and what it costs the layer, and the share of the error at the output.
   *
   * @param channels it is about; empty for the layer as a whole
   * @param images likewise
   * @param layerDb what it costs the SQNR of the layer's values, at most
   * @param share of the error at the output
   */
  Finding finding(
      Finding.Kind kind,
      RunLayer layer,
      List<Integer> channels,
      List<Integer> images,
      String statement,
      Advice advice,
      Evidence evidence,
      double layerDb,
      double share) {
    Cost cost = cost(share);
    return new Finding(
        kind,
        of(cost),
        layer.name(),
        channels,
        images,
        statement,
        advice,
        evidence
            .number("sqnrDb", layer.error().sqnrDb())
            .number(Finding.LAYER_COST, layerDb > 0 ? layerDb : 0),
        cost,
        List.of());
  }
}
