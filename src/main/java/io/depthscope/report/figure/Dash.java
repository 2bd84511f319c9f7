package io.depthscope.report.figure;

/** How a line is broken. */
enum Dash {
  SOLID,
  DASHED,
  DOTTED,
  DASH_DOT;

  /** Lengths of line and gap in units, in turn; empty for a solid line. */
  float[] lengths() {
    return switch (this) {
      case SOLID -> new float[0];
      case DASHED -> new float[] {7, 4};
      case DOTTED -> new float[] {1.5f, 3.5f};
      case DASH_DOT -> new float[] {9, 3.5f, 1.5f, 3.5f};
    };
  }

  /** A series keeps its dash where colours are lost in print. */
  static Dash ofSeries(int index) {
    return values()[index % values().length];
  }
}
