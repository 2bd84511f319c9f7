package io.depthscope.store;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.file.FileErrors;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Reads the folder of a finished run. */
public final class RunReader {
  private static final long MAX_JSON_BYTES = 1L << 27;
  private static final long MAX_CSV_BYTES = 1L << 28;
  private static final List<String> SOURCES =
      List.of("inherited", "weights", "clipping", "rounding", "cross");

  private final Path directory;

  private RunReader(Path directory) {
    this.directory = directory;
  }

  /**
   * Reads everything but the calibration.
   *
   * @throws IOException naming the file and the reason, if there is no finished run, a file is
   *     missing or damaged, or two of them do not belong together
   */
  public static RecordedRun read(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new IOException(
          directory
              + ": "
              + (Files.exists(directory) ? "not a folder" : FileErrors.whyMissing(directory)));
    }
    try {
      Files.readAttributes(directory.resolve(RunDirectory.RESULTS), BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      throw new IOException(
          directory
              + (RunDirectory.isInterrupted(directory)
                  ? ": the run was interrupted; analyze --resume finishes it"
                  : ": no finished run, results.json is missing"),
          e);
    } catch (IOException e) {
      throw StoreErrors.cannotRead(directory, e);
    }
    return new RunReader(directory).read();
  }

  private RecordedRun read() throws IOException {
    JsonFields results = JsonFields.read(directory.resolve(RunDirectory.RESULTS), MAX_JSON_BYTES);
    if (results.integer("schemaVersion") != ResultsJson.SCHEMA_VERSION) {
      throw results.wrong("schemaVersion", "not " + ResultsJson.SCHEMA_VERSION);
    }
    Map<String, List<RecordedLayer.Channel>> channels = channels();
    Map<String, JsonFields> histograms = histograms();
    RecordedRun.Network network = network(results.object("network"));
    List<RecordedLayer> layers = new ArrayList<>();
    for (JsonFields l : results.objects("layers")) {
      layers.add(layer(l, channels, histograms));
    }
    if (layers.isEmpty()) {
      throw results.wrong("layers", "empty");
    }
    Path absolute = directory.toAbsolutePath().normalize();
    return new RecordedRun(
        absolute.getFileName() == null ? "run" : absolute.getFileName().toString(),
        results.text("model"),
        results.text("family"),
        scheme(results.object("scheme")),
        results.text("feed"),
        results.count("calibrationImages"),
        network,
        layers,
        predictions(network.images()),
        manifest());
  }

  private static RecordedRun.Scheme scheme(JsonFields s) throws IOException {
    return new RecordedRun.Scheme(
        s.text("name"),
        format(s.optional("weights")),
        format(s.optional("activations")),
        s.text("granularity"),
        s.text("activationRange"),
        s.text("weightRange"));
  }

  private static Optional<RecordedRun.Format> format(Optional<JsonFields> f) throws IOException {
    if (f.isEmpty()) {
      return Optional.empty();
    }
    int bits = f.get().integer("bits");
    if (bits < QuantFormat.MIN_BITS || bits > QuantFormat.MAX_BITS) {
      throw f.get().wrong("bits", "not in " + QuantFormat.MIN_BITS + ".." + QuantFormat.MAX_BITS);
    }
    return Optional.of(
        new RecordedRun.Format(bits, f.get().bool("signed"), f.get().bool("symmetric")));
  }

  private static RecordedRun.Network network(JsonFields n) throws IOException {
    return new RecordedRun.Network(
        n.count("images"),
        n.count("skippedImages"),
        n.number("top1Fp32"),
        n.number("top1Quantized"),
        n.number("top5Fp32"),
        n.number("top5Quantized"),
        n.number("agreementTop1"),
        n.number("relativeAccuracyDrop"),
        n.number("qmse"),
        n.number("qce"),
        n.number("logitSqnrDb"));
  }

