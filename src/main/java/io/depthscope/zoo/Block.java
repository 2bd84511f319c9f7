package io.depthscope.zoo;

/** One block of a convolutional network: its output width in channels and its stride. */
public record Block(int width, int stride) {}
