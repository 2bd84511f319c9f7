package io.depthscope.report.figure;

import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.report.figure.Page.Anchor;
import java.awt.Color;
import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A row a layer, a cell a channel; each row is as wide as the figure. */
final class HeatMapFigure {
  private static final int COLOURS = 64;
  private static final double MARGIN = 16;
  private static final double BAR_WIDTH = 14;
  private static final double LONGEST_NAME = 180;

  /** Outliers do not stretch the colours: this share of the values at either end shares one. */
  private static final double OUTLIERS = 0.005;

  private final Page page;
  private final Run run;
  private final HeatMapMetric metric;
  private final Scale colours;

  private HeatMapFigure(Page page, Run run, HeatMapMetric metric) {
    this.page = page;
    this.run = run;
    this.metric = metric;
    this.colours = colours();
  }

  static void draw(Page page, Captions captions, Run run, HeatMapMetric metric) {
    new HeatMapFigure(page, run, metric).draw(captions);
  }

  private double[] values() {
    return run.layers().stream()
        .flatMap(l -> l.channels().stream())
        .mapToDouble(metric::of)
        .filter(v -> Double.isFinite(v) && (metric == HeatMapMetric.SQNR || v > 0))
        .sorted()
        .toArray();
  }

  private Scale colours() {
    double[] values = values();
    if (values.length == 0) {
      return Scale.Linear.around(0, 1);
    }
    double low = values[(int) (OUTLIERS * (values.length - 1))];
    double high = values[(int) Math.ceil((1 - OUTLIERS) * (values.length - 1))];
    return metric == HeatMapMetric.SQNR
        ? Scale.Linear.around(low, high)
        : Scale.Logarithmic.doubling(Math.max(1, low), Math.max(2, high));
  }

  private void draw(Captions captions) {
    Theme theme = page.theme();
    boolean missing =
        run.layers().stream()
            .flatMap(l -> l.channels().stream())
            .anyMatch(c -> Double.isNaN(metric.of(c)));
    List<LegendEntry> legend =
        missing ? List.of(LegendEntry.box("no value", theme.missing())) : List.of();
    Heading heading = captions.heading(legend, "");
    double top = heading.draw(page) + 6;
    double bottom = heading.drawNote(page) - 44;
    int rows = run.layers().size();
    double row = (bottom - top) / rows;
    double size = Math.max(5, Math.min(Page.SMALL, row - 1));
    int every = (int) Math.max(1, Math.ceil((size + 1) / row));
    List<String> names = new ArrayList<>();
    double widest = 0;
    for (String name : SeriesByDepth.names(run)) {
      names.add(page.typeface().shortened(Typeface.clean(name), size, LONGEST_NAME));
      widest = Math.max(widest, page.typeface().width(names.getLast(), size));
    }
    double left = MARGIN + widest + 8;
    double counts = page.typeface().width("00000", size);
    double right = page.width() - MARGIN - 74 - BAR_WIDTH - counts;
    Frame.requirePlace(right - left, bottom - top);
    Map<Color, Path2D.Double> cells = new LinkedHashMap<>();
    for (int i = 0; i < rows; i++) {
      RunLayer layer = run.layers().get(i);
      addRow(cells, layer, left, top + i * row, right, top + (i + 1) * row);
      if (i % every == 0) {
        double base = top + (i + 0.5) * row + size * Typeface.CAPITAL / 2;
        page.text(names.get(i), left - 8, base, size, theme.muted(), Anchor.END);
        String channels = Integer.toString(layer.channels().size());
        page.text(channels, right + 6, base, size, theme.muted(), Anchor.START);
      }
    }
    cells.forEach((colour, path) -> page.canvas().fill(path, colour, true));
    page.frame(left, top, right, bottom, theme.axis(), 1);
    for (int i = 1; i < rows; i++) {
      page.line(left, top + i * row, right, top + i * row, theme.background(), 0.8, Dash.SOLID);
    }
    drawAxis(left, right, bottom);
    drawBar(right + counts + 18, top, bottom);
  }

