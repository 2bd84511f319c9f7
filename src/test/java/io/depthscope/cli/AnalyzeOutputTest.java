package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.diagnosis.Phrases;
import io.depthscope.plan.Recording;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run of the embedded network writes and says. */
class AnalyzeOutputTest {
  private static final int IMAGES = 60;

  private static final List<String> TENSOR =
      List.of(
          "count",
          "min",
          "max",
          "mean",
          "variance",
          "skewness",
          "excessKurtosis",
          "zeros",
          "nans",
          "infinities");

  @TempDir private static Path folder;

  /** The terminal's text of the run in "plain". */
  private static String text;

  @BeforeAll
  static void run() {
    text =
        CommandLineRun.of(
                "analyze",
                "--data",
                "synthetic:" + IMAGES,
                "--calibrate",
                20,
                "--out",
                folder.resolve("plain"))
            .succeeds()
            .out();
    variant("again");
    variant("per-channel", "--granularity", "per-channel", "--error-sources");
    variant("weights", "--scheme", "w8");
    variant("local", "--scheme", "a8", "--feed", "local");
  }

  private static void variant(String name, Object... options) {
    List<Object> args =
        new ArrayList<>(
            List.of(
                "--data", "synthetic:" + IMAGES, "--calibrate", 20, "--out", folder.resolve(name)));
    args.addAll(List.of(options));
    String out = CommandLineRun.analyze(args.toArray()).succeeds().out();
    assertEquals("results: " + folder.resolve(name) + System.lineSeparator(), out);
  }

  private static JsonNode results(String run) {
    return RunFiles.json(folder.resolve(run).resolve("results.json"));
  }

  private static List<Map<String, String>> csv(String run, String file) {
    return RunFiles.csv(folder.resolve(run).resolve(file));
  }

  @Test
  void writesTheFilesAndNothingElse() {
    Set<String> expected = new TreeSet<>(RunFiles.NAMES);
    expected.add(RunFiles.REPORT);
    assertEquals(expected, RunFiles.contents(folder.resolve("plain")).keySet());
  }

