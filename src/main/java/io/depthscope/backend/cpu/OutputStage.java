package io.depthscope.backend.cpu;

import io.depthscope.graph.Clamp;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.StreamSums;
import io.depthscope.tensor.FloatTensor;
import java.util.Arrays;
import java.util.Optional;

/**
 * What happens to a layer's accumulators, as constants: bias, clamp and quantization.
 *
 * @param channels real channels
 * @param padded channels rounded up to whole vectors; biases and the ends of the clamp have as many
 *     entries
 * @param bias of the baseline
 * @param candidateBias of the candidate
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record OutputStage(
    int channels,
    int padded,
    float[] bias,
    float[] candidateBias,
    Clamp clamp,
    float[] lower,
    float[] upper,
    Optional<QuantParams> quantizer) {

  static OutputStage of(Step l) {
    int channels = l.out().channels();
    int padded = StreamSums.padded(channels);
    Clamp clamp = l.node().clamp();
    float[] bias = Arrays.copyOf(l.bias(), padded);
    return new OutputStage(
        channels,
        padded,
        bias,
        l.quantizedBias() == l.bias() ? bias : Arrays.copyOf(l.quantizedBias(), padded),
        clamp,
        ends(clamp.lower(), channels, padded, Float.NEGATIVE_INFINITY),
        ends(clamp.upper(), channels, padded, Float.POSITIVE_INFINITY),
        l.output());
  }

  private static float[] ends(float[] values, int channels, int padded, float beyond) {
    float[] ends = new float[padded];
    Arrays.fill(ends, beyond);
    for (int c = 0; c < channels; c++) {
      ends[c] = FloatTensor.ofChannel(values, c);
    }
    return ends;
  }

  /** True for a rectifier, which only has a lower end of 0 and perhaps an upper one. */
  boolean rectifies() {
    return !clamp.isPerChannel() && clamp.lower(0) == 0;
  }

  /** Real channels in the block of vector length that begins at channel {@code c}. */
  int lanesAt(int c) {
    return Math.min(Lanes.N, channels - c);
  }
}
