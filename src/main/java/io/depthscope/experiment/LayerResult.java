package io.depthscope.experiment;

import io.depthscope.plan.LayerPlan;
import io.depthscope.stats.ErrorStatistics;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.TensorStatistics;
import java.util.Optional;

/**
 * Everything measured of one layer.
 *
 * @param macs multiply-accumulates for one image
 * @param gain NSR of this layer over that of the layer it reads (the noisier of two); NaN where
 *     there is none, or the latter has no noise or nothing but noise
 * @param rangeFluctuation log2 of this layer's fp32 range over that of the layer it reads (the
 *     wider of two); NaN where the latter is 0, -infinity where its own is
 */
public record LayerResult(
    LayerPlan plan,
    long macs,
    Optional<WeightResult> weights,
    LayerAccumulator statistics,
    TensorStatistics fp32,
    TensorStatistics quantized,
    ErrorStatistics error,
    double gain,
    double rangeFluctuation) {

  public String name() {
    return plan.node().name();
  }

  public String kind() {
    return plan.node().layer().kind();
  }

  /**
   * How many of the codes a range reaches: range / scale. NaN for an output that is not quantized.
   */
  public double effectiveLevels(double range) {
    return plan.output().map(p -> range / p.scale()).orElse(Double.NaN);
  }
}
