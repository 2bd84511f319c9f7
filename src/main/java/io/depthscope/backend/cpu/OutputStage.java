package io.depthscope.backend.cpu;

import io.depthscope.model.Activation;
import io.depthscope.plan.LayerPlan;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.StreamSums;
import java.util.Arrays;
import java.util.Optional;

/**
 * What happens to a layer's accumulators, as constants: bias, activation function and quantization.
 *
 * @param channels real channels
 * @param padded channels rounded up to whole vectors; bias has as many entries
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record OutputStage(
    int channels,
    int padded,
    float[] bias,
    Activation activation,
    Optional<QuantParams> quantizer) {

  static OutputStage of(LayerPlan l) {
    int channels = l.out().channels();
    int padded = StreamSums.padded(channels);
    return new OutputStage(
        channels,
        padded,
        Arrays.copyOf(l.bias(), padded),
        l.node().layer().activationFunction(),
        l.output());
  }

  /** Real channels in the block of vector length that begins at channel {@code c}. */
  int lanesAt(int c) {
    return Math.min(Lanes.N, channels - c);
  }
}