  @Test
  void onlyTheManifestDiffersBetweenTwoRuns() {
    Path plain = folder.resolve("plain");
    RunFiles.assertSame(plain, folder.resolve("again"), "the same command twice");
    assertEquals(
        Set.of(RunFiles.MANIFEST, RunFiles.REPORT),
        RunFiles.differing(plain, folder.resolve("again")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "per-channel", "weights", "local"})
  void resultsFollowTheSchema(String run) {
    JsonNode r = results(run);
    assertEquals(1, r.path("schemaVersion").asInt());
    assertEquals("dws-cnn", r.path("family").textValue());
    assertTrue(r.path("model").isTextual());
    assertEquals(run.equals("local") ? "local" : "accumulated", r.path("feed").textValue());
    assertEquals(20, r.path("calibrationImages").intValue());
    for (String side : List.of("weights", "activations")) {
      JsonNode format = r.path("scheme").path(side);
      if ((run.equals("weights") && side.equals("activations"))
          || (run.equals("local") && side.equals("weights"))) {
        assertTrue(format.isNull(), side);
      } else {
        assertEquals(8, format.path("bits").intValue(), side);
        assertTrue(format.path("signed").isBoolean() && format.path("symmetric").isBoolean());
      }
    }
    for (String key : List.of("name", "granularity", "activationRange", "weightRange")) {
      assertTrue(r.path("scheme").path(key).isTextual(), key);
    }
    JsonNode n = r.path("network");
    assertEquals(IMAGES, n.path("images").intValue());
    assertEquals(0, n.path("skippedImages").intValue());
    for (String key :
        List.of("top1Fp32", "top1Quantized", "top5Fp32", "top5Quantized", "agreementTop1")) {
      double share = RunFiles.number(n.path(key));
      assertTrue(share >= 0 && share <= 1, key + " " + share);
    }
    for (String key : List.of("relativeAccuracyDrop", "qmse", "qce", "logitSqnrDb")) {
      RunFiles.number(n.path(key));
    }
    assertEquals(18, r.path("layers").size());
    for (JsonNode layer : r.path("layers")) {
      checkLayer(layer, run);
    }
  }

  private static void checkLayer(JsonNode layer, String run) {
    String name = layer.path("name").textValue();
    assertTrue(name != null && layer.path("kind").isTextual(), name);
    assertTrue(layer.path("inputs").isArray() && layer.path("activation").isTextual(), name);
    assertEquals(3, layer.path("shape").size(), name);
    long positions =
        layer.path("shape").get(0).longValue() * layer.path("shape").get(1).longValue();
    long values = positions * layer.path("shape").get(2).intValue() * IMAGES;
    assertTrue(layer.path("macs").isIntegralNumber(), name);
    if (!layer.path("weights").isNull()) {
      checkTensor(name, layer.path("weights"));
      for (String key :
          List.of("channelRangeRatio", "unfoldedMin", "unfoldedMax", "mse", "sqnrDb")) {
        RunFiles.number(layer.path("weights").path(key));
      }
    }
    for (String stream : List.of("fp32", "quantized")) {
      checkTensor(name, layer.path(stream));
      assertEquals(values, layer.path(stream).path("count").longValue(), name);
      double ratio = RunFiles.number(layer.path(stream).path("channelRangeRatio"));
      assertTrue(ratio >= 0 && ratio <= 1, name + " " + ratio);
    }
    RunFiles.number(layer.path("fp32").path("rangeFluctuation"));
    assertEquals(3, layer.path("fp32").path("highestImages").size(), name);
    assertEquals(
        (float) RunFiles.number(layer.path("fp32").path("max")),
        (float) RunFiles.number(layer.path("fp32").path("highestImages").get(0).path("value")),
        name);
    assertEquals(
        (float) RunFiles.number(layer.path("fp32").path("min")),
        (float) RunFiles.number(layer.path("fp32").path("lowestImages").get(0).path("value")),
        name);
    JsonNode e = layer.path("error");
    for (String key :
        List.of("mse", "meanError", "maxAbs", "sqnrDb", "nsr", "cosine", "saturation", "gain")) {
      RunFiles.number(e.path(key));
    }
    double sum = 0;
    for (String term : List.of("inherited", "weights", "clipping", "rounding", "cross")) {
      sum += RunFiles.number(e.path("energies").path(term));
    }
    double total = RunFiles.number(e.path("energies").path("total"));
    assertEquals(total, sum, 1e-9 * Math.abs(total), name);
    if (run.equals("per-channel")) { // on all images, not on some
      double mse = RunFiles.number(e.path("mse"));
      assertEquals(mse, total / values, 1e-9 * mse, name);
    }
  }

  private static void checkTensor(String name, JsonNode tensor) {
    for (String key : TENSOR) {
      RunFiles.number(tensor.path(key));
    }
    assertTrue(
        RunFiles.number(tensor.path("min")) <= RunFiles.number(tensor.path("max")),
        name + " " + tensor);
    assertEquals(0, tensor.path("nans").intValue() + tensor.path("infinities").intValue(), name);
  }

  @Test
  void figuresWithoutAFiniteValueAreWords() {
    JsonNode input = results("weights").path("layers").get(0).path("error");
    assertEquals("Infinity", input.path("sqnrDb").textValue());
    assertEquals("NaN", input.path("gain").textValue());
    Map<String, String> row = csv("weights", "layers.csv").getFirst();
    assertEquals("Infinity", row.get("sqnrDb"));
    assertEquals("NaN", row.get("gain"));
    assertEquals("", row.get("scale"));
    assertEquals("", row.get("weightMin"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "per-channel", "weights", "local"})
  void layersCsvHoldsTheFiguresOfTheJson(String run) {
    List<Map<String, String>> rows = csv(run, "layers.csv");
    JsonNode layers = results(run).path("layers");
    assertEquals(layers.size(), rows.size());
    for (int i = 0; i < rows.size(); i++) {
      Map<String, String> row = rows.get(i);
      JsonNode layer = layers.get(i);
      assertEquals(Integer.toString(i), row.get("index"));
      assertEquals(layer.path("name").textValue(), row.get("layer"));
      assertEquals(layer.path("kind").textValue(), row.get("kind"));
      assertEquals(layer.path("role").textValue(), row.get("role"));
      assertEquals(results(run).path("feed").textValue(), row.get("feed"));
      assertEquals(layer.path("macs").asText(), row.get("macs"));
      Set<String> unread = new TreeSet<>(row.keySet());
      unread.removeAll(
          List.of("index", "layer", "kind", "role", "feed", "macs", "height", "width", "channels"));
      for (String stream : List.of("weight", "fp32", "quantized")) {
        JsonNode tensor = layer.path(stream.equals("weight") ? "weights" : stream);
        for (String key : tensorColumns(stream)) {
          same(row, stream + capital(key), tensor.isNull() ? null : tensor.path(key), unread);
        }
      }
      JsonNode w = layer.path("weights").isNull() ? null : layer.path("weights");
      same(row, "weightUnfoldedMin", w == null ? null : w.path("unfoldedMin"), unread);
      same(row, "weightUnfoldedMax", w == null ? null : w.path("unfoldedMax"), unread);
      same(row, "weightSqnrDb", w == null ? null : w.path("sqnrDb"), unread);
      same(row, "count", layer.path("fp32").path("count"), unread);
      same(row, "rangeFluctuation", layer.path("fp32").path("rangeFluctuation"), unread);
      JsonNode params = layer.path("quantized").path("params");
      same(row, "scale", params.isNull() ? null : params.path("scale"), unread);
      same(row, "zeroPoint", params.isNull() ? null : params.path("zeroPoint"), unread);
      JsonNode error = layer.path("error");
      for (String key : List.of("mse", "meanError", "sqnrDb", "nsr", "cosine", "saturation")) {
        same(row, key, error.path(key), unread);
      }
      same(row, "gain", error.path("gain"), unread);
      same(row, "maxAbsError", error.path("maxAbs"), unread);
      for (String term : List.of("inherited", "weights", "clipping", "rounding", "cross")) {
        same(row, term + "Energy", error.path("energies").path(term), unread);
      }
      assertEquals(Set.of(), unread, "columns that were not compared");
    }
  }

  private static List<String> tensorColumns(String stream) {
    List<String> keys =
        new ArrayList<>(
            List.of(
                "min",
                "max",
                "mean",
                "variance",
                "skewness",
                "excessKurtosis",
                "channelRangeRatio"));
    if (!stream.equals("weight")) {
      keys.addAll(List.of("zeros", "nans", "infinities"));
    }
    return keys;
  }

  private static String capital(String key) {
    return Character.toUpperCase(key.charAt(0)) + key.substring(1);
  }

  /** Exactly the same number, bit for bit; an empty cell where the JSON has none. */
  private static void same(
      Map<String, String> row, String column, JsonNode json, Set<String> unread) {
    String what = row.get("layer") + " " + column;
    assertTrue(unread.remove(column), what);
    if (json == null) {
      assertEquals("", row.get(column), what);
    } else {
      assertEquals(RunFiles.number(json), Double.parseDouble(row.get(column)), what);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "per-channel", "local"})
  void channelsAddUpToTheirLayers(String run) {
    List<Map<String, String>> rows = csv(run, "channels.csv");
    int next = 0;
    for (JsonNode layer : results(run).path("layers")) {
      String name = layer.path("name").textValue();
      int channels = layer.path("shape").get(2).intValue();
      double max = Double.NEGATIVE_INFINITY;
      double mse = 0;
      double mean = 0;
      double saturation = 0;
      long zeros = 0;
      for (int c = 0; c < channels; c++) {
        Map<String, String> row = rows.get(next++);
        assertEquals(name, row.get("layer"));
        assertEquals(Integer.toString(c), row.get("channel"));
        assertEquals(results(run).path("feed").textValue(), row.get("feed"));
        max = Math.max(max, Double.parseDouble(row.get("fp32Max")));
        mse += Double.parseDouble(row.get("mse")) / channels;
        mean += Double.parseDouble(row.get("quantizedMean")) / channels;
        saturation += Double.parseDouble(row.get("saturation")) / channels;
        zeros += Long.parseLong(row.get("fp32Zeros"));
      }
      assertEquals(RunFiles.number(layer.path("fp32").path("max")), max, name);
      assertEquals(layer.path("fp32").path("zeros").longValue(), zeros, name);
      close(RunFiles.number(layer.path("error").path("mse")), mse, name);
      close(RunFiles.number(layer.path("quantized").path("mean")), mean, name);
      close(RunFiles.number(layer.path("error").path("saturation")), saturation, name);
    }
    assertEquals(rows.size(), next);
  }

  private static void close(double expected, double actual, String what) {
    assertEquals(expected, actual, 1e-9 * Math.abs(expected) + 1e-12, what);
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "weights", "local"})
  void predictionsAddUpToTheNetwork(String run) {
    List<Map<String, String>> rows = csv(run, "predictions.csv");
    assertEquals(
        List.of(
            "index",
            "image",
            "label",
            "predictedFp32",
            "predictedQuantized",
            "margin",
            "logitNoise",
            "sqnrDb"),
        List.copyOf(rows.getFirst().keySet()));
    assertEquals(IMAGES, rows.size());
    double fp32 = 0;
    double quantized = 0;
    double agreement = 0;
    for (int i = 0; i < rows.size(); i++) {
      Map<String, String> row = rows.get(i);
      assertEquals(Integer.toString(i), row.get("index"));
      assertFalse(row.get("image").isEmpty());
      fp32 += row.get("label").equals(row.get("predictedFp32")) ? 1 : 0;
      quantized += row.get("label").equals(row.get("predictedQuantized")) ? 1 : 0;
      agreement += row.get("predictedFp32").equals(row.get("predictedQuantized")) ? 1 : 0;
      assertTrue(Double.parseDouble(row.get("margin")) >= 0, row::toString);
      assertTrue(Double.parseDouble(row.get("logitNoise")) >= 0, row::toString);
    }
    JsonNode n = results(run).path("network");
    assertEquals(fp32 / IMAGES, n.path("top1Fp32").doubleValue());
    assertEquals(quantized / IMAGES, n.path("top1Quantized").doubleValue());
    assertEquals(agreement / IMAGES, n.path("agreementTop1").doubleValue());
    close((fp32 - quantized) / fp32, RunFiles.number(n.path("relativeAccuracyDrop")), "drop");
    // The embedded network is trained, so this is a run that shows something.
    assertTrue(fp32 / IMAGES > 0.7 && quantized / IMAGES > 0.5, n::toString);
  }

  @Test
  void histogramsCountEveryValue() {
    JsonNode histograms =
        RunFiles.json(folder.resolve("plain").resolve("histograms.json")).path("layers");
    JsonNode layers = results("plain").path("layers");
    assertEquals(layers.size(), histograms.size());
    for (int i = 0; i < layers.size(); i++) {
      long values = layers.get(i).path("fp32").path("count").longValue();
      JsonNode h = histograms.get(i);
      assertEquals(layers.get(i).path("name"), h.path("name"));
      assertEquals(h.path("fp32").path("bins").size(), h.path("fp32").path("counts").size());
      assertEquals(values, sum(h.path("fp32").path("counts")));
      JsonNode params = layers.get(i).path("quantized").path("params");
      assertEquals(!params.isNull(), h.has("codes"));
      if (h.has("codes")) {
        assertEquals(256, h.path("codes").path("counts").size());
        assertEquals(params.path("qmin"), h.path("codes").path("qmin"));
        assertEquals(values, sum(h.path("codes").path("counts")));
      }
    }
  }

  private static long sum(JsonNode counts) {
    return StreamSupport.stream(counts.spliterator(), false).mapToLong(JsonNode::longValue).sum();
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "per-channel", "weights", "local"})
  void quantizationHoldsTheParametersOfTheRun(String run) {
    JsonNode q = RunFiles.json(folder.resolve(run).resolve("quantization.json"));
    JsonNode layers = results(run).path("layers");
    int activations = 0;
    int weights = 0;
    for (JsonNode layer : layers) {
      JsonNode params = layer.path("quantized").path("params");
      if (!params.isNull()) {
        JsonNode entry = q.path("activations").get(activations++);
        assertEquals(layer.path("name"), entry.path("name"));
        for (String key : List.of("scale", "zeroPoint", "qmin", "qmax")) {
          assertEquals(params.path(key), entry.path(key), key);
        }
      }
      if (!layer.path("weights").isNull() && !results(run).at("/scheme/weights").isNull()) {
        JsonNode entry = q.path("weights").get(weights++);
        assertEquals(layer.path("name"), entry.path("name"));
        int channels = run.equals("per-channel") ? layer.path("shape").get(2).intValue() : 1;
        assertEquals(channels, entry.path("params").size());
      }
    }
    assertEquals(activations, q.path("activations").size());
    assertEquals(weights, q.path("weights").size());
    assertEquals(run.equals("weights"), activations == 0);
    assertEquals(run.equals("local"), weights == 0);
    assertEquals(20, q.path("calibration").path("images").intValue());
    assertEquals(layers.size(), q.path("calibration").path("tensors").size());
  }

