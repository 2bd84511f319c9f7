package io.depthscope.report.figure;

import java.awt.Color;
import java.awt.geom.Path2D;

/**
 * What a figure is drawn on. Units are those of the figure's layout, y points down; colours may be
 * translucent.
 *
 * <p>This stands in for Graphics2D because of text: there it needs the machine's fonts, fontconfig
 * and freetype, and a figure would change from machine to machine. Here text stays text in SVG and
 * PDF and is measured and drawn by one font of our own, see {@link Typeface}.
 */
interface Canvas {
  /**
   * Fills a shape.
   *
   * @param crisp without smoothed edges, which would show as seams between cells that touch
   */
  void fill(Path2D shape, Color colour, boolean crisp);

  /** Draws along a path. */
  void stroke(Path2D path, Color colour, double width, Dash dash);

  /**
   * Writes one line of text.
   *
   * @param x where it begins, on the base line
   * @param size in units
   * @param degrees clockwise about its beginning
   */
  void text(String text, double x, double y, double size, Color colour, double degrees);

  /** The whole file; nothing can be drawn after it. */
  byte[] finish();
}