  /** Neighbours of one colour become one rectangle. */
  private void addRow(
      Map<Color, Path2D.Double> cells,
      RunLayer layer,
      double left,
      double top,
      double right,
      double bottom) {
    List<RunLayer.Channel> channels = layer.channels();
    double cell = (right - left) / channels.size();
    // Where a viewer leaves gaps between cells, a usual colour of the row shows, not the ground.
    double[] sorted = channels.stream().mapToDouble(metric::of).sorted().toArray();
    page.canvas()
        .fill(Page.rectangle(left, top, right, bottom), colour(sorted[sorted.length / 2]), true);
    int from = 0;
    while (from < channels.size()) {
      Color colour = colour(metric.of(channels.get(from)));
      int to = from + 1;
      while (to < channels.size() && colour(metric.of(channels.get(to))).equals(colour)) {
        to++;
      }
      cells
          .computeIfAbsent(colour, c -> new Path2D.Double())
          .append(Page.rectangle(left + from * cell, top, left + to * cell, bottom), false);
      from = to;
    }
  }

  /** One of {@link #COLOURS}; infinite values have the colour of their end. */
  private Color colour(double value) {
    if (Double.isNaN(value)) {
      return page.theme().missing();
    }
    double share =
        value == Double.POSITIVE_INFINITY
            ? 1
            : metric == HeatMapMetric.LEVELS && value <= 0 ? 0 : colours.share(value);
    double step = Math.floor(Math.max(0, Math.min(1, share)) * COLOURS);
    return Theme.ramp(Math.min(COLOURS - 1, step) / (COLOURS - 1));
  }

  private void drawAxis(double left, double right, double bottom) {
    Scale x = Scale.Linear.exactly(0, 100);
    for (Scale.Tick tick : x.ticks()) {
      double at = left + x.share(tick.value()) * (right - left);
      page.line(at, bottom, at, bottom + 4, page.theme().axis(), 1, Dash.SOLID);
      page.text(tick.label(), at, bottom + 17, Page.SMALL, page.theme().muted(), Anchor.MIDDLE);
    }
    page.text(
        "channels in order, % of the layer's; their number at the right",
        (left + right) / 2, bottom + 38, Page.MEDIUM, page.theme().text(), Anchor.MIDDLE);
  }

  /** Says so where the colour of an end also stands for values beyond it. */
  private String clipped(Scale.Tick tick) {
    double[] values = values();
    double share = colours.share(tick.value());
    if (values.length > 0 && share > 1 - 1e-6 && values[values.length - 1] > tick.value()) {
      return "\u2265 ";
    }
    return values.length > 0 && share < 1e-6 && values[0] < tick.value() ? "\u2264 " : "";
  }

  private void drawBar(double left, double top, double bottom) {
    Theme theme = page.theme();
    double step = (bottom - top) / COLOURS;
    for (int i = 0; i < COLOURS; i++) {
      page.canvas()
          .fill(
              Page.rectangle(left, bottom - (i + 1) * step, left + BAR_WIDTH, bottom - i * step),
              Theme.ramp((double) i / (COLOURS - 1)),
              true);
    }
    page.frame(left, top, left + BAR_WIDTH, bottom, theme.axis(), 1);
    for (Scale.Tick tick : colours.ticks()) {
      double at = bottom - colours.share(tick.value()) * (bottom - top);
      page.line(left + BAR_WIDTH, at, left + BAR_WIDTH + 4, at, theme.axis(), 1, Dash.SOLID);
      page.text(
          clipped(tick) + tick.label(),
          left + BAR_WIDTH + 7,
          at + Page.SMALL * Typeface.CAPITAL / 2,
          Page.SMALL,
          theme.muted(),
          Anchor.START);
    }
    page.text(
        metric == HeatMapMetric.SQNR ? "SQNR (dB)" : "effective levels",
        page.width() - MARGIN,
        (top + bottom) / 2,
        Page.MEDIUM,
        theme.text(),
        Anchor.MIDDLE,
        -90);
  }
}
