package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import io.depthscope.record.RunFigures;
import io.depthscope.record.RunLayer;
import io.depthscope.record.RunSetting;
import io.depthscope.stats.Prediction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Two runs, and what explains their difference. All differences are B less A.
 *
 * @param settings what differs in how they were made
 * @param layers that both have, by name, in the order of A
 * @param onlyInA names of layers that B lacks
 * @param parting the first layer at which the SQNR parts
 * @param explaining layers that by themselves move the runs apart most, largest first
 * @param gone what is found in A and is gone or matters less in B, worst first
 * @param appeared the other way round
 */
public record RunComparison(
    Run a,
    Run b,
    List<SettingChange> settings,
    List<LayerChange> layers,
    List<String> onlyInA,
    List<String> onlyInB,
    Optional<LayerChange> parting,
    List<LayerChange> explaining,
    List<FindingChange> gone,
    List<FindingChange> appeared,
    PredictionChange predictions) {
  /** One bit: what a layer must do differently for the runs to part there. */
  static final double PARTING_DB = 6;

  /** Half a bit: the energy of the error doubles, which explains something. */
  static final double EXPLAINING_DB = 3;

  private static final int EXPLAINING = 3;

  /** Compares two runs; {@link #differentSubjects} tells whether they are of the same thing. */
  public static RunComparison of(Run a, Run b) {
    List<LayerChange> layers = new ArrayList<>();
    List<String> onlyInA = new ArrayList<>();
    for (RunLayer l : a.layers()) {
      Optional<RunLayer> other = b.find(l.name());
      if (other.isPresent()) {
        layers.add(LayerChange.of(a, l, b, other.get()));
      } else {
        onlyInA.add(l.name());
      }
    }
    List<String> onlyInB =
        b.layers().stream().map(RunLayer::name).filter(n -> a.find(n).isEmpty()).toList();
    List<Finding> inA = Diagnosis.of(a);
    List<Finding> inB = Diagnosis.of(b);
    return new RunComparison(
        a,
        b,
        SettingChange.between(a, b),
        List.copyOf(layers),
        List.copyOf(onlyInA),
        onlyInB,
        layers.stream().filter(l -> Math.abs(l.local()) >= PARTING_DB).findFirst(),
        explaining(layers),
        FindingChange.gone(a, inA, b, inB),
        FindingChange.gone(b, inB, a, inA),
        PredictionChange.between(a, b));
  }

  /**
   * Those that move the runs apart in the direction in which their outputs differ. A layer that
   * brings them together explains nothing: an error as large as the signal cannot grow much more.
   */
  private static List<LayerChange> explaining(List<LayerChange> layers) {
    double outcome = layers.isEmpty() ? 0 : Math.signum(layers.getLast().difference());
    return layers.stream()
        .filter(l -> outcome * l.local() >= EXPLAINING_DB)
        .sorted(Comparator.comparingDouble((LayerChange l) -> -Math.abs(l.local())))
        .limit(EXPLAINING)
        .toList();
  }

  /** An output that both networks have. */
  public record OutputPair(Run.Output a, Run.Output b) {}

  /** The outputs that both have, by name, in the order of A. */
  public List<OutputPair> outputs() {
    List<OutputPair> pairs = new ArrayList<>();
    for (Run.Output o : a.outputs()) {
      b.outputs().stream()
          .filter(p -> p.layer().equals(o.layer()))
          .forEach(p -> pairs.add(new OutputPair(o, p)));
    }
    return pairs;
  }

  /** Settings that make the figures those of different things. */
  public List<SettingChange> differentSubjects() {
    return settings.stream().filter(s -> s.kind() == RunSetting.Kind.SUBJECT).toList();
  }

  /** True if both hold the same images and not one figure differs. */
  public boolean agrees() {
    return onlyInA.isEmpty()
        && onlyInB.isEmpty()
        && images(a).equals(images(b))
        && figures(a, b).equals(figures(b, a));
  }

  /** Those that the other run has, too: sources of the error are recorded on request only. */
  private static Map<String, Double> figures(Run of, Run other) {
    Map<String, Double> all = RunFigures.byPlace(of);
    all.keySet().retainAll(RunFigures.byPlace(other).keySet());
    return all;
  }

  private static List<String> images(Run run) {
    return run.predictions().stream().map(Prediction::image).sorted().toList();
  }
}
