package io.depthscope.report.figure;

import java.util.Locale;

/** How a figure is stored. */
public enum FigureFormat {
  SVG(960, 576),
  PNG(1920, 1152),
  PDF(720, 432);

  private final double width;
  private final double height;

  FigureFormat(double width, double height) {
    this.width = width;
    this.height = height;
  }

  /** Width unless another is asked for: pixels of PNG, CSS pixels of SVG, points of PDF. */
  public double width() {
    return width;
  }

  /** Height, likewise. */
  public double height() {
    return height;
  }

  /** The file name's ending, without a dot. */
  public String ending() {
    return name().toLowerCase(Locale.ROOT);
  }
}