  @Test
  void manifestSaysWhereTheNumbersComeFrom() {
    JsonNode m = RunFiles.json(folder.resolve("per-channel").resolve(RunFiles.MANIFEST));
    for (String key :
        List.of(
            "version",
            "commit",
            "java",
            "os",
            "architecture",
            "backend",
            "backendDescription",
            "model",
            "family",
            "naming",
            "weightsFile",
            "data",
            "dataFingerprint",
            "preprocessing",
            "channelOrder",
            "scheme",
            "feed",
            "calibration",
            "calibrationSource")) {
      assertTrue(m.path(key).isTextual() && !m.path(key).textValue().isBlank(), key);
      assertFalse(m.path(key).textValue().contains("Optional"), key);
    }
    assertTrue(m.path("weightsSha256").textValue().matches("[0-9a-f]{64}"));
    assertEquals(
        "w8a8: weights uint8 asymmetric per-channel min-max, activations uint8 asymmetric min-max",
        m.path("scheme").textValue());
    assertTrue(m.path("errorSources").booleanValue());
    assertEquals(m.path("images").intValue(), m.path("errorSourceImages").intValue());
    JsonNode sampled = RunFiles.json(folder.resolve("weights").resolve(RunFiles.MANIFEST));
    assertFalse(sampled.path("errorSources").booleanValue());
    assertEquals(
        Recording.STATISTICS.sourceImages(sampled.path("images").intValue()),
        sampled.path("errorSourceImages").intValue());
    for (String key :
        List.of(
            "processors",
            "threads",
            "batch",
            "images",
            "seed",
            "calibrationImages",
            "memoryCeilingBytes",
            "secondsCalibrating",
            "secondsRunning",
            "imagesPerSecond")) {
      assertTrue(m.path(key).isNumber(), key);
    }
    assertTrue(m.path("skippedImages").isEmpty());
    assertTrue(
        Instant.parse(m.path("started").textValue())
            .isBefore(Instant.parse(m.path("finished").textValue())));
    assertNotEquals(
        m.path("started"),
        RunFiles.json(folder.resolve("plain").resolve(RunFiles.MANIFEST)).path("started"));
  }

