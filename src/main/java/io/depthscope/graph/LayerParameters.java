package io.depthscope.graph;

import io.depthscope.tensor.FloatTensor;
import java.util.Optional;

/**
 * The parameters of one weighted layer as stored, before batch-norm folding.
 *
 * @param kernel [O, KH, KW, I / groups]
 * @param bias one value per output channel, or empty
 */
public record LayerParameters(
    FloatTensor kernel, Optional<float[]> bias, Optional<BatchNorm> batchNorm) {}
