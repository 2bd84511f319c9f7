package io.depthscope.stats;

/**
 * An image that reaches far in a layer's fp32 range.
 *
 * @param image index in the data set
 * @param value largest or smallest value of the layer's output for it
 */
public record Extreme(int image, float value) {}
