package io.depthscope.record;

import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantScheme;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.Extreme;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/**
 * {@code results.json} and {@code histograms.json}: the figures of a run, and nothing that differs
 * between two runs of the same measurement (no times, no threads, no paths).
 */
final class RunJson {
  static final int SCHEMA_VERSION = 1;

  private RunJson() {}

  static void write(Run run, OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField("model", run.model());
      g.writeStringField("family", run.family());
      scheme(g, run.scheme());
      g.writeStringField("feed", run.feed().toString());
      g.writeNumberField("calibrationImages", run.calibrationImages());
      g.writeObjectFieldStart("network");
      RunFigures.NETWORK.write(g, run.network());
      g.writeEndObject();
      g.writeArrayFieldStart("outputs");
      for (Run.Output o : run.outputs()) {
        g.writeStartObject();
        g.writeStringField("layer", o.layer());
        RunFigures.NETWORK_OUTPUT.write(g, o);
        g.writeEndObject();
      }
      g.writeEndArray();
      g.writeArrayFieldStart("layers");
      for (RunLayer l : run.layers()) {
        layer(g, l);
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

  private static void layer(JsonGenerator g, RunLayer l) throws IOException {
    RunLayer.Identity is = l.identity();
    g.writeStartObject();
    g.writeNumberField("index", is.index());
    g.writeStringField("name", is.name());
    g.writeStringField("kind", is.kind());
    g.writeStringField("role", is.role().word());
    g.writeArrayFieldStart("inputs");
    for (String input : is.inputs()) {
      g.writeString(input);
    }
    g.writeEndArray();
    g.writeStringField("activation", is.activation());
    g.writeArrayFieldStart("shape");
    g.writeNumber(is.shape().height());
    g.writeNumber(is.shape().width());
    g.writeNumber(is.shape().channels());
    g.writeEndArray();
    g.writeNumberField("macs", is.macs());
    weights(g, l.weights());
    g.writeObjectFieldStart("fp32");
    RunFigures.OUTPUT.write(g, l.fp32());
    RunFigures.RANGE_FLUCTUATION.write(g, l.step());
    extremes(g, "highestImages", l.reach().highest());
    extremes(g, "lowestImages", l.reach().lowest());
    g.writeEndObject();
    g.writeObjectFieldStart("quantized");
    RunFigures.OUTPUT.write(g, l.quantized());
    optional(g, "params", RunFigures.PARAMS, l.params());
    g.writeEndObject();
    g.writeObjectFieldStart("error");
    RunFigures.ERROR.write(g, l.error());
    if (l.error().energies().isPresent()) {
      optional(g, "energies", RunFigures.ENERGIES, l.error().energies());
    }
    RunFigures.GAIN.write(g, l.step());
    g.writeEndObject();
    g.writeEndObject();
  }

  private static void weights(JsonGenerator g, Optional<RunLayer.Weights> weights)
      throws IOException {
    if (weights.isEmpty()) {
      g.writeNullField("weights");
      return;
    }
    g.writeObjectFieldStart("weights");
    RunFigures.WEIGHTS.write(g, weights.get());
    if (weights.get().codes().isEmpty()) {
      g.writeNullField("codes");
    } else {
      RunLayer.WeightCodes codes = weights.get().codes().get();
      g.writeObjectFieldStart("codes");
      g.writeNumberField("count", codes.count());
      g.writeBooleanField("symmetric", codes.symmetric());
      g.writeBooleanField("perChannel", codes.perChannel());
      g.writeEndObject();
    }
    g.writeEndObject();
  }

  private static <T> void optional(
      JsonGenerator g, String name, FigureList<T> figures, Optional<T> owner) throws IOException {
    if (owner.isEmpty()) {
      g.writeNullField(name);
      return;
    }
    g.writeObjectFieldStart(name);
    figures.write(g, owner.get());
    g.writeEndObject();
  }

  private static void extremes(JsonGenerator g, String name, List<Extreme> extremes)
      throws IOException {
    g.writeArrayFieldStart(name);
    for (Extreme e : extremes) {
      g.writeStartObject();
      g.writeNumberField("image", e.image());
      g.writeNumberField("value", (double) e.value()); // as the minimum and the maximum are
      g.writeEndObject();
    }
    g.writeEndArray();
  }

  /** Sparse histograms of every layer. */
  static void writeHistograms(Run run, OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField(
          "bitBins",
          "bin = float32 bits >>> " + BitHistogram.SHIFT + ": sign, exponent, 6 mantissa bits");
      g.writeArrayFieldStart("layers");
      for (RunLayer l : run.layers()) {
        g.writeStartObject();
        g.writeStringField("name", l.name());
        g.writeObjectFieldStart("fp32");
        histogram(g, l.histogram());
        g.writeEndObject();
        if (l.codes().isPresent()) {
          RunLayer.Codes codes = l.codes().get();
          g.writeObjectFieldStart("codes");
          g.writeNumberField("qmin", codes.qmin());
          g.writeArrayFieldStart("counts");
          for (long c : codes.counts()) {
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
    int[] bins = h.occupied();
    g.writeArrayFieldStart("bins");
    for (int bin : bins) {
      g.writeNumber(bin);
    }
    g.writeEndArray();
    g.writeArrayFieldStart("counts");
    for (int bin : bins) {
      g.writeNumber(h.counts()[bin]);
    }
    g.writeEndArray();
  }
}
