package io.depthscope.report.figure;

import io.depthscope.report.figure.Page.Anchor;
import java.awt.Color;
import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Heading, axes and grid around the place where data are drawn.
 *
 * @param left edge of that place; y points down, so that bottom is larger than top
 * @param names how many names the horizontal axis has; 0 if it has values
 */
record Frame(
    Page page, double left, double top, double right, double bottom, Scale y, Scale x, int names) {
  private static final double SMALLEST = 60;
  private static final double MARGIN = 16;
  private static final double SMALLEST_NAME = 7.5;
  private static final double LONGEST_NAME = 150;
  private static final double SLANT = 45;

  /** Draws a frame with values on both axes. */
  static Frame withValues(
      Page page, Heading heading, String titleX, Scale x, String titleY, Scale y) {
    double top = heading.draw(page);
    double bottom = heading.drawNote(page) - 44;
    double left = leftOf(page, y);
    Frame frame = new Frame(page, left, top, page.width() - MARGIN - 8, bottom, y, x, 0);
    frame.drawVertical(titleY);
    for (Scale.Tick tick : x.ticks()) {
      double at = frame.x(tick.value());
      page.line(at, top, at, bottom, page.theme().grid(), 0.8, Dash.SOLID);
      page.text(tick.label(), at, bottom + 17, Page.SMALL, page.theme().muted(), Anchor.MIDDLE);
    }
    frame.finish(titleX, bottom + 38);
    return frame;
  }

  /** Draws a frame with names on the horizontal axis, in equal distances. */
  static Frame withNames(
      Page page, Heading heading, String titleX, List<String> names, String titleY, Scale y) {
    double top = heading.draw(page);
    double below = heading.drawNote(page);
    double left = leftOf(page, y);
    double right = page.width() - MARGIN;
    double band = (right - left) / Math.max(1, names.size());
    double size = Math.max(SMALLEST_NAME, Math.min(Page.SMALL, band - 1));
    int every = (int) Math.max(1, Math.ceil((size + 1) / band));
    List<String> shown = new ArrayList<>();
    double longest = Math.min(LONGEST_NAME, page.height() / 4);
    double widest = 0;
    for (String name : names) {
      shown.add(page.typeface().shortened(Typeface.clean(name), size, longest));
      widest = Math.max(widest, page.typeface().width(shown.getLast(), size));
    }
    double degrees = widest + 6 <= band ? 0 : band >= 1.5 * size ? SLANT : 90;
    double angle = Math.toRadians(degrees);
    double depth = degrees == 0 ? 22 : widest * Math.sin(angle) + size * Math.cos(angle) + 10;
    if (degrees > 0) {
      // The first name reaches to the left of its tick.
      left = Math.max(left, widest * Math.cos(angle) + 8 - band / 2);
    }
    Frame frame =
        new Frame(page, left, top, right, below - depth - 22, y, y, Math.max(1, names.size()));
    frame.drawVertical(titleY);
    for (int i = 0; i < names.size(); i++) {
      double at = frame.band(i);
      if (i % every == 0) {
        page.line(at, frame.top, at, frame.bottom + 4, page.theme().grid(), 0.8, Dash.SOLID);
        frame.drawName(shown.get(i), at, size, degrees);
      }
    }
    frame.finish(titleX, below - 4);
    return frame;
  }

  private void drawName(String name, double at, double size, double degrees) {
    double half = size * Typeface.CAPITAL / 2;
    if (degrees == 0) {
      page.text(name, at, bottom + 18, size, page.theme().muted(), Anchor.MIDDLE);
    } else {
      double angle = Math.toRadians(degrees);
      page.text(
          name,
          at + half * Math.sin(angle),
          bottom + 8 + half * Math.cos(angle),
          size,
          page.theme().muted(),
          Anchor.END,
          -degrees);
    }
  }

  private static double leftOf(Page page, Scale y) {
    double widest = 0;
    for (Scale.Tick tick : y.ticks()) {
      widest = Math.max(widest, page.typeface().width(tick.label(), Page.SMALL));
    }
    return MARGIN + Page.MEDIUM + 10 + widest + 8;
  }

  private void drawVertical(String title) {
    requirePlace(right - left, bottom - top);
    for (Scale.Tick tick : y.ticks()) {
      double at = y(tick.value());
      page.line(left, at, right, at, page.theme().grid(), 0.8, Dash.SOLID);
      page.text(
          tick.label(),
          left - 8,
          at + Page.SMALL * Typeface.CAPITAL / 2,
          Page.SMALL,
          page.theme().muted(),
          Anchor.END);
    }
    String shown = page.typeface().shortened(title, Page.MEDIUM, page.height() - 2 * MARGIN);
    double half = page.typeface().width(shown, Page.MEDIUM) / 2 + MARGIN;
    double middle = Math.max(half, Math.min(page.height() - half, (top + bottom) / 2));
    page.text(
        shown,
        MARGIN + Page.MEDIUM * Typeface.CAPITAL,
        middle,
        Page.MEDIUM,
        page.theme().text(),
        Anchor.MIDDLE,
        -90);
  }

  /**
   * @throws IllegalArgumentException if labels leave no place for data
   */
  static void requirePlace(double width, double height) {
    if (!(width >= SMALLEST && height >= SMALLEST)) {
      throw new IllegalArgumentException(
          "the figure has no place left beside its labels; choose another --width or --height, or"
              + " a smaller --text-scale");
    }
  }

  private void finish(String titleX, double baseLine) {
    page.frame(left, top, right, bottom, page.theme().axis(), 1);
    page.text(
        page.typeface().shortened(titleX, Page.MEDIUM, right - left),
        (left + right) / 2,
        baseLine,
        Page.MEDIUM,
        page.theme().text(),
        Anchor.MIDDLE);
  }

  double y(double value) {
    return bottom - y.share(value) * (bottom - top);
  }

  double x(double value) {
    return left + x.share(value) * (right - left);
  }

  /** Middle of the place of a name. */
  double band(int index) {
    return left + (index + 0.5) * bandWidth();
  }

  double bandWidth() {
    return (right - left) / names;
  }

  /** The same as {@link #y}, but values beyond the axis are put on its end. */
  double nearestY(double value) {
    return y.holds(value) ? y(value) : value > 0 && !(value < lowest()) ? top : bottom;
  }

  private double lowest() {
    return y.ticks().isEmpty() ? 0 : y.ticks().getFirst().value();
  }

  /** True if {@link #nearestY} moves the value to the upper end. */
  boolean isAbove(double value) {
    return !y.holds(value) && nearestY(value) == top;
  }

  /** A line through points; it breaks where one has no place on the axis. */
  void polyline(double[] xs, double[] values, Color colour, double width, Dash dash) {
    Path2D.Double path = new Path2D.Double();
    boolean drawing = false;
    boolean any = false;
    for (int i = 0; i < xs.length; i++) {
      if (!y.holds(values[i])) {
        drawing = false;
        continue;
      }
      if (drawing) {
        path.lineTo(xs[i], y(values[i]));
        any = true;
      } else {
        path.moveTo(xs[i], y(values[i]));
      }
      drawing = true;
    }
    if (any) {
      page.canvas().stroke(path, colour, width, dash);
    }
  }

  /** Middles of all names' places. */
  double[] bands() {
    return IntStream.range(0, names).mapToDouble(this::band).toArray();
  }
}
