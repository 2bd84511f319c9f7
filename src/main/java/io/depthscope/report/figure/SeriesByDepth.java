package io.depthscope.report.figure;

import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** One value a layer along the depth of the network, one line a run. */
final class SeriesByDepth {
  private static final double RADIUS = 4.6;

  /**
   * One line.
   *
   * @param hollow points show the ground inside
   */
  private record Series(
      String label,
      List<RunLayer> layers,
      ToDoubleFunction<RunLayer> value,
      Color colour,
      Dash dash,
      boolean hollow) {

    double[] values() {
      return layers.stream().mapToDouble(value).toArray();
    }
  }

  private SeriesByDepth() {}

  static void drawSqnr(Page page, Captions captions, List<FigureRun> runs) {
    List<Series> series = oneEach(page, runs, l -> l.error().sqnrDb());
    double[] finite = finite(series).toArray();
    Scale y =
        finite.length == 0
            ? Scale.Linear.around(0, 1)
            : Scale.Linear.around(
                Math.min(0, DoubleStream.of(finite).min().orElseThrow()),
                DoubleStream.of(finite).max().orElseThrow());
    draw(page, captions, series, runs.size() > 1, "SQNR (dB)", y, Optional.of(0.0));
  }

  static void drawGain(Page page, Captions captions, List<FigureRun> runs) {
    List<Series> series = oneEach(page, runs, l -> l.step().gain());
    Scale y = Scale.Logarithmic.around(DoubleStream.concat(finite(series), DoubleStream.of(1)));
    draw(
        page,
        captions,
        series,
        runs.size() > 1,
        "gain: NSR over that of the layer it reads",
        y,
        Optional.of(1.0));
  }

  static void drawRatios(Page page, Captions captions, List<FigureRun> runs) {
    List<Series> series = new ArrayList<>();
    boolean several = runs.size() > 1;
    for (int i = 0; i < runs.size(); i++) {
      List<RunLayer> layers = runs.get(i).run().layers();
      String prefix = several ? runs.get(i).label() + ", " : "";
      // One run: two colours. Several: a colour each, weights solid, activations dashed and hollow.
      Color ofWeights = page.theme().series(several ? i : 1);
      Color ofActivations = page.theme().series(several ? i : 0);
      series.add(
          new Series(
              prefix + "folded weights",
              layers,
              l -> l.weights().map(RunLayer.Weights::channelRangeRatio).orElse(Double.NaN),
              ofWeights,
              Dash.SOLID,
              false));
      series.add(
          new Series(
              prefix + "fp32 outputs",
              layers,
              l -> l.fp32().channelRangeRatio(),
              ofActivations,
              Dash.DASHED,
              true));
    }
    Scale y = Scale.Logarithmic.around(DoubleStream.concat(finite(series), DoubleStream.of(1)));
    draw(page, captions, series, true, "mean channel range / layer range", y, Optional.empty());
  }

  private static List<Series> oneEach(
      Page page, List<FigureRun> runs, ToDoubleFunction<RunLayer> value) {
    return IntStream.range(0, runs.size())
        .mapToObj(
            i ->
                new Series(
                    runs.get(i).label(),
                    runs.get(i).run().layers(),
                    value,
                    runs.size() == 1 ? page.theme().axis() : page.theme().series(i),
                    runs.size() == 1 ? Dash.SOLID : Dash.ofSeries(i),
                    false))
        .toList();
  }

  private static DoubleStream finite(List<Series> series) {
    return series.stream()
        .flatMapToDouble(s -> DoubleStream.of(s.values()))
        .filter(Double::isFinite);
  }

  /**
   * @param coloured lines differ by colour, so that points cannot
   * @param reference a value with a line of its own
   */
  private static void draw(
      Page page,
      Captions captions,
      List<Series> series,
      boolean coloured,
      String titleY,
      Scale y,
      Optional<Double> reference) {
    List<RunLayer> all = series.stream().flatMap(s -> s.layers.stream()).toList();
    List<LegendEntry> legend = new ArrayList<>();
    if (coloured) {
      series.forEach(s -> legend.add(LegendEntry.line(Typeface.clean(s.label), s.colour, s.dash)));
    }
    legend.addAll(LayerKind.legend(page.theme(), LayerKind.among(all), !coloured));
    boolean alike =
        series.stream().allMatch(s -> names(s.layers).equals(names(series.getFirst().layers)));
    int longest = series.stream().mapToInt(s -> s.layers.size()).max().orElse(0);
    List<String> names =
        alike
            ? names(series.getFirst().layers)
            : IntStream.range(0, longest).mapToObj(Integer::toString).toList();
    Frame frame =
        Frame.withNames(
            page,
            captions.heading(legend, note(series, y)),
            alike ? "layer" : "position of the layer; the networks differ",
            names,
            titleY,
            y);
    reference
        .filter(y::holds)
        .ifPresent(
            v ->
                page.line(
                    frame.left(),
                    frame.y(v),
                    frame.right(),
                    frame.y(v),
                    page.theme().axis(),
                    1.2,
                    Dash.SOLID));
    for (Series s : series) {
      double[] values = s.values(); // a shorter network ends before the axis does
      frame.polyline(Arrays.copyOf(frame.bands(), values.length), values, s.colour, 1.8, s.dash);
    }
    for (Series s : series) {
      drawPoints(frame, s, coloured);
    }
  }

  private static void drawPoints(Frame frame, Series s, boolean coloured) {
    Page page = frame.page();
    double[] values = s.values();
    for (int i = 0; i < values.length; i++) {
      if (Double.isNaN(values[i])) {
        continue;
      }
      LayerKind kind = LayerKind.of(s.layers.get(i));
      Color colour = coloured ? s.colour : kind.colour(page.theme());
      double at = frame.nearestY(values[i]);
      boolean onAxis = frame.y().holds(values[i]);
      page.marker(kind.marker(), frame.band(i), at, RADIUS, colour, onAxis && !s.hollow);
      if (!onAxis) {
        page.text(
            beyond(values[i]),
            frame.band(i) + RADIUS + 3,
            at + (frame.isAbove(values[i]) ? 14 : -5),
            Page.SMALL,
            page.theme().text(),
            Page.Anchor.START);
      }
    }
  }

  private static String beyond(double value) {
    return value == 0 ? "0" : value > 0 ? "\u221e" : "\u2212\u221e";
  }

  /** Says which layers have no point, and what a point on the edge means. */
  private static String note(List<Series> series, Scale y) {
    Map<String, Boolean> shown = new LinkedHashMap<>();
    boolean edge = false;
    for (Series s : series) {
      for (RunLayer l : s.layers) {
        shown.merge(l.name(), !Double.isNaN(s.value.applyAsDouble(l)), Boolean::logicalOr);
      }
    }
    List<String> missing = shown.keySet().stream().filter(name -> !shown.get(name)).toList();
    for (Series s : series) {
      edge |= DoubleStream.of(s.values()).anyMatch(v -> !Double.isNaN(v) && !y.holds(v));
    }
    List<String> parts = new ArrayList<>();
    if (!missing.isEmpty()) {
      parts.add("No value: " + Captions.listed(missing) + ".");
    }
    if (edge) {
      parts.add("Hollow points on the edge lie beyond the axis; no error at all is \u221e dB.");
    }
    return String.join(" ", parts);
  }

  private static List<String> names(List<RunLayer> layers) {
    return layers.stream().map(RunLayer::name).toList();
  }

  /** Layers of a run, as most figures show them. */
  static List<String> names(Run run) {
    return names(run.layers());
  }
}
