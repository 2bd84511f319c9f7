package io.depthscope.record;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.Range;
import io.depthscope.stats.BitHistogram;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code quantization.json}: the parameters of every tensor, and the calibration they came from, so
 * that a later run can choose other ranges or bit widths without a calibration of its own.
 */
public final class QuantizationJson {
  private static final int SCHEMA_VERSION = 1;
  private static final int MAX_FILE_BYTES = 1 << 26;
  private static final String AS_A_RUN_WRITES_IT = "the file that a run writes has it";

  private QuantizationJson() {}

  /** Writes what a plan quantizes by, and the calibration it is from. */
  public static void write(Plan plan, QuantScheme scheme, Calibration calibration, OutputStream out)
      throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField("model", plan.graph().name());
      RunJson.scheme(g, scheme);
      g.writeArrayFieldStart("activations");
      for (Step l : plan.steps()) {
        if (l.output().isPresent()) {
          g.writeStartObject();
          g.writeStringField("name", l.node().name());
          RunFigures.PARAMS.write(g, l.output().get());
          g.writeEndObject();
        }
      }
      g.writeEndArray();
      g.writeArrayFieldStart("weights");
      for (Step l : plan.steps()) {
        if (!l.kernelParams().isEmpty()) {
          g.writeStartObject();
          g.writeStringField("name", l.node().name());
          g.writeArrayFieldStart("params");
          for (QuantParams p : l.kernelParams()) {
            g.writeStartObject();
            RunFigures.PARAMS.write(g, p);
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
    g.writeObjectFieldStart("inputs");
    for (Map.Entry<String, String> e : new TreeMap<>(calibration.inputs()).entrySet()) {
      g.writeStringField(e.getKey(), e.getValue());
    }
    g.writeEndObject();
    g.writeArrayFieldStart("tensors");
    for (Map.Entry<String, CalibratedTensor> e : calibration.tensors().entrySet()) {
      CalibratedTensor t = e.getValue();
      g.writeStartObject();
      g.writeStringField("name", e.getKey());
      g.writeNumberField("min", t.observed().min());
      g.writeNumberField("max", t.observed().max());
      g.writeObjectFieldStart("histogram");
      RunJson.histogram(g, t.histogram());
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
    return calibration(file, JsonFields.read(file, MAX_FILE_BYTES, AS_A_RUN_WRITES_IT).tree());
  }

  /**
   * Reads all of it back.
   *
   * @throws IOException naming the file and the reason, and the layer where it is about one, if it
   *     is not such a file
   */
  public static QuantizationFile read(Path file) throws IOException {
    JsonFields fields = JsonFields.read(file, MAX_FILE_BYTES, AS_A_RUN_WRITES_IT);
    Calibration calibration = calibration(file, fields.tree());
    Map<String, QuantParams> outputs = new LinkedHashMap<>();
    for (Map.Entry<String, JsonFields> e : fields.named("activations").entrySet()) {
      outputs.put(e.getKey(), params(e.getValue()));
    }
    Map<String, List<QuantParams>> weights = new LinkedHashMap<>();
    for (Map.Entry<String, JsonFields> e : fields.named("weights").entrySet()) {
      List<QuantParams> params = new ArrayList<>();
      for (JsonFields p : e.getValue().objects("params")) {
        params.add(params(p));
      }
      weights.put(e.getKey(), params);
    }
    QuantScheme scheme = RunReader.scheme(fields.object("scheme"));
    return new QuantizationFile(file, scheme, outputs, weights, calibration);
  }

  /** Codes are those of some format: they are counted one by one. */
  private static QuantParams params(JsonFields fields) throws IOException {
    QuantParams p = RunReader.paramsOf(fields);
    int most = 1 << QuantFormat.MAX_BITS;
    if (p.qmin() < -most / 2 || p.qmax() >= most || p.codes() > most) {
      throw fields.wrong(
          "codes "
              + p.qmin()
              + ".."
              + p.qmax()
              + " have more than "
              + QuantFormat.MAX_BITS
              + " bits");
    }
    return p;
  }

  private static Calibration calibration(Path file, JsonNode root) throws IOException {
    try {
      return calibration(root);
    } catch (IOException e) {
      throw StoreErrors.cannotRead(file, e);
    }
  }

  private static Calibration calibration(JsonNode root) throws IOException {
    if (root.path("schemaVersion").asInt(-1) != SCHEMA_VERSION) {
      throw new IOException("schemaVersion " + SCHEMA_VERSION + " expected");
    }
    JsonNode calibration = root.path("calibration");
    JsonNode images = calibration.path("images");
    JsonNode source = calibration.path("source");
    Map<String, CalibratedTensor> tensors = new LinkedHashMap<>();
    for (JsonNode t : calibration.path("tensors")) {
      JsonNode name = t.path("name");
      if (!name.isTextual() || tensors.put(name.textValue(), tensor(t)) != null) {
        throw new IOException("tensor '" + name.asText() + "' stands in it twice, or has no name");
      }
    }
    if (tensors.isEmpty()) {
      throw new IOException("it holds no calibration");
    }
    if (!images.canConvertToLong() || images.longValue() < 1 || !source.isTextual()) {
      throw new IOException("the calibration does not say its images and their source");
    }
    Map<String, String> inputs = new TreeMap<>();
    for (Map.Entry<String, JsonNode> e : calibration.path("inputs").properties()) {
      inputs.put(e.getKey(), e.getValue().asText());
    }
    return new Calibration(images.longValue(), source.textValue(), inputs, tensors);
  }

  private static CalibratedTensor tensor(JsonNode t) throws IOException {
    String name = t.path("name").asText();
    JsonNode bins = t.path("histogram").path("bins");
    JsonNode counts = t.path("histogram").path("counts");
    JsonNode min = t.path("min");
    JsonNode max = t.path("max");
    if (!bins.isArray() || bins.size() != counts.size() || !min.isNumber() || !max.isNumber()) {
      throw new IOException("tensor '" + name + "' is incomplete");
    }
    long[] histogram = histogram(name, bins, counts);
    try {
      Range observed = new Range(min.doubleValue(), max.doubleValue());
      return new CalibratedTensor(observed, new BitHistogram(histogram));
    } catch (IllegalArgumentException e) {
      throw new IOException("tensor '" + name + "': " + e.getMessage(), e);
    }
  }

  private static long[] histogram(String name, JsonNode bins, JsonNode counts) throws IOException {
    long[] histogram = new long[BitHistogram.BINS];
    int last = -1;
    long left = Long.MAX_VALUE; // the counts' sum must be a number, too
    for (int i = 0; i < bins.size(); i++) {
      int bin = bins.get(i).isInt() ? bins.get(i).intValue() : -1;
      long count = counts.get(i).isIntegralNumber() ? counts.get(i).asLong(-1) : -1;
      if (bin <= last || bin >= histogram.length || count < 1 || count > left) {
        throw new IOException("tensor '" + name + "' has a bad histogram");
      }
      histogram[bin] = count;
      left -= count;
      last = bin;
    }
    if (last < 0) {
      throw new IOException("tensor '" + name + "' has an empty histogram");
    }
    return histogram;
  }
}
