package io.depthscope.backend;

/**
 * Outputs of the last node for one batch: logits for a classifier.
 *
 * @param fp32 count x outputs
 * @param quantized count x outputs; empty without a quantized stream
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record BatchOutput(int count, float[] fp32, float[] quantized) {}
