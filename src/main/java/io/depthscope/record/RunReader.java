package io.depthscope.record;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.file.FileErrors;
import io.depthscope.graph.Op;
import io.depthscope.plan.Feed;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.Extreme;
import io.depthscope.stats.Prediction;
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
  private static final int MAX_JSON_BYTES = 1 << 27;
  private static final long MAX_CSV_BYTES = 1L << 28;

  /** What to do about a run of another version. */
  static final String MADE_ANEW = "analyze --overwrite makes the run anew";

  private final Path directory;

  private RunReader(Path directory) {
    this.directory = directory;
  }

  /**
   * Reads everything but the calibration: the run that was written.
   *
   * @throws IOException naming the file and the reason, if there is no finished run, a file is
   *     missing or damaged, or two of them do not belong together
   */
  public static Run read(Path directory) throws IOException {
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

  private Run read() throws IOException {
    JsonFields results =
        JsonFields.read(directory.resolve(RunDirectory.RESULTS), MAX_JSON_BYTES, MADE_ANEW);
    if (results.integer("schemaVersion") != RunJson.SCHEMA_VERSION) {
      throw results.wrong("schemaVersion", "not " + RunJson.SCHEMA_VERSION + "; " + MADE_ANEW);
    }
    Map<String, List<RunLayer.Channel>> channels = channels();
    Map<String, JsonFields> histograms = histograms();
    Run.Network network = network(results.object("network"));
    List<Run.Output> outputs = new ArrayList<>();
    for (JsonFields o : results.objects("outputs")) {
      outputs.add(RunFigures.NETWORK_OUTPUT.read(o).of(o.text("layer")));
    }
    List<RunLayer> layers = new ArrayList<>();
    for (JsonFields l : results.objects("layers")) {
      layers.add(layer(l, channels, histograms));
    }
    if (layers.isEmpty()) {
      throw results.wrong("layers", "empty");
    }
    return new Run(
        RunDirectory.name(directory),
        results.text("model"),
        results.text("family"),
        scheme(results.object("scheme")),
        results.parsed("feed", RunReader::feed),
        results.count("calibrationImages"),
        network,
        outputs,
        layers,
        predictions(
            directory.resolve(RunDirectory.PREDICTIONS), network.images(), RunDirectory.RESULTS),
        manifest());
  }

  private static Run.Network network(JsonFields fields) throws IOException {
    try {
      return RunFigures.NETWORK.read(fields);
    } catch (IllegalArgumentException e) {
      throw fields.wrong(e.getMessage());
    }
  }

  static QuantScheme scheme(JsonFields s) throws IOException {
    QuantScheme scheme =
        new QuantScheme(
            format(s.optional("weights")),
            format(s.optional("activations")),
            s.parsed("granularity", Granularity::parse),
            s.parsed("activationRange", RangeEstimator::parse),
            s.parsed("weightRange", RangeEstimator::parse));
    if (!s.text("name").equals(scheme.name())) {
      throw s.wrong("name", "not " + scheme.name() + " as its formats say");
    }
    return scheme;
  }

  private static Feed feed(String text) {
    for (Feed f : Feed.values()) {
      if (f.toString().equals(text)) {
        return f;
      }
    }
    throw new IllegalArgumentException("'" + text + "' is no feed");
  }

  private static Optional<QuantFormat> format(Optional<JsonFields> f) throws IOException {
    if (f.isEmpty()) {
      return Optional.empty();
    }
    int bits = f.get().integer("bits");
    if (bits < QuantFormat.MIN_BITS || bits > QuantFormat.MAX_BITS) {
      throw f.get().wrong("bits", "not in " + QuantFormat.MIN_BITS + ".." + QuantFormat.MAX_BITS);
    }
    return Optional.of(new QuantFormat(bits, f.get().bool("signed"), f.get().bool("symmetric")));
  }

  private RunLayer layer(
      JsonFields l,
      Map<String, List<RunLayer.Channel>> channels,
      Map<String, JsonFields> histograms)
      throws IOException {
    RunLayer.Identity identity = identity(l);
    String name = identity.name();
    List<RunLayer.Channel> own = channels.getOrDefault(name, List.of());
    checkChannels(identity, own);
    JsonFields counted = histograms.get(name);
    if (counted == null) {
      throw new IOException(
          directory.resolve("histograms.json") + ": layer " + name + " is missing");
    }
    JsonFields error = l.object("error");
    JsonFields quantized = l.object("quantized");
    JsonFields fp32 = l.object("fp32");
    return new RunLayer(
        identity,
        weights(l.optional("weights")),
        RunFigures.OUTPUT.read(fp32),
        RunFigures.OUTPUT.read(quantized),
        params(quantized),
        RunFigures.ERROR.read(error).with(read(RunFigures.ENERGIES, error.optional("energies"))),
        new RunLayer.Step(
            error.number(RunFigures.GAIN.name()), fp32.number(RunFigures.RANGE_FLUCTUATION.name())),
        new RunLayer.Reach(
            extremes(fp32.objects("highestImages")), extremes(fp32.objects("lowestImages"))),
        new RunLayer.Details(
            own,
            Optional.of(histogram(counted.object("fp32"), fp32.count(RunFigures.COUNT.name()))),
            codes(counted.optional("codes"), quantized.count(RunFigures.COUNT.name()))));
  }

  private static Optional<RunLayer.Weights> weights(Optional<JsonFields> fields)
      throws IOException {
    Optional<RunLayer.Weights> figures = read(RunFigures.WEIGHTS, fields);
    return figures.isEmpty()
        ? figures
        : Optional.of(figures.get().with(weightCodes(fields.orElseThrow().nullable("codes"))));
  }

  private static Optional<RunLayer.WeightCodes> weightCodes(Optional<JsonFields> fields)
      throws IOException {
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    JsonFields c = fields.get();
    int count = c.integer("count");
    if (count < 2) {
      throw c.wrong("count", "less than 2");
    }
    return Optional.of(new RunLayer.WeightCodes(count, c.bool("symmetric"), c.bool("perChannel")));
  }

  private static <T> Optional<T> read(FigureList<T> figures, Optional<JsonFields> fields)
      throws IOException {
    return fields.isEmpty() ? Optional.empty() : Optional.of(figures.read(fields.get()));
  }

  private static RunLayer.Identity identity(JsonFields l) throws IOException {
    long[] shape = l.counts("shape");
    if (shape.length != 3 || shape[0] > 1 << 20 || shape[1] > 1 << 20 || shape[2] > 1 << 24) {
      throw l.wrong("shape", "not [height, width, channels]");
    }
    Op.Role role;
    try {
      role = Op.Role.named(l.text("role"));
    } catch (IllegalArgumentException e) {
      throw l.wrong("role", e.getMessage());
    }
    return new RunLayer.Identity(
        l.integer("index"),
        l.text("name"),
        l.text("kind"),
        role,
        l.texts("inputs"),
        l.text("activation"),
        new Shape((int) shape[0], (int) shape[1], (int) shape[2]),
        l.count("macs"));
  }

  private void checkChannels(RunLayer.Identity layer, List<RunLayer.Channel> own)
      throws IOException {
    if (own.size() != layer.shape().channels()) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s: %d channels of %s, not %d as %s says",
              directory.resolve("channels.csv"),
              own.size(),
              layer.name(),
              layer.shape().channels(),
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
                layer.name(),
                c));
      }
    }
  }

  private static List<Extreme> extremes(List<JsonFields> all) throws IOException {
    List<Extreme> extremes = new ArrayList<>();
    for (JsonFields e : all) {
      extremes.add(new Extreme(e.integer("image"), (float) e.number("value")));
    }
    return extremes;
  }

  private static Optional<QuantParams> params(JsonFields quantized) throws IOException {
    Optional<JsonFields> fields = quantized.optional("params");
    return fields.isEmpty() ? Optional.empty() : Optional.of(paramsOf(fields.get()));
  }

  /** Parameters of a tensor. */
  static QuantParams paramsOf(JsonFields fields) throws IOException {
    try {
      return RunFigures.PARAMS.read(fields);
    } catch (IllegalArgumentException e) {
      throw fields.wrong(e.getMessage());
    }
  }

  private static BitHistogram histogram(JsonFields h, long values) throws IOException {
    long[] bins = h.counts("bins");
    long[] counts = h.counts("counts");
    if (bins.length != counts.length) {
      throw h.wrong("counts", "not as long as bins");
    }
    long[] all = new long[BitHistogram.BINS];
    long last = -1;
    for (int i = 0; i < bins.length; i++) {
      if (bins[i] <= last || bins[i] >= BitHistogram.BINS) {
        throw h.wrong("bins", "not ascending within 0.." + (BitHistogram.BINS - 1));
      }
      last = bins[i];
      all[(int) last] = counts[i];
    }
    checkSum(h, counts, values);
    return new BitHistogram(all);
  }

  private static Optional<RunLayer.Codes> codes(Optional<JsonFields> c, long values)
      throws IOException {
    if (c.isEmpty()) {
      return Optional.empty();
    }
    long[] counts = c.get().counts("counts");
    checkSum(c.get(), counts, values);
    return Optional.of(new RunLayer.Codes(c.get().integer("qmin"), counts));
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
    JsonFields file =
        JsonFields.read(directory.resolve("histograms.json"), MAX_JSON_BYTES, MADE_ANEW);
    for (JsonFields l : file.objects("layers")) {
      byLayer.put(l.text("name"), l);
    }
    return byLayer;
  }

  private Map<String, List<RunLayer.Channel>> channels() throws IOException {
    Map<String, List<RunLayer.Channel>> byLayer = new LinkedHashMap<>();
    try (CsvTable t = new CsvTable(directory.resolve("channels.csv"), MAX_CSV_BYTES)) {
      while (t.next()) {
        byLayer.computeIfAbsent(t.text("layer"), k -> new ArrayList<>()).add(channel(t));
      }
    }
    return byLayer;
  }

  private static RunLayer.Channel channel(CsvTable t) throws IOException {
    boolean weights = !t.text(RunCsv.column("weight", "min")).isEmpty();
    boolean sources = t.has(RunCsv.energyColumn(RunFigures.name(ErrorTerm.INHERITED)));
    return new RunLayer.Channel(
        t.integer("channel"),
        weights ? Optional.of(RunFigures.DISTRIBUTION.read(t.of("weight"))) : Optional.empty(),
        optional(t, RunFigures.BATCH_NORM_VARIANCE),
        optional(t, RunFigures.FOLDING_FACTOR),
        t.number(RunFigures.WEIGHT_LEVELS.name()),
        RunFigures.TENSOR.read(t.of("fp32")),
        t.number(RunFigures.LEVELS.name()),
        RunFigures.TENSOR.read(t.of("quantized")),
        RunFigures.ERROR
            .read(t.of(""))
            .with(
                sources ? Optional.of(RunFigures.ENERGIES.read(t.energies())) : Optional.empty()));
  }

  /** Of a column that tables of earlier versions lack. */
  private static double optional(CsvTable t, Figure<RunLayer.Channel> figure) throws IOException {
    return t.has(figure.name()) ? t.number(figure.name()) : Double.NaN;
  }

  /**
   * One an image, in the order of the data set; skipped images leave gaps.
   *
   * @param images how many there must be
   * @param told name of the file that says so
   */
  static List<Prediction> predictions(Path file, long images, String told) throws IOException {
    List<Prediction> all = new ArrayList<>();
    int last = -1;
    try (CsvTable t = new CsvTable(file, MAX_CSV_BYTES)) {
      while (t.next()) {
        int index = t.integer("index");
        if (index <= last) {
          throw t.wrong("index " + index + " does not ascend");
        }
        last = index;
        all.add(
            new Prediction(
                index,
                t.text("image"),
                t.integer("label"),
                t.integer("predictedFp32"),
                t.integer("predictedQuantized"),
                t.number("margin"),
                t.number("logitNoise"),
                t.number("sqnrDb")));
      }
    }
    if (all.size() != images) {
      throw new IOException(
          String.format(
              Locale.ROOT, "%s: %d images, not %d as %s says", file, all.size(), images, told));
    }
    return all;
  }

  @SuppressWarnings("unchecked") // a JSON object becomes a map with text keys
  private Map<String, Object> manifest() throws IOException {
    JsonFields file =
        JsonFields.read(directory.resolve("manifest.json"), MAX_JSON_BYTES, MADE_ANEW);
    return (Map<String, Object>) new ObjectMapper().convertValue(file.tree(), Map.class);
  }
}
