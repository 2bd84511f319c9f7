package io.depthscope.report.figure;

import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.Run;
import io.depthscope.record.RunSetting;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Top-1 of several runs by bit widths; runs that differ in nothing else are one line. */
final class AccuracyByBits {
  private static final int FLOAT_BITS = 32;

  /** What may tell two lines apart, in the order in which it is named. */
  private static final List<Function<Run, String>> TRAITS =
      List.of(
          Run::model,
          AccuracyByBits::weights,
          ofScheme(s -> s.granularity().toString()),
          ofScheme(s -> "activations " + s.activationRange().name()),
          ofScheme(s -> "weights " + s.weightRange().name()),
          ofScheme(s -> s.weights().map(f -> codes("weights", f)).orElse("fp32 weights")),
          ofScheme(
              s -> s.activations().map(f -> codes("activations", f)).orElse("fp32 activations")),
          r -> r.feed() + " feed",
          r -> r.network().images() + " images");

  private AccuracyByBits() {}

  /** Networks of one family have one name; their weights tell them apart. */
  private static String weights(Run run) {
    String sha256 = RunSetting.WEIGHTS.recordedIn(run).map(String::valueOf).orElse("unknown");
    return "weights " + sha256.substring(0, Math.min(8, sha256.length()));
  }

  /** What a scheme says, or that a file had the parameters, whatever its scheme. */
  private static Function<Run, String> ofScheme(Function<QuantScheme, String> says) {
    return r -> RunSetting.asWritten(r) ? RunSetting.quantization(r) : says.apply(r.scheme());
  }

  /** Name of the bit widths; those of a file may differ from layer to layer. */
  private static String widths(Run run) {
    return ofScheme(QuantScheme::name).apply(run);
  }

  private static String codes(String of, QuantFormat f) {
    return (f.symmetric() ? "symmetric " : "asymmetric ") + of;
  }

  static void draw(Page page, Captions captions, List<FigureRun> runs) {
    List<Run> all = runs.stream().map(FigureRun::run).toList();
    for (FigureRun r : runs) {
      if (r.run().network().accuracy().isEmpty()) {
        throw new IllegalArgumentException(
            "the figure accuracy-by-bits needs labels and classes; " + r.label() + " has none");
      }
    }
    List<String> schemes =
        all.stream()
            .sorted(
                Comparator.comparing(RunSetting::asWritten)
                    .thenComparingInt((Run r) -> bits(r, true) + bits(r, false))
                    .thenComparingInt(r -> bits(r, true)))
            .map(AccuracyByBits::widths)
            .distinct()
            .toList();
    Map<String, List<Run>> lines = lines(all);
    Map<String, Run> fp32 = new LinkedHashMap<>();
    for (Run r : all) {
      fp32.putIfAbsent(weights(r) + " " + top1(r).top1Fp32(), r);
    }
    List<LegendEntry> legend = legend(page, lines, fp32.size() > 0);
    Frame frame =
        Frame.withNames(
            page,
            captions.heading(legend, ""),
            "bits of weights (w) and activations (a)",
            schemes,
            "top-1 (%)",
            Scale.Linear.exactly(0, 100));
    int lineOf = 0;
    for (Run r : fp32.values()) {
      double top1 = 100 * top1(r).top1Fp32();
      if (frame.y().holds(top1)) {
        double y = frame.y(top1);
        page.line(frame.left(), y, frame.right(), y, page.theme().muted(), 1.4, Dash.DASHED);
        if (fp32.size() > 1) {
          // Lines may lie close together: their names stand at either end.
          boolean atLeft = lineOf++ % 2 == 0;
          page.text(
              page.typeface()
                  .shortened(Typeface.clean(r.model()), Page.SMALL, frame.bandWidth() / 2),
              atLeft ? frame.left() + 6 : frame.right() - 6,
              y - 5,
              Page.SMALL,
              page.theme().muted(),
              atLeft ? Page.Anchor.START : Page.Anchor.END);
        }
      }
    }
    int index = 0;
    for (List<Run> line : lines.values()) {
      drawLine(frame, line, schemes, index++);
    }
  }

  private static List<LegendEntry> legend(Page page, Map<String, List<Run>> lines, boolean fp32) {
    List<LegendEntry> legend = new ArrayList<>();
    int index = 0;
    for (String label : lines.keySet()) {
      legend.add(
          LegendEntry.line(
                  Typeface.clean(label.isEmpty() ? "quantized" : label),
                  page.theme().series(index),
                  Dash.ofSeries(index))
              .with(marker(index)));
      index++;
    }
    if (fp32) {
      legend.add(LegendEntry.line("fp32", page.theme().muted(), Dash.DASHED));
    }
    return legend;
  }

  /** Runs by the traits in which not all of them are alike. */
  private static Map<String, List<Run>> lines(List<Run> runs) {
    List<Function<Run, String>> telling =
        TRAITS.stream().filter(t -> runs.stream().map(t).distinct().count() > 1).toList();
    Map<String, List<Run>> lines = new LinkedHashMap<>();
    for (Run r : runs) {
      String label = String.join(", ", telling.stream().map(t -> t.apply(r)).distinct().toList());
      lines.computeIfAbsent(label, k -> new ArrayList<>()).add(r);
    }
    return lines;
  }

  private static int bits(Run run, boolean ofWeights) {
    return (ofWeights ? run.scheme().weights() : run.scheme().activations())
        .map(QuantFormat::bits)
        .orElse(FLOAT_BITS);
  }

  private static void drawLine(Frame frame, List<Run> line, List<String> schemes, int index) {
    Color colour = frame.page().theme().series(index);
    List<Run> ordered =
        line.stream().sorted(Comparator.comparingInt(r -> schemes.indexOf(widths(r)))).toList();
    double[] xs = new double[ordered.size()];
    double[] values = new double[ordered.size()];
    for (int i = 0; i < xs.length; i++) {
      xs[i] = frame.band(schemes.indexOf(widths(ordered.get(i))));
      values[i] = 100 * top1(ordered.get(i)).top1Quantized();
    }
    frame.polyline(xs, values, colour, 2, Dash.ofSeries(index));
    for (int i = 0; i < xs.length; i++) {
      if (frame.y().holds(values[i])) {
        frame.page().marker(marker(index), xs[i], frame.y(values[i]), 5.2, colour, true);
      }
    }
  }

  private static Run.Accuracy top1(Run run) {
    return run.network().accuracy().orElseThrow();
  }

  private static Marker marker(int index) {
    return Marker.values()[index % Marker.values().length];
  }
}
