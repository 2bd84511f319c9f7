package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a recorded run says about where its accuracy went. Rules, thresholds and remedies stand in
 * docs/findings.md.
 */
public final class Diagnosis {
  private Diagnosis() {}

  /** All findings, worst first; the same run gives the same ones in the same order. */
  public static List<Finding> of(Run run) {
    Weighing weighing = new Weighing(run);
    ErrorFindings errors = new ErrorFindings(run, weighing);
    ImageFindings images = new ImageFindings(run, weighing);
    List<Finding> all = new ArrayList<>();
    for (RunLayer layer : run.layers()) {
      all.addAll(new RangeFindings(weighing, layer).all());
      all.addAll(errors.of(layer));
      all.addAll(images.of(layer));
    }
    NonFinite.of(run).ifPresent(all::add);
    Map<String, Double> steps = new HashMap<>();
    for (Finding f : all) {
      if (f.kind() == Finding.Kind.HIGH_GAIN) {
        steps.put(f.layer(), f.costDb());
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
    return cause && f.costDb() >= Weighing.HIGH_COST_DB
        ? Math.max(f.costDb(), steps.getOrDefault(f.layer(), 0.0))
        : f.costDb();
  }

  /**
   * True if the quantized network of the run is worse than float32 by more than chance explains.
   */
  public static boolean lostAccuracy(Run run) {
    return Weighing.lostAccuracy(run);
  }
}
