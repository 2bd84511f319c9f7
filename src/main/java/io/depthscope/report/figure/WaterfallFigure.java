package io.depthscope.report.figure;

import io.depthscope.diagnosis.MendVerdict;
import io.depthscope.record.MendAccount;
import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What each remedy adds to those kept before it, from the network as it was to the mended one. */
final class WaterfallFigure {
  private static final double WIDEST_BAR = 64;
  private static final double GAP = 5;

  private WaterfallFigure() {}

  /**
   * A bar.
   *
   * @param from where it begins: at what was kept before, or at 0
   * @param whole true for the network as it was and the mended one
   */
  private record Bar(String name, double from, double to, boolean kept, boolean whole) {}

  static void draw(Page page, Captions captions, MendAccount account) {
    MendVerdict.Measure measure = MendVerdict.measure(account);
    boolean share = measure != MendVerdict.Measure.SQNR;
    double unit = share ? 100 : 1;
    List<Bar> bars = bars(account, measure, unit);
    Theme theme = page.theme();
    List<LegendEntry> legend = new ArrayList<>();
    legend.add(LegendEntry.box("the network", theme.muted()));
    legend.add(LegendEntry.box("a remedy that was kept", theme.series(2)));
    if (bars.stream().anyMatch(b -> b.kept() && b.to() < b.from())) {
      legend.add(LegendEntry.box("kept and worse", theme.series(1)));
    }
    if (bars.stream().anyMatch(b -> !b.kept())) {
      legend.add(LegendEntry.line("tried and dropped", theme.muted(), Dash.DASHED));
    }
    double float32 = unit * account.before().fp32Accuracy();
    boolean original = measure == MendVerdict.Measure.ACCURACY && Double.isFinite(float32);
    if (original) {
      legend.add(LegendEntry.line("fp32", theme.text(), Dash.DOTTED));
    }
    Frame frame =
        Frame.withNames(
            page,
            captions.heading(legend, ""),
            "remedies in the order in which they were tried",
            bars.stream().map(Bar::name).toList(),
            switch (measure) {
              case ACCURACY -> "top-1 (%)";
              case SAME_CLASS -> "same class (%)";
              case SQNR -> "SQNR (dB)";
            },
            share ? Scale.Linear.exactly(0, 100) : around(bars));
    if (original) {
      double y = frame.y(float32);
      page.line(frame.left(), y, frame.right(), y, theme.text(), 1.4, Dash.DOTTED);
    }
    double line = original ? frame.y(float32) : Double.NaN;
    for (int i = 0; i < bars.size(); i++) {
      drawBar(frame, bars.get(i), i, i + 1 < bars.size());
      drawNumber(frame, bars.get(i), i, line);
    }
  }

  private static List<Bar> bars(MendAccount account, MendVerdict.Measure measure, double unit) {
    List<Bar> bars = new ArrayList<>();
    double level = unit * measure.of(account.before());
    bars.add(new Bar("as it was", 0, level, true, true));
    for (MendAccount.Step s : account.steps()) {
      double reached = unit * measure.of(s.measured());
      bars.add(new Bar(s.remedy(), level, reached, s.kept(), false));
      level = s.kept() ? reached : level;
    }
    bars.add(new Bar("mended", 0, unit * measure.of(account.after()), true, true));
    return bars;
  }

  private static Scale around(List<Bar> bars) {
    double low = 0;
    double high = 0;
    for (Bar b : bars) {
      if (Double.isFinite(b.to())) {
        low = Math.min(low, b.to());
        high = Math.max(high, b.to());
      }
    }
    return Scale.Linear.around(low, high + 0.1 * (high - low)); // room for numbers
  }

  private static void drawBar(Frame frame, Bar bar, int index, boolean more) {
    Page page = frame.page();
    Theme theme = page.theme();
    double x = frame.band(index);
    double half = Math.min(0.7 * frame.bandWidth(), WIDEST_BAR) / 2;
    double begin = frame.nearestY(bar.from());
    double end = frame.nearestY(bar.to());
    if (!Double.isFinite(bar.to()) || !Double.isFinite(bar.from())) {
      return;
    }
    if (bar.kept()) {
      Color colour = bar.whole() ? theme.muted() : theme.series(bar.to() < bar.from() ? 1 : 2);
      page.box(x - half, Math.min(begin, end), x + half, Math.max(begin, end) + 0.5, colour);
    } else {
      page.canvas()
          .stroke(Page.rectangle(x - half, begin, x + half, end), theme.muted(), 1.2, Dash.DASHED);
    }
    if (more) {
      double leaves = bar.kept() ? end : begin;
      double next = x + frame.bandWidth() - half;
      page.line(x + half, leaves, next, leaves, theme.axis(), 0.8, Dash.SOLID);
    }
  }

  /** Above the bar, and above a line that would strike it out. */
  private static void drawNumber(Frame frame, Bar bar, int index, double line) {
    Page page = frame.page();
    String number = String.format(Locale.ROOT, "%.1f", bar.to());
    if (!Double.isFinite(bar.to())
        || page.typeface().width(number, Page.SMALL) > frame.bandWidth()) {
      return;
    }
    double upper = Math.min(frame.nearestY(bar.from()), frame.nearestY(bar.to()));
    double lower = Math.max(frame.nearestY(bar.from()), frame.nearestY(bar.to()));
    double at = upper - GAP;
    if (line < at + GAP && line > at - Page.SMALL - GAP) {
      at = line - GAP;
    }
    page.text(
        number,
        frame.band(index),
        at - Page.SMALL > frame.top() ? at : lower + GAP + Page.SMALL,
        Page.SMALL,
        page.theme().text(),
        Page.Anchor.MIDDLE);
  }
}
