package io.depthscope.model;

/** The activation function fused into the layer before it. NaN passes through unchanged. */
public enum Activation {
  NONE(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY),
  RELU(0f, Float.POSITIVE_INFINITY),
  RELU6(0f, 6f);

  private final float lower;
  private final float upper;

  Activation(float lower, float upper) {
    this.lower = lower;
    this.upper = upper;
  }

  /** Smallest value the function returns; -infinity for none. */
  public float lower() {
    return lower;
  }

  /** Largest value the function returns; +infinity unless the function saturates. */
  public float upper() {
    return upper;
  }

  /** Clamps to [lower, upper]; the result is never -0 for the rectifiers. */
  public float apply(float x) {
    if (this == NONE || Float.isNaN(x)) {
      return x;
    }
    return x > lower ? Math.min(x, upper) : lower;
  }
}
