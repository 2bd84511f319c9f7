package io.depthscope.stats;

/**
 * An image that reaches far in a layer's fp32 range.
 *
 * @param image index in the data set
 * @param value largest or smallest value of the layer's output for it; never -0, since which zero
 *     is found depends on the order in which values are looked at
 */
public record Extreme(int image, float value) {
  public Extreme {
    value += 0f; // makes 0 of -0
  }
}
