package io.depthscope.experiment;

import io.depthscope.model.Model;
import io.depthscope.model.Weights;
import io.depthscope.plan.ExecutionPlan;
import io.depthscope.plan.Feed;
import io.depthscope.plan.LayerPlan;
import io.depthscope.quant.QuantScheme;
import io.depthscope.stats.ErrorStatistics;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.TensorStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The outcome of a run: figures of the network and of every node, the input included.
 *
 * @param calibrationImages images the ranges were taken from
 * @param skipped images that could not be read
 */
public record RunResult(
    Model model,
    String family,
    QuantScheme scheme,
    Feed feed,
    long calibrationImages,
    NetworkFigures network,
    List<LayerResult> layers,
    int skipped) {

  /** Draws the results from what a finished run has gathered. */
  public static RunResult of(
      ExecutionPlan plan,
      String family,
      QuantScheme scheme,
      Weights stored,
      long calibrationImages,
      RunState state) {
    NetworkAccumulator statistics = state.statistics();
    List<LayerResult> layers = new ArrayList<>();
    for (LayerPlan l : plan.layers()) {
      LayerAccumulator a = statistics.layer(l.index());
      TensorStatistics fp32 = a.fp32().layer();
      ErrorStatistics error = a.layerError();
      double sourceNsr = Double.NaN;
      double sourceRange = Double.NaN;
      for (int input : l.node().inputs()) {
        LayerResult source = layers.get(input);
        sourceNsr = larger(sourceNsr, source.error().nsr());
        sourceRange = larger(sourceRange, source.fp32().range());
      }
      layers.add(
          new LayerResult(
              l,
              plan.model().macs(l.index()),
              l.node().layer().hasWeights()
                  ? Optional.of(WeightResult.of(l, stored.of(l.node())))
                  : Optional.empty(),
              a,
              fp32,
              a.quantized().layer(),
              error,
              sourceNsr > 0 && sourceNsr < Double.POSITIVE_INFINITY
                  ? error.nsr() / sourceNsr
                  : Double.NaN,
              sourceRange > 0 ? Math.log(fp32.range() / sourceRange) / Math.log(2) : Double.NaN));
    }
    return new RunResult(
        plan.model(),
        family,
        scheme,
        plan.feed(),
        calibrationImages,
        state.figures(),
        List.copyOf(layers),
        state.skipped().size());
  }

  /** The larger of two figures; NaN is less than any. */
  private static double larger(double a, double b) {
    return a >= b || Double.isNaN(b) ? a : b;
  }
}
