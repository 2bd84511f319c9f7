package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a recorded run says about where its accuracy went. Rules, thresholds and remedies stand in
 * docs/findings.md.
 */
public final class Diagnosis {
  private static final int LARGEST_STEPS = 3;

  private Diagnosis() {}

  /** Findings that may be the cause of others. */
  private static final Set<Finding.Kind> CAUSES =
      EnumSet.of(
          Finding.Kind.DEAD_CHANNELS,
          Finding.Kind.DOMINANT_CHANNELS,
          Finding.Kind.FEW_LEVELS,
          Finding.Kind.SATURATION,
          Finding.Kind.OUTLIER_IMAGES);

  /** Findings that may be the consequence of another. */
  private static final Set<Finding.Kind> CONSEQUENCES =
      EnumSet.of(Finding.Kind.HIGH_GAIN, Finding.Kind.BIAS_SHIFT);

  /** More than half of an error explains what is found of it. */
  private static final double EXPLAINS = 0.5;

  /** Where that many images change class, precision was lost whatever is found. */
  private static final double CHANGED = 0.1;

  /**
   * All findings but those that are folded under their cause, worst first; the same run gives the
   * same ones in the same order.
   */
  public static List<Finding> of(Run run) {
    Weighing weighing = new Weighing(run);
    Prescriptions prescriptions = new Prescriptions(run);
    ErrorFindings errors = new ErrorFindings(run, weighing, prescriptions);
    ImageFindings images = new ImageFindings(run, weighing, prescriptions);
    List<Finding> all = new ArrayList<>();
    for (RunLayer layer : run.layers()) {
      all.addAll(new RangeFindings(weighing, prescriptions, layer).all());
      all.addAll(errors.of(layer));
      all.addAll(images.of(layer));
    }
    NonFinite.of(run).ifPresent(all::add);
    all = folded(run, weighing.shares(), all);
    // Sorting is stable: of equals, the layer nearer to the input comes first.
    all.sort(
        Comparator.comparing(Finding::severity)
            .thenComparing((Finding f) -> f.kind() != Finding.Kind.NON_FINITE)
            .thenComparing(Comparator.comparingDouble(Finding::costDb).reversed())
            .thenComparing(Finding::kind));
    return List.copyOf(all);
  }

  /** Puts each consequence under the cause that has most of its layer's error. */
  private static List<Finding> folded(Run run, ErrorShares shares, List<Finding> all) {
    List<Finding> causes =
        all.stream().filter(f -> CAUSES.contains(f.kind()) && f.cost().share() > 0).toList();
    Map<Finding, List<Finding>> from = new LinkedHashMap<>();
    List<Finding> left = new ArrayList<>();
    for (Finding f : all) {
      Optional<Finding> cause =
          CONSEQUENCES.contains(f.kind()) ? cause(run, shares, f, causes) : Optional.empty();
      cause.ifPresentOrElse(
          c -> from.computeIfAbsent(c, key -> new ArrayList<>()).add(f), () -> left.add(f));
    }
    left.replaceAll(f -> from.containsKey(f) ? f.with(from.get(f)) : f);
    return left;
  }

  /** Empty where the causes that were found explain less than half of the layer's error. */
  private static Optional<Finding> cause(
      Run run, ErrorShares shares, Finding of, List<Finding> causes) {
    List<ErrorShares.Own> here = shares.at(run.layer(of.layer()).identity().index());
    double explained = 0;
    double most = 0;
    Optional<Finding> worst = Optional.empty();
    for (Finding c : causes) {
      RunLayer layer = run.layer(c.layer());
      double part = c.cost().share() / shares.of(layer).all();
      double share = part * here.get(layer.identity().index()).all();
      explained += share;
      if (share > most) {
        most = share;
        worst = Optional.of(c);
      }
    }
    return explained > EXPLAINS ? worst : Optional.empty();
  }

  /**
   * What is to be said where no finding costs anything, though the error does: a tenth of the
   * images changes class, or an output of no classifier has an error of a tenth of the signal.
   * Empty where nothing is amiss.
   */
  public static Optional<String> withoutCause(Run run, List<Finding> findings) {
    boolean changed =
        run.network()
            .classes()
            .map(c -> c.agreementTop1() <= 1 - CHANGED)
            .orElseGet(() -> Weighing.lostAccuracy(run));
    if (!changed || findings.stream().anyMatch(f -> f.severity() != Finding.Severity.LOW)) {
      return Optional.empty();
    }
    ErrorShares shares = ErrorShares.of(run);
    List<String> steps =
        shares.largest().stream()
            .limit(LARGEST_STEPS)
            .map(l -> l.name() + " " + Phrases.percent(shares.of(l).all()))
            .toList();
    return Optional.of(
        "no single cause; largest steps, of the error at the output: " + String.join(", ", steps));
  }

  /**
   * True if the quantized network of the run is worse than float32 by more than chance explains.
   */
  public static boolean lostAccuracy(Run run) {
    return Weighing.lostAccuracy(run);
  }
}