  @Test
  void theTerminalShowsTheFigures() {
    JsonNode n = results("plain").path("network");
    List<String> lines = text.lines().toList();
    assertTrue(lines.getFirst().contains("feed accumulated"), text);
    assertTrue(lines.get(1).startsWith("w8a8: weights uint8 asymmetric per-tensor min-max"), text);
    assertTrue(lines.getFirst().contains(IMAGES + " images"), text);
    assertTrue(text.contains(Summary.percent(n.path("top1Fp32").doubleValue())), text);
    assertTrue(
        text.contains("agreement " + Summary.percent(n.path("agreementTop1").doubleValue())));
    for (JsonNode layer : results("plain").path("layers")) {
      String name = layer.path("name").textValue();
      String line = lines.stream().filter(l -> l.startsWith(name + " ")).findFirst().orElseThrow();
      double sqnr = layer.path("error").path("sqnrDb").doubleValue();
      assertTrue(line.contains(" " + Phrases.fixed(sqnr, 1) + " "), line);
    }
    assertEquals(
        3, lines.stream().filter(l -> l.contains(" * ") && l.contains("..")).count(), text);
    assertEquals("results: " + folder.resolve("plain"), lines.get(lines.size() - 2));
    assertEquals("report: " + folder.resolve("plain/report.html"), lines.getLast());
    int widest =
        lines.subList(0, lines.size() - 2).stream().mapToInt(String::length).max().orElse(0);
    assertTrue(widest <= 100, text);
  }

  @Test
  void localFeedIsNamedAndExplained() {
    String local =
        CommandLineRun.of(
                "analyze",
                "--data",
                "synthetic:20",
                "--calibrate",
                10,
                "--feed",
                "local",
                "--out",
                folder.resolve("local-text"))
            .succeeds()
            .out();
    assertTrue(local.lines().findFirst().orElseThrow().contains("feed local"), local);
    assertTrue(local.contains("own damage"), local);
  }

  /** Fed with fp32 values, a layer that is not quantized itself has no error at all. */
  @Test
  void localFeedShowsALayersOwnErrorOnly() {
    JsonNode layers = results("local").path("layers");
    JsonNode accumulated = results("plain").path("layers");
    for (int i = 1; i < layers.size(); i++) {
      JsonNode error = layers.get(i).path("error");
      if (layers.get(i).path("kind").textValue().contains("pool")) {
        assertEquals("Infinity", error.path("sqnrDb").textValue());
        assertEquals(0, RunFiles.number(error.path("gain")));
      } else {
        double own = RunFiles.number(error.path("sqnrDb"));
        assertTrue(
            own > RunFiles.number(accumulated.get(i).path("error").path("sqnrDb")),
            layers.get(i).path("name") + " " + own);
      }
    }
  }
}
