package io.depthscope.report.figure;

import java.awt.Color;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;

/**
 * A canvas with its size, font and colours, and the strokes that figures are made of.
 *
 * @param width in units of the layout
 * @param height likewise
 */
record Page(Canvas canvas, Typeface typeface, Theme theme, double width, double height) {
  static final double LARGE = 18;
  static final double MEDIUM = 13;
  static final double SMALL = 12;

  /** Which part of a text stands at the given point. */
  enum Anchor {
    START(0),
    MIDDLE(0.5),
    END(1);

    private final double share;

    Anchor(double share) {
      this.share = share;
    }
  }

  /** Text on a base line through (x, y). */
  void text(String text, double x, double y, double size, Color colour, Anchor anchor) {
    text(text, x, y, size, colour, anchor, 0);
  }

  /** The same, turned clockwise about (x, y). */
  void text(
      String text, double x, double y, double size, Color colour, Anchor anchor, double degrees) {
    double before = anchor.share * typeface.width(text, size);
    double angle = Math.toRadians(degrees);
    canvas.text(
        text, x - before * Math.cos(angle), y - before * Math.sin(angle), size, colour, degrees);
  }

  void line(double x1, double y1, double x2, double y2, Color colour, double width, Dash dash) {
    Path2D.Double path = new Path2D.Double();
    path.moveTo(x1, y1);
    path.lineTo(x2, y2);
    canvas.stroke(path, colour, width, dash);
  }

  void box(double left, double top, double right, double bottom, Color colour) {
    canvas.fill(rectangle(left, top, right, bottom), colour, false);
  }

  void frame(double left, double top, double right, double bottom, Color colour, double width) {
    canvas.stroke(rectangle(left, top, right, bottom), colour, width, Dash.SOLID);
  }

  static Path2D rectangle(double left, double top, double right, double bottom) {
    return new Path2D.Double(
        new Rectangle2D.Double(
            Math.min(left, right),
            Math.min(top, bottom),
            Math.abs(right - left),
            Math.abs(bottom - top)));
  }

  /** A point; a hollow one shows the ground inside. */
  void marker(Marker marker, double x, double y, double radius, Color colour, boolean filled) {
    Path2D.Double path = new Path2D.Double(Path2D.WIND_NON_ZERO);
    marker.addTo(path, x, y, radius);
    canvas.fill(path, filled ? colour : theme.background(), false);
    canvas.stroke(path, filled ? theme.background() : colour, filled ? 0.6 : 1.6, Dash.SOLID);
  }
}
