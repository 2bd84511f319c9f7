package io.depthscope.graph;

import io.depthscope.tensor.FloatTensor;

/**
 * The weights of one layer after batch-norm folding: what every backend executes. Output channel o
 * has the elements from {@code o * perChannel()} on; everybody else who deals with a channel's
 * weights relies on that.
 *
 * @param kernel [O, KH, KW, I / groups]
 * @param bias one value per output channel; zeros where the layer has neither bias nor batch norm
 */
@SuppressWarnings("ArrayRecordComponent") // read-only parameter vectors, never compared
public record FoldedWeights(FloatTensor kernel, float[] bias) {

  /** Output channels. */
  public int channels() {
    return bias.length;
  }

  /** Kernel elements of one output channel. */
  public int perChannel() {
    return bias.length == 0 ? 0 : kernel.data().length / bias.length;
  }
}
