package io.depthscope.model;

/**
 * Parameters of a batch normalization over C channels: {@code y = gamma * (x - mean) /
 * sqrt(variance + epsilon) + beta}.
 */
@SuppressWarnings("ArrayRecordComponent") // read-only parameter vectors, never compared
public record BatchNorm(
    float[] gamma, float[] beta, float[] mean, float[] variance, double epsilon) {}
