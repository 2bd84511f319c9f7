package io.depthscope.plan;

/** How a stream computes its layers. */
public enum Arithmetic {
  /** The folded weights, and outputs as they come, all in float32. */
  FLOAT32,
  /**
   * Weights and outputs that a spec quantizes take their dequantized values; sums in between are
   * float32.
   */
  SIMULATED
}