  private RecordedLayer layer(
      JsonFields l,
      Map<String, List<RecordedLayer.Channel>> channels,
      Map<String, JsonFields> histograms)
      throws IOException {
    String name = l.text("name");
    long[] shape = l.counts("shape");
    if (shape.length != 3 || shape[0] > 1 << 20 || shape[1] > 1 << 20 || shape[2] > 1 << 24) {
      throw l.wrong("shape", "not [height, width, channels]");
    }
    List<RecordedLayer.Channel> own = channels.getOrDefault(name, List.of());
    if (own.size() != shape[2]) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s: %d channels of %s, not %d as %s says",
              directory.resolve("channels.csv"),
              own.size(),
              name,
              shape[2],
              RunDirectory.RESULTS));
    }
    for (int c = 0; c < own.size(); c++) {
      if (own.get(c).channel() != c) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "%s: channel %d of %s stands where channel %d belongs",
                directory.resolve("channels.csv"),
                own.get(c).channel(),
                name,
                c));
      }
    }
    JsonFields counted = histograms.get(name);
    if (counted == null) {
      throw new IOException(
          directory.resolve("histograms.json") + ": layer " + name + " is missing");
    }
    JsonFields error = l.object("error");
    JsonFields quantized = l.object("quantized");
    JsonFields fp32 = l.object("fp32");
    return new RecordedLayer(
        l.integer("index"),
        name,
        l.text("kind"),
        l.texts("inputs"),
        l.text("activation"),
        new Shape((int) shape[0], (int) shape[1], (int) shape[2]),
        l.count("macs"),
        weights(l.optional("weights")),
        activations(fp32, true),
        activations(quantized, false),
        params(quantized),
        new RecordedLayer.ErrorFigures(
            error.number("mse"),
            error.number("meanError"),
            error.number("maxAbs"),
            error.number("sqnrDb"),
            error.number("nsr"),
            error.number("cosine"),
            error.number("saturation"),
            error.number("gain"),
            energies(error.optional("energies"))),
        own,
        histogram(counted.object("fp32"), fp32.count("count")),
        codes(counted.optional("codes"), quantized.count("count")));
  }

  private static Optional<RecordedLayer.Weights> weights(Optional<JsonFields> fields)
      throws IOException {
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    JsonFields w = fields.get();
    return Optional.of(
        new RecordedLayer.Weights(
            tensor(w),
            w.number("channelRangeRatio"),
            w.number("unfoldedMin"),
            w.number("unfoldedMax"),
            w.number("mse"),
            w.number("sqnrDb"),
            w.number("saturation")));
  }

  private static RecordedLayer.Activations activations(JsonFields a, boolean fp32)
      throws IOException {
    return new RecordedLayer.Activations(
        tensor(a),
        a.number("channelRangeRatio"),
        fp32 ? a.number("rangeFluctuation") : Double.NaN,
        fp32 ? extremes(a.objects("highestImages")) : List.of(),
        fp32 ? extremes(a.objects("lowestImages")) : List.of());
  }

  private static List<RecordedLayer.Extreme> extremes(List<JsonFields> all) throws IOException {
    List<RecordedLayer.Extreme> extremes = new ArrayList<>();
    for (JsonFields e : all) {
      extremes.add(new RecordedLayer.Extreme(e.integer("image"), e.number("value")));
    }
    return extremes;
  }

  private static TensorStatistics tensor(JsonFields t) throws IOException {
    return new TensorStatistics(
        t.count("count"),
        t.number("min"),
        t.number("max"),
        t.number("mean"),
        t.number("variance"),
        t.number("skewness"),
        t.number("excessKurtosis"),
        t.count("zeros"),
        t.count("nans"),
        t.count("infinities"));
  }

  private static Optional<QuantParams> params(JsonFields quantized) throws IOException {
    Optional<JsonFields> fields = quantized.optional("params");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    JsonFields p = fields.get();
    try {
      return Optional.of(
          new QuantParams(
              (float) p.number("scale"),
              p.integer("zeroPoint"),
              p.integer("qmin"),
              p.integer("qmax")));
    } catch (IllegalArgumentException e) {
      throw p.wrong("scale", "in no valid set of parameters: " + e.getMessage());
    }
  }

  private static Map<String, Double> energies(Optional<JsonFields> fields) throws IOException {
    Map<String, Double> energies = new LinkedHashMap<>();
    if (fields.isPresent()) {
      energies.put("total", fields.get().number("total"));
      for (String source : SOURCES) {
        energies.put(source, fields.get().number(source));
      }
    }
    return energies;
  }

  private static RecordedLayer.Histogram histogram(JsonFields h, long values) throws IOException {
    long[] bins = h.counts("bins");
    long[] counts = h.counts("counts");
    if (bins.length != counts.length) {
      throw h.wrong("counts", "not as long as bins");
    }
    int[] ascending = new int[bins.length];
    long last = -1;
    for (int i = 0; i < bins.length; i++) {
      if (bins[i] <= last || bins[i] >= BitHistogram.BINS) {
        throw h.wrong("bins", "not ascending within 0.." + (BitHistogram.BINS - 1));
      }
      last = bins[i];
      ascending[i] = (int) last;
    }
    checkSum(h, counts, values);
    return new RecordedLayer.Histogram(ascending, counts);
  }

  private static Optional<RecordedLayer.Codes> codes(Optional<JsonFields> c, long values)
      throws IOException {
    if (c.isEmpty()) {
      return Optional.empty();
    }
    long[] counts = c.get().counts("counts");
    checkSum(c.get(), counts, values);
    return Optional.of(new RecordedLayer.Codes(c.get().integer("qmin"), counts));
  }

  /** Every value is counted, NaN and infinities included. */
  private static void checkSum(JsonFields of, long[] counts, long values) throws IOException {
    long left = values;
    for (long c : counts) {
      if (c > left) {
        left = -1; // and no sum that overflows
        break;
      }
      left -= c;
    }
    if (left != 0) {
      throw of.wrong(
          "counts", "not of the " + values + " values that " + RunDirectory.RESULTS + " says");
    }
  }

  private Map<String, JsonFields> histograms() throws IOException {
    Map<String, JsonFields> byLayer = new LinkedHashMap<>();
    JsonFields file = JsonFields.read(directory.resolve("histograms.json"), MAX_JSON_BYTES);
    for (JsonFields l : file.objects("layers")) {
      byLayer.put(l.text("name"), l);
    }
    return byLayer;
  }

  private Map<String, List<RecordedLayer.Channel>> channels() throws IOException {
    Map<String, List<RecordedLayer.Channel>> byLayer = new LinkedHashMap<>();
    try (CsvTable t = new CsvTable(directory.resolve("channels.csv"), MAX_CSV_BYTES)) {
      boolean sources = t.has("inheritedEnergy");
      while (t.next()) {
        Map<String, Double> energies = new LinkedHashMap<>();
        if (sources) {
          for (String source : SOURCES) {
            energies.put(source, t.number(source + "Energy"));
          }
        }
        byLayer
            .computeIfAbsent(t.text("layer"), k -> new ArrayList<>())
            .add(
                new RecordedLayer.Channel(
                    t.integer("channel"),
                    t.number("weightMin"),
                    t.number("weightMax"),
                    t.number("weightVariance"),
                    t.has("batchNormVariance") ? t.number("batchNormVariance") : Double.NaN,
                    t.has("foldingFactor") ? t.number("foldingFactor") : Double.NaN,
                    t.number("weightEffectiveLevels"),
                    tensor(t, "fp32"),
                    t.number("effectiveLevels"),
                    tensor(t, "quantized"),
                    new RecordedLayer.ErrorFigures(
                        t.number("mse"),
                        t.number("meanError"),
                        t.number("maxAbsError"),
                        t.number("sqnrDb"),
                        t.number("nsr"),
                        t.number("cosine"),
                        t.number("saturation"),
                        Double.NaN,
                        energies)));
      }
    }
    return byLayer;
  }

  private static TensorStatistics tensor(CsvTable t, String prefix) throws IOException {
    return new TensorStatistics(
        t.count("count"),
        t.number(prefix + "Min"),
        t.number(prefix + "Max"),
        t.number(prefix + "Mean"),
        t.number(prefix + "Variance"),
        t.number(prefix + "Skewness"),
        t.number(prefix + "ExcessKurtosis"),
        t.count(prefix + "Zeros"),
        t.count(prefix + "Nans"),
        t.count(prefix + "Infinities"));
  }

  /**
   * One an image, in the order of the data set; skipped images leave gaps.
   *
   * @param images how many there must be
   */
  private List<RecordedRun.Prediction> predictions(long images) throws IOException {
    Path file = directory.resolve("predictions.csv");
    List<RecordedRun.Prediction> all = new ArrayList<>();
    int last = -1;
    try (CsvTable t = new CsvTable(file, MAX_CSV_BYTES)) {
      while (t.next()) {
        int index = t.integer("index");
        if (index <= last) {
          throw t.wrong("index " + index + " does not ascend");
        }
        last = index;
        all.add(
            new RecordedRun.Prediction(
                index,
                t.text("image"),
                t.integer("label"),
                t.integer("predictedFp32"),
                t.integer("predictedQuantized"),
                t.number("margin"),
                t.number("logitNoise")));
      }
    }
    if (all.size() != images) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s: %d images, not %d as %s says",
              file,
              all.size(),
              images,
              RunDirectory.RESULTS));
    }
    return all;
  }

  @SuppressWarnings("unchecked") // a JSON object becomes a map with text keys
  private Map<String, Object> manifest() throws IOException {
    JsonFields file = JsonFields.read(directory.resolve("manifest.json"), MAX_JSON_BYTES);
    return (Map<String, Object>) new ObjectMapper().convertValue(file.tree(), Map.class);
  }
}
