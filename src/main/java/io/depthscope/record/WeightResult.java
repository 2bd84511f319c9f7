package io.depthscope.record;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.LayerParameters;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.ChannelMoments;
import io.depthscope.stats.ErrorSums;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.TensorStatistics;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The weights of one layer.
 *
 * @param folded distribution after batch-norm folding, per output channel
 * @param unfolded distribution as stored
 * @param error of the quantized weights against the folded ones, whole tensor
 * @param params how they are quantized: none, one, or one per channel
 * @param batchNorm the layer's batch norm as stored
 */
public record WeightResult(
    ChannelMoments folded,
    TensorStatistics unfolded,
    ErrorSums error,
    List<QuantParams> params,
    Optional<BatchNorm> batchNorm) {

  /** Measures the weights of a layer that has some. */
  public static WeightResult of(Step plan, LayerParameters stored) {
    int channels = plan.out().channels();
    float[] w = plan.kernel();
    float[] wq = plan.quantizedKernel();
    int perChannel = w.length / channels;
    ImageSums sums = new ImageSums(channels, perChannel, false);
    double signal = 0;
    double quantizedSignal = 0;
    double noise = 0;
    double sum = 0;
    double maxAbs = 0;
    long saturated = 0;
    for (int i = 0; i < w.length; i++) {
      int c = i / perChannel;
      double e = (double) wq[i] - w[i];
      signal += (double) w[i] * w[i];
      quantizedSignal += (double) wq[i] * wq[i];
      noise += e * e;
      sum += e;
      maxAbs = Math.max(maxAbs, Math.abs(e));
      if (!plan.kernelParams().isEmpty()) {
        List<QuantParams> p = plan.kernelParams();
        saturated += p.get(p.size() == 1 ? 0 : c).saturates(w[i]) ? 1 : 0;
      }
    }
    for (int c = 0; c < channels; c++) {
      sums.baseline.add(c, w, c * perChannel, 1, perChannel);
    }
    ChannelMoments moments = new ChannelMoments(channels);
    moments.add(sums.baseline);
    return new WeightResult(
        moments,
        TensorStatistics.of(stored.kernel().data()),
        new ErrorSums(w.length, signal, quantizedSignal, noise, sum, maxAbs, saturated, Map.of()),
        plan.kernelParams(),
        stored.batchNorm());
  }
}
