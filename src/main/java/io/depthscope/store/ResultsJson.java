package io.depthscope.store;

import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.experiment.LayerResult;
import io.depthscope.experiment.NetworkFigures;
import io.depthscope.experiment.RunResult;
import io.depthscope.experiment.WeightResult;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.ErrorStatistics;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.TensorStatistics;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * {@code results.json} and {@code histograms.json}: the figures of a run, and nothing that differs
 * between two runs of the same measurement (no times, no threads, no paths).
 */
final class ResultsJson {
  static final int SCHEMA_VERSION = 1;

  private ResultsJson() {}

  static void write(RunResult result, OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField("model", result.graph().name());
      g.writeStringField("family", result.family());
      scheme(g, result.scheme());
      g.writeStringField("feed", result.feed().toString());
      g.writeNumberField("calibrationImages", result.calibrationImages());
      network(g, result.network(), result.skipped());
      g.writeArrayFieldStart("layers");
      for (LayerResult l : result.layers()) {
        layer(g, result, l);
      }
      g.writeEndArray();
      g.writeEndObject();
    }
  }

  static void scheme(JsonGenerator g, QuantScheme scheme) throws IOException {
    g.writeObjectFieldStart("scheme");
    g.writeStringField("name", scheme.name());
    format(g, "weights", scheme.weights());
    format(g, "activations", scheme.activations());
    g.writeStringField("granularity", scheme.granularity().toString());
    g.writeStringField("activationRange", scheme.activationRange().name());
    g.writeStringField("weightRange", scheme.weightRange().name());
    g.writeEndObject();
  }

  private static void format(JsonGenerator g, String name, Optional<QuantFormat> format)
      throws IOException {
    if (format.isEmpty()) {
      g.writeNullField(name);
      return;
    }
    QuantFormat f = format.get();
    g.writeObjectFieldStart(name);
    g.writeNumberField("bits", f.bits());
    g.writeBooleanField("signed", f.signed());
    g.writeBooleanField("symmetric", f.symmetric());
    g.writeEndObject();
  }

  private static void network(JsonGenerator g, NetworkFigures n, int skipped) throws IOException {
    g.writeObjectFieldStart("network");
    g.writeNumberField("images", n.images());
    g.writeNumberField("skippedImages", skipped);
    g.writeNumberField("top1Fp32", n.top1Fp32());
    g.writeNumberField("top1Quantized", n.top1Quantized());
    g.writeNumberField("top5Fp32", n.top5Fp32());
    g.writeNumberField("top5Quantized", n.top5Quantized());
    g.writeNumberField("agreementTop1", n.agreementTop1());
    g.writeNumberField("relativeAccuracyDrop", n.relativeAccuracyDrop());
    g.writeNumberField("qmse", n.qmse());
    g.writeNumberField("qce", n.qce());
    g.writeNumberField("logitSqnrDb", n.logitSqnrDb());
    g.writeEndObject();
  }

  private static void layer(JsonGenerator g, RunResult result, LayerResult l) throws IOException {
    g.writeStartObject();
    g.writeNumberField("index", l.plan().index());
    g.writeStringField("name", l.name());
    g.writeStringField("kind", l.kind());
    g.writeArrayFieldStart("inputs");
    for (int input : l.plan().node().inputs()) {
      g.writeString(result.layers().get(input).name());
    }
    g.writeEndArray();
    g.writeStringField("activation", l.plan().node().clamp().word());
    g.writeArrayFieldStart("shape");
    g.writeNumber(l.plan().out().height());
    g.writeNumber(l.plan().out().width());
    g.writeNumber(l.plan().out().channels());
    g.writeEndArray();
    g.writeNumberField("macs", l.macs());
    if (l.weights().isPresent()) {
      weights(g, l.weights().get());
    } else {
      g.writeNullField("weights");
    }
    g.writeObjectFieldStart("fp32");
    tensor(g, l.fp32());
    g.writeNumberField("channelRangeRatio", l.statistics().fp32().channelRangeRatio());
    g.writeNumberField("rangeFluctuation", l.rangeFluctuation());
    extremes(g, "highestImages", l.statistics().highest());
    extremes(g, "lowestImages", l.statistics().lowest());
    g.writeEndObject();
    g.writeObjectFieldStart("quantized");
    tensor(g, l.quantized());
    g.writeNumberField("channelRangeRatio", l.statistics().quantized().channelRangeRatio());
    if (l.plan().output().isPresent()) {
      params(g, "params", l.plan().output().get());
    } else {
      g.writeNullField("params");
    }
    g.writeEndObject();
    g.writeObjectFieldStart("error");
    error(g, l.error());
    g.writeNumberField("gain", l.gain());
    g.writeEndObject();
    g.writeEndObject();
  }

  private static void weights(JsonGenerator g, WeightResult w) throws IOException {
    g.writeObjectFieldStart("weights");
    tensor(g, w.folded().layer());
    g.writeNumberField("channelRangeRatio", w.folded().channelRangeRatio());
    g.writeNumberField("unfoldedMin", w.unfolded().min());
    g.writeNumberField("unfoldedMax", w.unfolded().max());
    g.writeNumberField("mse", w.error().mse());
    g.writeNumberField("sqnrDb", w.error().sqnrDb());
    g.writeNumberField("saturation", w.error().saturation());
    g.writeEndObject();
  }

  static void params(JsonGenerator g, String name, QuantParams p) throws IOException {
    g.writeObjectFieldStart(name);
    paramFields(g, p);
    g.writeEndObject();
  }

  static void paramFields(JsonGenerator g, QuantParams p) throws IOException {
    g.writeNumberField("scale", p.scale());
    g.writeNumberField("zeroPoint", p.zeroPoint());
    g.writeNumberField("qmin", p.qmin());
    g.writeNumberField("qmax", p.qmax());
  }

  private static void tensor(JsonGenerator g, TensorStatistics s) throws IOException {
    g.writeNumberField("count", s.count());
    g.writeNumberField("min", s.min());
    g.writeNumberField("max", s.max());
    g.writeNumberField("mean", s.mean());
    g.writeNumberField("variance", s.variance());
    g.writeNumberField("skewness", s.skewness());
    g.writeNumberField("excessKurtosis", s.excessKurtosis());
    g.writeNumberField("zeros", s.zeros());
    g.writeNumberField("nans", s.nans());
    g.writeNumberField("infinities", s.infinities());
  }

  private static void error(JsonGenerator g, ErrorStatistics e) throws IOException {
    g.writeNumberField("mse", e.mse());
    g.writeNumberField("meanError", e.meanError());
    g.writeNumberField("maxAbs", e.maxAbs());
    g.writeNumberField("sqnrDb", e.sqnrDb());
    g.writeNumberField("nsr", e.nsr());
    g.writeNumberField("cosine", e.cosine());
    g.writeNumberField("saturation", e.saturation());
    if (!e.terms().isEmpty()) {
      g.writeObjectFieldStart("energies");
      g.writeNumberField("total", e.noise());
      for (Map.Entry<ErrorTerm, Double> t : e.terms().entrySet()) {
        g.writeNumberField(t.getKey().name().toLowerCase(Locale.ROOT), t.getValue());
      }
      g.writeNumberField("cross", e.crossTerm());
      g.writeEndObject();
    }
  }

  private static void extremes(
      JsonGenerator g, String name, List<LayerAccumulator.Extreme> extremes) throws IOException {
    g.writeArrayFieldStart(name);
    for (LayerAccumulator.Extreme e : extremes) {
      g.writeStartObject();
      g.writeNumberField("image", e.image());
      g.writeNumberField("value", (double) e.value()); // as the minimum and the maximum are
      g.writeEndObject();
    }
    g.writeEndArray();
  }

  /** Sparse histograms of every layer. */
  static void writeHistograms(RunResult result, OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField(
          "bitBins",
          "bin = float32 bits >>> " + BitHistogram.SHIFT + ": sign, exponent, 6 mantissa bits");
      g.writeArrayFieldStart("layers");
      for (LayerResult l : result.layers()) {
        g.writeStartObject();
        g.writeStringField("name", l.name());
        g.writeObjectFieldStart("fp32");
        histogram(g, l.statistics().histogram());
        g.writeEndObject();
        if (l.plan().output().isPresent()) {
          g.writeObjectFieldStart("codes");
          g.writeNumberField("qmin", l.plan().output().get().qmin());
          g.writeArrayFieldStart("counts");
          for (long c : l.statistics().codes()) {
            g.writeNumber(c);
          }
          g.writeEndArray();
          g.writeEndObject();
        }
        g.writeEndObject();
      }
      g.writeEndArray();
      g.writeEndObject();
    }
  }

  /** Non-empty bins in ascending order of the bin's number, and their counts. */
  static void histogram(JsonGenerator g, BitHistogram h) throws IOException {
    long[] counts = h.counts();
    g.writeArrayFieldStart("bins");
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] != 0) {
        g.writeNumber(i);
      }
    }
    g.writeEndArray();
    g.writeArrayFieldStart("counts");
    for (long c : counts) {
      if (c != 0) {
        g.writeNumber(c);
      }
    }
    g.writeEndArray();
  }
}
