package io.depthscope.model;

import io.depthscope.tensor.FloatTensor;

/**
 * The weights of one layer after batch-norm folding: what every backend executes.
 *
 * @param kernel [O, KH, KW, I], or [KH, KW, C] for a depthwise convolution
 * @param bias one value per output channel; zeros where the layer has neither bias nor batch norm
 */
@SuppressWarnings("ArrayRecordComponent") // read-only parameter vectors, never compared
public record FoldedWeights(FloatTensor kernel, float[] bias) {}
