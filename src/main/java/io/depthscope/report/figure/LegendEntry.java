package io.depthscope.report.figure;

import java.awt.Color;
import java.util.Optional;

/**
 * What stands in a legend: a sample and its meaning.
 *
 * @param line the sample's line, if it has one
 * @param marker the sample's point, likewise
 * @param box true for a filled rectangle
 */
record LegendEntry(
    String label,
    Color colour,
    Optional<Dash> line,
    Optional<Marker> marker,
    boolean filled,
    boolean box) {
  private static final double SAMPLE = 26;
  private static final double GAP = 7;

  static LegendEntry line(String label, Color colour, Dash dash) {
    return new LegendEntry(label, colour, Optional.of(dash), Optional.empty(), true, false);
  }

  static LegendEntry point(String label, Color colour, Marker marker, boolean filled) {
    return new LegendEntry(label, colour, Optional.empty(), Optional.of(marker), filled, false);
  }

  static LegendEntry box(String label, Color colour) {
    return new LegendEntry(label, colour, Optional.empty(), Optional.empty(), true, true);
  }

  LegendEntry with(Marker shape) {
    return new LegendEntry(label, colour, line, Optional.of(shape), filled, box);
  }

  private double sample() {
    return line.isPresent() ? SAMPLE : SAMPLE / 2;
  }

  double width(Page page) {
    return sample() + GAP + page.typeface().width(label, Page.SMALL);
  }

  /** Draws it from x to the right, in the middle of a row about y. */
  void draw(Page page, double x, double y, double widest) {
    double middle = x + sample() / 2;
    line.ifPresent(d -> page.line(x, y, x + sample(), y, colour, 2, d));
    marker.ifPresent(m -> page.marker(m, middle, y, 4.5, colour, filled));
    if (box) {
      page.box(x, y - 5.5, x + sample(), y + 5.5, colour);
    }
    String shown = page.typeface().shortened(label, Page.SMALL, widest - sample() - GAP);
    page.text(
        shown,
        x + sample() + GAP,
        y + Page.SMALL * Typeface.CAPITAL / 2,
        Page.SMALL,
        page.theme().text(),
        Page.Anchor.START);
  }
}
