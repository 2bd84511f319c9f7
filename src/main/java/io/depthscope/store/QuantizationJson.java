package io.depthscope.store;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.experiment.Calibration;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.ExecutionPlan;
import io.depthscope.plan.LayerPlan;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.Range;
import io.depthscope.stats.BitHistogram;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code quantization.json}: the parameters of every tensor, and the calibration they came from, so
 * that a later run can choose other ranges or bit widths without a calibration of its own.
 */
public final class QuantizationJson {
  private static final int SCHEMA_VERSION = 1;
  private static final long MAX_FILE_BYTES = 1L << 28;

  private QuantizationJson() {}

  static void write(
      ExecutionPlan plan, QuantScheme scheme, Calibration calibration, OutputStream out)
      throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField("model", plan.model().name());
      ResultsJson.scheme(g, scheme);
      g.writeArrayFieldStart("activations");
      for (LayerPlan l : plan.layers()) {
        if (l.output().isPresent()) {
          g.writeStartObject();
          g.writeStringField("name", l.node().name());
          ResultsJson.paramFields(g, l.output().get());
          g.writeEndObject();
        }
      }
      g.writeEndArray();
      g.writeArrayFieldStart("weights");
      for (LayerPlan l : plan.layers()) {
        if (!l.kernelParams().isEmpty()) {
          g.writeStartObject();
          g.writeStringField("name", l.node().name());
          g.writeArrayFieldStart("params");
          for (QuantParams p : l.kernelParams()) {
            g.writeStartObject();
            ResultsJson.paramFields(g, p);
            g.writeEndObject();
          }
          g.writeEndArray();
          g.writeEndObject();
        }
      }
      g.writeEndArray();
      calibration(g, calibration);
      g.writeEndObject();
    }
  }

  private static void calibration(JsonGenerator g, Calibration calibration) throws IOException {
    g.writeObjectFieldStart("calibration");
    g.writeNumberField("images", calibration.images());
    g.writeStringField("source", calibration.source());
    g.writeArrayFieldStart("tensors");
    for (Map.Entry<String, CalibratedTensor> e : calibration.tensors().entrySet()) {
      CalibratedTensor t = e.getValue();
      g.writeStartObject();
      g.writeStringField("name", e.getKey());
      g.writeNumberField("min", t.observed().min());
      g.writeNumberField("max", t.observed().max());
      g.writeArrayFieldStart("channelMeans");
      for (float m : t.channelMeans()) {
        g.writeNumber(m);
      }
      g.writeEndArray();
      g.writeObjectFieldStart("histogram");
      ResultsJson.histogram(g, t.histogram());
      g.writeEndObject();
      g.writeEndObject();
    }
    g.writeEndArray();
    g.writeEndObject();
  }

  /**
   * Reads the calibration back.
   *
   * @throws IOException naming the file and the reason, if it is not such a file
   */
  public static Calibration readCalibration(Path file) throws IOException {
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new IOException("too large for a quantization.json");
      }
      JsonNode root = new ObjectMapper().readTree(file.toFile());
      int version = root.path("schemaVersion").asInt(-1);
      if (version != SCHEMA_VERSION) {
        throw new IOException("schemaVersion " + SCHEMA_VERSION + " expected");
      }
      JsonNode calibration = root.path("calibration");
      Map<String, CalibratedTensor> tensors = new LinkedHashMap<>();
      for (JsonNode t : calibration.path("tensors")) {
        tensors.put(t.path("name").asText(), tensor(t));
      }
      if (tensors.isEmpty()) {
        throw new IOException("it holds no calibration");
      }
      return new Calibration(
          calibration.path("images").asLong(), calibration.path("source").asText(), tensors);
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": not JSON (line " + e.getLocation().getLineNr() + ")", e);
    } catch (IOException e) {
      throw new IOException(file + ": " + StoreErrors.reason(e), e);
    }
  }

  private static CalibratedTensor tensor(JsonNode t) throws IOException {
    String name = t.path("name").asText();
    JsonNode means = t.path("channelMeans");
    JsonNode bins = t.path("histogram").path("bins");
    JsonNode counts = t.path("histogram").path("counts");
    JsonNode min = t.path("min");
    JsonNode max = t.path("max");
    if (!means.isArray() || bins.size() != counts.size() || !min.isNumber() || !max.isNumber()) {
      throw new IOException("tensor '" + name + "' is incomplete");
    }
    float[] channelMeans = new float[means.size()];
    for (int c = 0; c < channelMeans.length; c++) {
      channelMeans[c] = means.get(c).floatValue();
    }
    long[] histogram = new long[BitHistogram.BINS];
    for (int i = 0; i < bins.size(); i++) {
      int bin = bins.get(i).asInt(-1);
      long count = counts.get(i).asLong(-1);
      if (bin < 0 || bin >= histogram.length || count < 0) {
        throw new IOException("tensor '" + name + "' has a bad histogram");
      }
      histogram[bin] = count;
    }
    try {
      Range observed = new Range(min.doubleValue(), max.doubleValue());
      return new CalibratedTensor(observed, new BitHistogram(histogram), channelMeans);
    } catch (IllegalArgumentException e) {
      throw new IOException("tensor '" + name + "': " + e.getMessage(), e);
    }
  }
}
