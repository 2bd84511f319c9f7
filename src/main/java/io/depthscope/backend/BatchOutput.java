package io.depthscope.backend;

/**
 * A network's outputs for one batch: logits for a classifier. Where there are several, each image
 * has them one after the other.
 *
 * @param baseline count x outputs
 * @param candidate count x outputs; empty without a candidate
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record BatchOutput(int count, float[] baseline, float[] candidate) {}
