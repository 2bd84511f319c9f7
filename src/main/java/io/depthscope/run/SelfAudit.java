package io.depthscope.run;

import io.depthscope.graph.Graph;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.record.Calibration;
import io.depthscope.record.RunState;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.PredictionSums;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What makes a run doubtful that its figures of quantization do not show: a sentence each. */
public final class SelfAudit {
  /** Among fewer images a bad network may have luck, and a good one bad luck. */
  private static final int FEWEST_IMAGES = 50;

  /** Times as often right as one that guesses; a network that has learnt anything does better. */
  private static final double BARELY = 3;

  /** An end of the inputs that is off by more than this share of their width is no accident. */
  private static final double OFF = 0.25;

  private static final double QUANTILE = 0.01;

  private SelfAudit() {}

  /**
   * All of it, one line each.
   *
   * @param state of the finished run
   */
  static List<String> of(Subject subject, Calibration calibration, RunState state) {
    List<String> notices = new ArrayList<>();
    hardlyRight(subject, state.figures()).ifPresent(notices::add);
    prepared(subject.model().graph(), calibration, state.statistics().layer(0))
        .ifPresent(notices::add);
    return notices;
  }

  /**
   * Images that a network is judged by and was made for: ranges fit these a little better.
   *
   * @param both images of the run that are among those of the calibration
   */
  static Optional<String> calibratedOn(int both, int images) {
    return both == 0
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "%d of the %d images are those of the calibration; --exclude-calibration leaves"
                    + " them out",
                both,
                images));
  }

  /**
   * True for a share of right answers that is barely better than guessing: below three times as
   * many, and with few classes below half of what guessing leaves to be gained.
   */
  public static boolean isHardlyRight(double top1, int classes) {
    double guessing = 1.0 / classes;
    return top1 < Math.min(BARELY * guessing, (1 + guessing) / 2);
  }

  private static Optional<String> hardlyRight(Subject subject, PredictionSums figures) {
    int classes = subject.model().graph().outputShape().channels() - subject.model().firstClass();
    if (figures.labelled() < FEWEST_IMAGES || !isHardlyRight(figures.top1Fp32(), classes)) {
      return Optional.empty();
    }
    String said =
        String.format(
            Locale.ROOT,
            "the float32 network is right about %.1f %% of %d images, barely more than by guessing"
                + " among %d classes; usual causes: ",
            100 * figures.top1Fp32(),
            figures.labelled(),
            classes);
    return Optional.of(
        said
            + (subject.images().isPresent()
                ? "another range of its inputs (--input-range, or --mean and --std), another order"
                    + " of channels (--channel-order), classes in another order (--synsets), a"
                    + " background class in front (a line for it in --synsets), another size of"
                    + " its input (--resolution); --suggest-preprocessing tries what can be tried"
                : "inputs prepared in another way or with axes in another order (--data), classes"
                    + " counted in another way (--labels)"));
  }

  /** Looks at the extremes and, as one image may be odd, at all but the outermost of the values. */
  private static Optional<String> prepared(
      Graph graph, Calibration calibration, LayerAccumulator input) {
    CalibratedTensor before = calibration.tensors().get(graph.node(0).name());
    if (before == null) {
      return Optional.empty();
    }
    BitHistogram seen = before.histogram();
    BitHistogram run = input.histogram();
    double low = input.baseline().layer().min();
    double high = input.baseline().layer().max();
    double width = Math.max(before.observed().max() - before.observed().min(), high - low);
    boolean alike =
        alike(before.observed().min(), low, seen, run, QUANTILE, width)
            && alike(before.observed().max(), high, seen, run, 1 - QUANTILE, width);
    return alike
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "the inputs it is calibrated with run from %.3g to %.3g, those it is measured on"
                    + " from %.3g to %.3g: they do not seem to be prepared alike"
                    + " (--calibrate-data, --data)",
                before.observed().min(),
                before.observed().max(),
                low,
                high));
  }

  private static boolean alike(
      double extreme,
      double ofRun,
      BitHistogram seen,
      BitHistogram run,
      double quantile,
      double width) {
    return Math.abs(extreme - ofRun) <= OFF * width
        || Math.abs(seen.quantile(quantile) - run.quantile(quantile)) <= OFF * width;
  }
}
