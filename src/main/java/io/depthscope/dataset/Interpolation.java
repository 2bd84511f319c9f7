package io.depthscope.dataset;

import java.util.Locale;

/** Between which pixels a resized image's values lie, and with which weights. */
public enum Interpolation {
  /** A triangle, from the two nearest pixels of a row or column. */
  BILINEAR(1),
  /** Keys' cubic with a = -1/2, from the four nearest; its outer weights are negative. */
  BICUBIC(2);

  private static final double A = -0.5;

  private final double reach;

  Interpolation(double reach) {
    this.reach = reach;
  }

  /** Distance in pixels from which on weights are 0, when nothing is reduced. */
  double reach() {
    return reach;
  }

  /** The weight at this distance, before weights are made to add up to 1. */
  double weight(double distance) {
    double x = Math.abs(distance);
    if (x >= reach) {
      return 0;
    }
    return switch (this) {
      case BILINEAR -> 1 - x;
      // In this order of operations, which is PIL's: others differ in the last bit.
      case BICUBIC -> x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1 : (((x - 5) * x + 8) * x - 4) * A;
    };
  }

  /** The word on the command line and in files. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
