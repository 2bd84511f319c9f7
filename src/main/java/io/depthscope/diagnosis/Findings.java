package io.depthscope.diagnosis;

import io.depthscope.store.RecordedLayer;
import io.depthscope.store.RecordedRun;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a recorded run says about where its accuracy went. Rules, thresholds and remedies stand in
 * docs/findings.md.
 */
public final class Findings {
  /**
   * Evidence of every finding: the decibels of SQNR it costs the values of its layer, at most, by
   * which findings of equal severity are ordered.
   */
  public static final String COST = "costDb";

  /** Evidence: 1 if a finding is about weights, 0 if about the output. */
  static final String OF_WEIGHTS = "ofWeights";

  /** Evidence: 1 if a finding is about the upper end of a range, 0 if about the lower. */
  static final String UPPER_END = "upperEnd";

  private Findings() {}

  /** All findings, worst first; the same run gives the same ones in the same order. */
  public static List<Finding> of(RecordedRun run) {
    Weighing weighing = new Weighing(run);
    ErrorFindings errors = new ErrorFindings(run, weighing);
    ImageFindings images = new ImageFindings(run, weighing);
    List<Finding> all = new ArrayList<>();
    for (RecordedLayer layer : run.layers()) {
      all.addAll(new RangeFindings(run, weighing, layer).all());
      all.addAll(errors.of(layer));
      all.addAll(images.of(layer));
    }
    NonFinite.of(run).ifPresent(all::add);
    Map<String, Double> steps = new HashMap<>();
    for (Finding f : all) {
      if (f.kind() == Finding.Kind.HIGH_GAIN) {
        steps.put(f.layer(), cost(f));
      }
    }
    // Sorting is stable: of equals, the layer nearer to the input comes first.
    all.sort(
        Comparator.comparing(Finding::severity)
            .thenComparing((Finding f) -> f.kind() != Finding.Kind.NON_FINITE)
            .thenComparing(
                Comparator.comparingDouble((Finding f) -> explained(f, steps)).reversed())
            .thenComparing(Finding::kind));
    return List.copyOf(all);
  }

  /** A cause stands before the step of the SQNR that it explains, which may be the larger. */
  private static double explained(Finding f, Map<String, Double> steps) {
    boolean cause =
        f.kind() == Finding.Kind.DEAD_CHANNELS || f.kind() == Finding.Kind.DOMINANT_CHANNELS;
    return cause && cost(f) >= Weighing.HIGH_COST_DB
        ? Math.max(cost(f), steps.getOrDefault(f.layer(), 0.0))
        : cost(f);
  }

  /**
   * True if the quantized network of the run is worse than float32 by more than chance explains.
   */
  public static boolean lostAccuracy(RecordedRun run) {
    return Weighing.lostAccuracy(run);
  }

  /** Decibels that a finding costs the SQNR of its layer, at most. */
  static double cost(Finding finding) {
    double cost = finding.evidence().getOrDefault(COST, 0.0);
    return Double.isNaN(cost) ? 0 : cost;
  }
}
