package io.depthscope.backend;

/**
 * A network's outputs for one batch: logits for a classifier. Where there are several, each image
 * has them one after the other.
 *
 * @param fp32 count x outputs
 * @param quantized count x outputs; empty without a quantized stream
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record BatchOutput(int count, float[] fp32, float[] quantized) {}
