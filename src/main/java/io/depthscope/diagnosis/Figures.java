package io.depthscope.diagnosis;

import io.depthscope.stats.TensorStatistics;
import io.depthscope.store.RecordedLayer;
import io.depthscope.store.RecordedRun;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The figures of a run by their place in results.json: {@code network.top1Quantized}, {@code
 * layers.NAME.error.sqnrDb}.
 */
public final class Figures {

  private Figures() {}

  /** All of them, in the order of the file. */
  public static Map<String, Double> of(RecordedRun run) {
    Map<String, Double> all = new LinkedHashMap<>();
    RecordedRun.Network n = run.network();
    all.put("network.images", (double) n.images());
    all.put("network.skippedImages", (double) n.skippedImages());
    all.put("network.top1Fp32", n.top1Fp32());
    all.put("network.top1Quantized", n.top1Quantized());
    all.put("network.top5Fp32", n.top5Fp32());
    all.put("network.top5Quantized", n.top5Quantized());
    all.put("network.agreementTop1", n.agreementTop1());
    all.put("network.relativeAccuracyDrop", n.relativeAccuracyDrop());
    all.put("network.qmse", n.qmse());
    all.put("network.qce", n.qce());
    all.put("network.logitSqnrDb", n.logitSqnrDb());
    for (RecordedLayer l : run.layers()) {
      String layer = "layers." + l.name() + ".";
      all.put(layer + "macs", (double) l.macs());
      l.weights().ifPresent(w -> weights(all, layer + "weights.", w));
      tensor(all, layer + "fp32.", l.fp32().statistics());
      all.put(layer + "fp32.channelRangeRatio", l.fp32().channelRangeRatio());
      all.put(layer + "fp32.rangeFluctuation", l.fp32().rangeFluctuation());
      tensor(all, layer + "quantized.", l.quantized().statistics());
      all.put(layer + "quantized.channelRangeRatio", l.quantized().channelRangeRatio());
      l.output()
          .ifPresent(
              p -> {
                all.put(layer + "quantized.params.scale", (double) p.scale());
                all.put(layer + "quantized.params.zeroPoint", (double) p.zeroPoint());
              });
      error(all, layer + "error.", l.error());
    }
    return all;
  }

  private static void weights(Map<String, Double> all, String at, RecordedLayer.Weights w) {
    tensor(all, at, w.folded());
    all.put(at + "channelRangeRatio", w.channelRangeRatio());
    all.put(at + "unfoldedMin", w.unfoldedMin());
    all.put(at + "unfoldedMax", w.unfoldedMax());
    all.put(at + "mse", w.mse());
    all.put(at + "sqnrDb", w.sqnrDb());
    all.put(at + "saturation", w.saturation());
  }

  private static void tensor(Map<String, Double> all, String at, TensorStatistics t) {
    all.put(at + "count", (double) t.count());
    all.put(at + "min", t.min());
    all.put(at + "max", t.max());
    all.put(at + "mean", t.mean());
    all.put(at + "variance", t.variance());
    all.put(at + "skewness", t.skewness());
    all.put(at + "excessKurtosis", t.excessKurtosis());
    all.put(at + "zeros", (double) t.zeros());
    all.put(at + "nans", (double) t.nans());
    all.put(at + "infinities", (double) t.infinities());
  }

  private static void error(Map<String, Double> all, String at, RecordedLayer.ErrorFigures e) {
    all.put(at + "mse", e.mse());
    all.put(at + "meanError", e.meanError());
    all.put(at + "maxAbs", e.maxAbs());
    all.put(at + "sqnrDb", e.sqnrDb());
    all.put(at + "nsr", e.nsr());
    all.put(at + "cosine", e.cosine());
    all.put(at + "saturation", e.saturation());
    all.put(at + "gain", e.gain());
    e.energies().forEach((source, energy) -> all.put(at + "energies." + source, energy));
  }
}
