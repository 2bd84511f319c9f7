package io.depthscope.verification;

/**
 * The values of one node over all images of a batch, NHWC.
 *
 * @param x baseline
 * @param y candidate before its output is quantized
 * @param xq candidate
 * @param middle quantized weights on the fp32 input, before quantization
 */
@SuppressWarnings("ArrayRecordComponent") // never compared as a whole
public record NodeTensors(
    String name, int channels, float[] x, float[] y, float[] xq, float[] middle) {}
