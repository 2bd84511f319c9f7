package io.depthscope.report.figure;

import io.depthscope.record.Run;
import io.depthscope.stats.Prediction;
import java.awt.Color;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * Each image by how sure the fp32 network is of it and by how much quantization moves its logits.
 */
final class MarginsFigure {
  private static final double RADIUS = 3.6;

  /** Points closer than this, in units, cover each other: one is drawn. */
  private static final double CELL = 1.2;

  private MarginsFigure() {}

  static void draw(Page page, Captions captions, Run run) {
    if (!run.isClassifier()) {
      throw new IllegalArgumentException(
          "the figure margins needs classes; " + run.model() + " is no classifier");
    }
    Theme theme = page.theme();
    List<Prediction> same = run.predictions().stream().filter(p -> !p.flipped()).toList();
    List<Prediction> changed = run.predictions().stream().filter(Prediction::flipped).toList();
    List<LegendEntry> legend =
        List.of(
            LegendEntry.point(counted("same class", same), theme.series(0), Marker.CIRCLE, false),
            LegendEntry.point(
                counted("class changed", changed), theme.series(1), Marker.TRIANGLE, true),
            LegendEntry.line("noise = margin", theme.muted(), Dash.DASHED));
    Scale x = scale(run, Prediction::margin);
    Scale y = scale(run, Prediction::logitNoise);
    Frame frame =
        Frame.withValues(
            page,
            captions.heading(legend, note(run, x, y)),
            "fp32 margin: largest logit \u2212 second largest",
            x,
            "logit noise (root mean square)",
            y);
    drawDiagonal(frame);
    drawPoints(frame, same, Marker.CIRCLE, theme.series(0), false);
    drawPoints(frame, changed, Marker.TRIANGLE, theme.series(1), true);
  }

  private static String counted(String what, List<Prediction> images) {
    return String.format(Locale.ROOT, "%s (%,d)", what, images.size());
  }

  private static Scale scale(Run run, ToDoubleFunction<Prediction> value) {
    return Scale.Logarithmic.around(run.predictions().stream().mapToDouble(value));
  }

  /** Where noise equals the margin, as far as both axes hold it. */
  private static void drawDiagonal(Frame frame) {
    Scale.Logarithmic x = (Scale.Logarithmic) frame.x();
    Scale.Logarithmic y = (Scale.Logarithmic) frame.y();
    double low = Math.max(x.low(), y.low());
    double high = Math.min(x.high(), y.high());
    if (low < high) {
      frame
          .page()
          .line(
              frame.x(low),
              frame.y(low),
              frame.x(high),
              frame.y(high),
              frame.page().theme().muted(),
              1.3,
              Dash.DASHED);
    }
  }

  private static void drawPoints(
      Frame frame, List<Prediction> images, Marker marker, Color colour, boolean filled) {
    Set<Long> taken = new HashSet<>();
    List<double[]> points = new ArrayList<>();
    for (Prediction p : images) {
      if (Double.isNaN(p.margin()) || Double.isNaN(p.logitNoise())) {
        continue;
      }
      double x =
          frame.x().holds(p.margin())
              ? frame.x(p.margin())
              : p.margin() > 0 ? frame.right() : frame.left();
      double y = frame.nearestY(p.logitNoise());
      long cell = Math.round(x / CELL) << 32 | Math.round(y / CELL);
      if (taken.add(cell)) {
        points.add(new double[] {x, y});
      }
    }
    for (double[] p : points) {
      frame.page().marker(marker, p[0], p[1], filled ? RADIUS : RADIUS - 0.4, colour, filled);
    }
  }

  private static String note(Run run, Scale x, Scale y) {
    long unplaced =
        run.predictions().stream()
            .filter(p -> Double.isNaN(p.margin()) || Double.isNaN(p.logitNoise()))
            .count();
    boolean edge =
        run.predictions().stream()
            .flatMapToDouble(
                p ->
                    DoubleStream.of(
                        !Double.isNaN(p.margin()) && !x.holds(p.margin()) ? 1 : 0,
                        !Double.isNaN(p.logitNoise()) && !y.holds(p.logitNoise()) ? 1 : 0))
            .anyMatch(v -> v > 0);
    List<String> parts = new ArrayList<>();
    if (edge) {
      parts.add("Points on the edge are 0 or infinite.");
    }
    if (unplaced > 0) {
      parts.add(String.format(Locale.ROOT, "Left out, with NaN: %,d.", unplaced));
    }
    return String.join(" ", parts);
  }
}
