package io.depthscope.record;

import io.depthscope.plan.Plan;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.stats.Distribution;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.OutputSums;
import io.depthscope.stats.Prediction;
import io.depthscope.stats.PredictionSums;
import io.depthscope.stats.TensorStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the {@link Run} of what a finished analysis has gathered.
 *
 * @param family of networks, such as {@code mobilenet-v1}
 * @param calibrationImages images the ranges were taken from
 */
public record RunAssembly(Plan plan, String family, QuantScheme scheme, long calibrationImages) {

  /**
   * The run; what {@code state} gathers later does not change it.
   *
   * @param name of its folder
   * @param sources the errors by their sources, where they were recorded apart
   * @param predictions of all images of {@code state}, in order
   * @param manifest where the numbers come from; may hold maps, lists, text, numbers and booleans
   */
  public Run run(
      String name,
      RunState state,
      Optional<ErrorSources> sources,
      List<Prediction> predictions,
      Map<String, Object> manifest) {
    List<RunLayer> layers = new ArrayList<>();
    for (Step l : plan.steps()) {
      List<RunLayer> read = l.node().inputs().stream().map(layers::get).toList();
      RunLayer layer = layer(l, state.statistics().layer(l.index()), read);
      layers.add(sources.map(s -> s.into(layer)).orElse(layer));
    }
    return new Run(
        name,
        plan.graph().name(),
        family,
        scheme,
        plan.feed(),
        calibrationImages,
        network(state),
        outputs(layers, state.outputs()),
        layers,
        predictions,
        manifest);
  }

  private Run.Network network(RunState state) {
    PredictionSums n = state.figures();
    boolean classifier = plan.graph().isClassifier();
    return new Run.Network(
        state.images(),
        state.skipped().size(),
        classifier && n.labelled() > 0
            ? Optional.of(
                new Run.Accuracy(
                    n.top1Fp32(),
                    n.top1Quantized(),
                    n.top5Fp32(),
                    n.top5Quantized(),
                    n.relativeAccuracyDrop()))
            : Optional.empty(),
        classifier
            ? Optional.of(new Run.Classes(n.agreementTop1(), n.qmse(), n.qce(), n.logitSqnrDb()))
            : Optional.empty());
  }

  private List<Run.Output> outputs(List<RunLayer> layers, OutputSums sums) {
    List<Run.Output> outputs = new ArrayList<>();
    for (int node : plan.outputs()) {
      RunLayer l = layers.get(node);
      outputs.add(
          new Run.Output(
              l.name(),
              l.error().sqnrDb(),
              l.error().cosine(),
              sums.meanAbs(outputs.size()),
              l.error().maxAbs(),
              l.fp32().statistics().min(),
              l.fp32().statistics().max()));
    }
    return outputs;
  }

  private RunLayer layer(Step l, LayerAccumulator a, List<RunLayer> read) {
    Optional<WeightResult> weights =
        l.op().hasWeights()
            ? Optional.of(WeightResult.of(l, plan.network().storedOf(l.node())))
            : Optional.empty();
    TensorStatistics fp32 = a.baseline().layer();
    double sourceNsr = Double.NaN;
    double sourceRange = Double.NaN;
    for (RunLayer source : read) {
      sourceNsr = larger(sourceNsr, source.error().nsr());
      sourceRange = larger(sourceRange, source.fp32().statistics().range());
    }
    double nsr = a.layerError().nsr();
    return new RunLayer(
        new RunLayer.Identity(
            l.index(),
            l.node().name(),
            l.word(),
            l.role(),
            read.stream().map(RunLayer::name).toList(),
            l.node().clamp().word(),
            l.out(),
            plan.graph().macs(l.index())),
        weights.map(w -> weights(w, l.kernelParams())),
        new RunLayer.Output(fp32, a.baseline().channelRangeRatio()),
        new RunLayer.Output(a.candidate().layer(), a.candidate().channelRangeRatio()),
        l.output(),
        a.layerError().statistics(),
        new RunLayer.Step(
            sourceNsr > 0 && sourceNsr < Double.POSITIVE_INFINITY ? nsr / sourceNsr : Double.NaN,
            RunLayer.Step.octaves(fp32.range(), sourceRange)),
        new RunLayer.Reach(a.highest(), a.lowest()),
        new RunLayer.Details(
            channels(l, a, weights),
            Optional.of(a.histogram().copy()),
            l.output().map(p -> new RunLayer.Codes(p.qmin(), a.codes().clone()))));
  }

  /** The larger of two figures; NaN is less than any. */
  private static double larger(double a, double b) {
    return a >= b || Double.isNaN(b) ? a : b;
  }

  private static RunLayer.Weights weights(WeightResult w, List<QuantParams> params) {
    return new RunLayer.Weights(
        w.folded().layer(),
        w.folded().channelRangeRatio(),
        w.unfolded().min(),
        w.unfolded().max(),
        w.error().mse(),
        w.error().sqnrDb(),
        w.error().saturation(),
        RunLayer.WeightCodes.of(params));
  }

  private static List<RunLayer.Channel> channels(
      Step l, LayerAccumulator a, Optional<WeightResult> weights) {
    List<RunLayer.Channel> channels = new ArrayList<>();
    for (int i = 0; i < l.out().channels(); i++) {
      int c = i;
      TensorStatistics fp32 = a.baseline().channel(c);
      Optional<Distribution> folded = weights.map(w -> w.folded().channel(c).distribution());
      channels.add(
          new RunLayer.Channel(
              c,
              folded,
              weights
                  .flatMap(WeightResult::batchNorm)
                  .map(n -> inDigits(n.variance()[c]))
                  .orElse(Double.NaN),
              weights.flatMap(WeightResult::batchNorm).map(n -> n.factor(c)).orElse(Double.NaN),
              folded
                  .flatMap(d -> params(l, c).map(p -> p.effectiveLevels(d.range())))
                  .orElse(Double.NaN),
              fp32,
              l.output().map(p -> p.effectiveLevels(fp32.range())).orElse(Double.NaN),
              a.candidate().channel(c),
              a.channelError(c).channelStatistics()));
    }
    return channels;
  }

  /** The number that the digits of a float32 number stand for: tables have these. */
  private static double inDigits(float value) {
    return Double.parseDouble(Float.toString(value));
  }

  private static Optional<QuantParams> params(Step l, int channel) {
    List<QuantParams> all = l.kernelParams();
    return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() == 1 ? 0 : channel));
  }
}
