package io.depthscope.report.figure;

import io.depthscope.diagnosis.MendVerdict;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.MendAccount;
import io.depthscope.record.Run;
import io.depthscope.record.RunSetting;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** The words above a figure, the same for every kind of it. */
record Captions(String title, String subtitle) {

  Heading heading(List<LegendEntry> legend, String note) {
    return new Heading(title, subtitle, legend, note);
  }

  /** What is shown, of which network, in which scheme. */
  static String title(FigureRequest request) {
    String subject =
        switch (request.figure()) {
          case ERROR_PROPAGATION -> "Error by depth";
          case GAIN -> "Gain of error";
          case WEIGHT_RANGES -> "Ranges of folded weights";
          case ACTIVATION_RANGES -> "Ranges of fp32 outputs";
          case CHANNEL_RANGE_RATIO -> "Channel range ratio";
          case ERROR_SOURCES -> "Sources of error";
          case HEAT_MAP ->
              request.metric() == HeatMapMetric.SQNR
                  ? "SQNR of every channel"
                  : "Effective levels of every channel";
          case HISTOGRAM -> "Values of " + request.layer().orElse("");
          case MARGINS -> "Margin and logit noise of every image";
          case ACCURACY_BY_BITS -> "Accuracy by bit widths";
          case WATERFALL -> "What each remedy does";
        };
    List<String> of = new ArrayList<>();
    common(request.runs(), Run::model).ifPresent(of::add);
    if (request.figure() != FigureName.ACCURACY_BY_BITS) {
      common(request.runs(), RunSetting::quantization).ifPresent(of::add);
    }
    return Typeface.clean(of.isEmpty() ? subject : subject + " \u2013 " + String.join(", ", of));
  }

  /** How it was measured; with several runs, what they share. */
  static String subtitle(FigureRequest request) {
    if (request.mending().isPresent()) {
      MendAccount of = request.mending().get();
      return Typeface.clean(MendVerdict.sentence(of) + " (" + of.after().images() + " images)");
    }
    List<FigureRun> runs = request.runs();
    List<String> parts = new ArrayList<>();
    common(runs, Run::feed).ifPresent(f -> parts.add(f + " feed"));
    common(runs, Captions::ranges).filter(r -> !r.isEmpty()).ifPresent(parts::add);
    common(runs, r -> r.network().images())
        .ifPresent(
            n -> parts.add(n == 1 ? "1 image" : String.format(Locale.ROOT, "%,d images", n)));
    if (runs.size() == 1) {
      runs.getFirst()
          .run()
          .network()
          .accuracy()
          .ifPresent(
              a ->
                  parts.add(
                      "top-1 "
                          + percent(a.top1Fp32())
                          + " in fp32, "
                          + percent(a.top1Quantized())
                          + " quantized"));
    }
    return Typeface.clean(String.join("; ", parts));
  }

  /** How the ranges were chosen; empty where a file had the parameters. */
  private static String ranges(Run run) {
    if (RunSetting.asWritten(run)) {
      return "";
    }
    QuantScheme s = run.scheme();
    if (s.weights().isEmpty()) {
      return s.activationRange().name() + " ranges";
    }
    if (s.activations().isEmpty() || s.activationRange().equals(s.weightRange())) {
      return s.weightRange().name() + " ranges";
    }
    return s.activationRange().name() + " ranges, " + s.weightRange().name() + " of weights";
  }

  /** Such as {@code 84.2 %}. */
  static String percent(double share) {
    return Double.isNaN(share) ? "unknown" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  /** What all runs have alike. */
  static <T> Optional<T> common(List<FigureRun> runs, Function<Run, T> of) {
    T first = of.apply(runs.getFirst().run());
    return runs.stream().allMatch(r -> of.apply(r.run()).equals(first))
        ? Optional.of(first)
        : Optional.empty();
  }

  /** Names in a sentence, the first few of them. */
  static String listed(List<String> names) {
    int shown = Math.min(4, names.size());
    String text = String.join(", ", names.subList(0, shown));
    return Typeface.clean(
        names.size() == shown ? text : text + " and " + (names.size() - shown) + " more");
  }
}
