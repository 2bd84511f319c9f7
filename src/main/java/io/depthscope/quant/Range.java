package io.depthscope.quant;

/** A closed interval of real values to be represented. */
public record Range(double min, double max) {

  /**
   * @throws IllegalArgumentException if an end is NaN or infinite, or min is above max
   */
  public Range {
    if (!(Double.isFinite(min) && Double.isFinite(max) && min <= max)) {
      throw new IllegalArgumentException("not a finite range: [" + min + ", " + max + "]");
    }
  }

  /** The smallest range that holds this one and 0, so that 0 is represented exactly. */
  public Range withZero() {
    return new Range(Math.min(min, 0), Math.max(max, 0));
  }

  public double width() {
    return max - min;
  }
}
