package io.depthscope.report.figure;

import java.awt.Color;
import java.awt.geom.Path2D;
import java.awt.geom.PathIterator;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** An SVG; text stays text. */
final class SvgCanvas implements Canvas {
  /** Coordinates are whole multiples of 1 / STEPS unit. */
  private static final double STEPS = 100;

  private final Typeface typeface;
  private final StringBuilder out = new StringBuilder();

  /**
   * @param width of the picture, in CSS pixels
   * @param unit CSS pixels a unit
   * @param title for readers that speak, and tool tips
   */
  SvgCanvas(Typeface typeface, double width, double height, double unit, String title) {
    this.typeface = typeface;
    out.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.append("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"")
        .append(number(width))
        .append("\" height=\"")
        .append(number(height))
        .append("\" viewBox=\"0 0 ")
        .append(number(width / unit))
        .append(' ')
        .append(number(height / unit))
        .append("\" font-family=\"")
        .append(Typeface.FAMILIES)
        .append("\" style=\"font-kerning:none\">\n<title>") // widths are measured without it
        .append(escaped(title))
        .append("</title>\n");
  }

  @Override
  public void fill(Path2D shape, Color colour, boolean crisp) {
    out.append("<path").append(paint("fill", colour));
    if (crisp) {
      out.append(" shape-rendering=\"crispEdges\"");
    }
    if (shape.getWindingRule() == Path2D.WIND_EVEN_ODD) {
      out.append(" fill-rule=\"evenodd\"");
    }
    data(shape);
  }

  @Override
  public void stroke(Path2D path, Color colour, double width, Dash dash) {
    out.append("<path fill=\"none\"").append(paint("stroke", colour));
    out.append(" stroke-width=\"").append(number(width)).append("\" stroke-linejoin=\"round\"");
    String separator = " stroke-dasharray=\"";
    for (float length : dash.lengths()) {
      out.append(separator).append(number(length));
      separator = " ";
    }
    if (dash != Dash.SOLID) {
      out.append('"');
    }
    data(path);
  }

  @Override
  public void text(String text, double x, double y, double size, Color colour, double degrees) {
    out.append("<text").append(paint("fill", colour));
    out.append(" font-size=\"").append(number(size));
    out.append("\" x=\"").append(number(x)).append("\" y=\"").append(number(y));
    if (degrees != 0) {
      out.append("\" transform=\"rotate(").append(number(degrees)).append(' ');
      out.append(number(x)).append(' ').append(number(y)).append(')');
    }
    if (!text.isEmpty() && typeface.drawable(text).equals(text)) {
      // A viewer that has none of our fonts squeezes its own to the place there is.
      out.append("\" lengthAdjust=\"spacingAndGlyphs\" textLength=\"");
      out.append(number(typeface.width(text, size)));
    }
    out.append("\">").append(escaped(text)).append("</text>\n");
  }

  @Override
  public byte[] finish() {
    out.append("</svg>\n");
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String paint(String property, Color colour) {
    String rgb = String.format(Locale.ROOT, " %s=\"#%06x\"", property, colour.getRGB() & 0xffffff);
    return colour.getAlpha() == 255
        ? rgb
        : rgb
            + String.format(
                Locale.ROOT, " %s-opacity=\"%s\"", property, number(colour.getAlpha() / 255.0));
  }

  /**
   * Relative coordinates are short; they are taken from rounded points, so errors do not add up.
   */
  private void data(Path2D path) {
    out.append(" d=\"");
    double[] c = new double[6];
    long[] at = new long[2];
    long[] start = new long[2];
    for (PathIterator i = path.getPathIterator(null); !i.isDone(); i.next()) {
      switch (i.currentSegment(c)) {
        case PathIterator.SEG_MOVETO -> {
          // The first one counts from (0, 0): absolute and relative agree.
          points('m', c, 2, at);
          start = at.clone();
        }
        case PathIterator.SEG_LINETO -> points('l', c, 2, at);
        case PathIterator.SEG_QUADTO -> points('q', c, 4, at);
        case PathIterator.SEG_CUBICTO -> points('c', c, 6, at);
        default -> {
          out.append('z');
          at[0] = start[0];
          at[1] = start[1];
        }
      }
    }
    out.append("\"/>\n");
  }

  private void points(char command, double[] c, int count, long[] at) {
    out.append(command);
    for (int i = 0; i < count; i++) {
      long delta = Math.round(c[i] * STEPS) - at[i % 2];
      if (i > 0 && delta >= 0) {
        out.append(' ');
      }
      out.append(number(delta / STEPS));
    }
    at[0] = Math.round(c[count - 2] * STEPS);
    at[1] = Math.round(c[count - 1] * STEPS);
  }

  private static String number(double value) {
    String text = String.format(Locale.ROOT, "%.2f", value);
    int end = text.length();
    while (text.charAt(end - 1) == '0') {
      end--;
    }
    text = text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
    return text.equals("-0") ? "0" : text;
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
