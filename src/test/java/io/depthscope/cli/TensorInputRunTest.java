package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.file.NpyHeader;
import io.depthscope.file.NpyReader;
import io.depthscope.file.NpyWriter;
import io.depthscope.file.Sha256;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.onnx.OnnxModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.run.Analysis;
import io.depthscope.run.CalibrationSource;
import io.depthscope.run.Machine;
import io.depthscope.run.Method;
import io.depthscope.run.Quantization;
import io.depthscope.run.Subject;
import io.depthscope.run.TensorInput;
import io.depthscope.run.TestImages;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Inputs of a network from a NumPy file, as they are. */
class TensorInputRunTest {
  private static final Path MODELS = Path.of("test-data/onnx");
  private static final Path CLASSIFIER = MODELS.resolve("flatten_gemm.onnx");
  private static final Path DETECTOR = MODELS.resolve("detector.onnx");
  private static final int IMAGES = 270; // more than a block
  private static final int CALIBRATED = 40;

  @TempDir private static Path shared;
  private static Path inputs;

  @TempDir private Path folder;

  @BeforeAll
  static void make() throws IOException {
    inputs = noise(shared.resolve("x.npy"), IMAGES, 3, 7, 9);
  }

  private static Path noise(Path file, Integer... extents) throws IOException {
    Random random = new Random(extents.length);
    float[] values = new float[Arrays.stream(extents).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    NpyHeader header = new NpyHeader(NpyHeader.Type.FLOAT32, List.of(extents));
    try (NpyWriter out = new NpyWriter(file, header)) {
      out.write(values);
      out.finish();
    }
    return file;
  }

  private static Path integers(Path file, NpyHeader.Type type, long... values) throws IOException {
    try (NpyWriter out = new NpyWriter(file, new NpyHeader(type, List.of(values.length)))) {
      out.write(values);
      out.finish();
    }
    return file;
  }

  private static float[] values(Path file) throws IOException {
    try (NpyReader in = NpyReader.open(file)) {
      return in.next((int) in.header().size());
    }
  }

  private static CommandLineRun analyze(Path model, Path data, Path out, Object... more) {
    Object[] first = {
      "--model", model, "--data", data, "--calibrate", CALIBRATED, "--no-report", "--out", out
    };
    Object[] args = Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, args, first.length, more.length);
    return CommandLineRun.analyze(args);
  }

  /** What {@code run} writes by the same parameters is what the figures are of. */
  @Test
  void figuresAreThoseOfTheTensors() throws IOException {
    Path out = folder.resolve("run");
    analyze(DETECTOR, inputs, out).succeeds();
    Path tensors = folder.resolve("tensors");
    CommandLineRun.of(
            "run",
            "--model",
            DETECTOR,
            "--input",
            inputs,
            "--quantization",
            out.resolve("quantization.json"),
            "--tensors",
            "all",
            "--out",
            tensors)
        .succeeds();
    JsonNode outputs = RunFiles.json(out.resolve("results.json")).path("outputs");
    assertEquals(4, outputs.size());
    for (JsonNode o : outputs) {
      String name = o.path("layer").textValue() + ".npy";
      float[] x = values(tensors.resolve("fp32").resolve(name));
      float[] xq = values(tensors.resolve("quantized").resolve(name));
      double sum = 0;
      double largest = 0;
      for (int i = 0; i < x.length; i++) {
        double e = Math.abs((double) xq[i] - x[i]);
        sum += e;
        largest = Math.max(largest, e);
      }
      assertEquals(sum / x.length, o.path("meanAbs").doubleValue(), 1e-9 * sum, name);
      assertEquals(largest, o.path("maxAbs").doubleValue(), 1e-6 * largest, name);
    }
    JsonNode input = RunFiles.json(out.resolve("results.json")).at("/layers/0/fp32");
    float[] x = values(inputs);
    double mean = 0;
    for (float v : x) {
      mean += v / (double) x.length;
    }
    assertEquals(x.length, input.path("count").intValue());
    assertEquals(mean, input.path("mean").doubleValue(), 1e-6);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7})
  void areTheSameForAnyBatch(int batch) {
    Path out = folder.resolve("run");
    analyze(DETECTOR, inputs, out).succeeds();
    Path other = folder.resolve("other");
    analyze(DETECTOR, inputs, other, "--batch", batch, "--threads", 1).succeeds();
    RunFiles.assertSame(out, other, "batch " + batch);
  }

  @Test
  void labelsTellWhatIsRight() throws IOException {
    Path plain = folder.resolve("plain");
    analyze(CLASSIFIER, inputs, plain).succeeds();
    JsonNode network = RunFiles.json(plain.resolve("results.json")).path("network");
    assertTrue(network.path("top1Fp32").isNull());
    long[] classes =
        RunFiles.csv(plain.resolve("predictions.csv")).stream()
            .mapToLong(r -> Long.parseLong(r.get("predictedFp32")))
            .toArray();
    assertTrue(Arrays.stream(classes).distinct().count() > 2, Arrays.toString(classes));
    for (int i = 0; i < 27; i++) {
      classes[i] = (classes[i] + 1) % 5;
    }
    Path labels = integers(folder.resolve("y.npy"), NpyHeader.Type.INT64, classes);
    Path out = folder.resolve("run");
    analyze(CLASSIFIER, inputs, out, "--labels", labels).succeeds();
    JsonNode known = RunFiles.json(out.resolve("results.json")).path("network");
    assertEquals(0.9, known.path("top1Fp32").doubleValue(), 1e-12);
    assertEquals(network.path("agreementTop1"), known.path("agreementTop1"));
    JsonNode manifest = RunFiles.json(out.resolve("manifest.json"));
    String x = Sha256.of(Files.readAllBytes(inputs));
    assertEquals(
        x + "+" + Sha256.of(Files.readAllBytes(labels)), manifest.path("dataFingerprint").asText());
    assertEquals(x, RunFiles.json(plain.resolve("manifest.json")).path("dataFingerprint").asText());
    assertEquals("none", manifest.path("preprocessing").asText());
    assertEquals("x.npy:26", RunFiles.csv(out.resolve("predictions.csv")).get(26).get("image"));
  }

  /** Any number of channels, any order of axes, and calibration on another file. */
  @Test
  void otherShapesAndAnotherCalibration() throws IOException {
    Path six = noise(folder.resolve("six.npy"), 30, 6, 7, 9);
    Path grouped = folder.resolve("grouped");
    analyze(MODELS.resolve("grouped.onnx"), six, grouped).succeeds();
    Path last = noise(folder.resolve("last.npy"), 30, 7, 9, 3);
    analyze(MODELS.resolve("channels_last.onnx"), last, folder.resolve("last")).succeeds();
    Path row = noise(folder.resolve("row.npy"), 30, 12);
    analyze(MODELS.resolve("perceptron.onnx"), row, folder.resolve("row")).succeeds();
    Path others = noise(folder.resolve("others.npy"), 20, 6, 7, 9);
    Path out = folder.resolve("run");
    analyze(MODELS.resolve("grouped.onnx"), six, out, "--calibrate-data", others).succeeds();
    assertNotEquals(
        RunFiles.json(grouped.resolve("results.json")), RunFiles.json(out.resolve("results.json")));
    assertTrue(
        RunFiles.json(out.resolve("manifest.json"))
            .path("calibrationSource")
            .asText()
            .contains(Sha256.of(Files.readAllBytes(others))));
  }

  private Analysis.Outcome stopped(Path out) throws IOException {
    LoadedModel model = OnnxModel.load(CLASSIFIER, LoadOptions.NONE);
    RangeEstimator minMax = new RangeEstimator.MinMax();
    QuantScheme scheme =
        QuantScheme.parse("w8a8", false, false, Granularity.PER_TENSOR, minMax, minMax);
    TensorInput data = TensorInput.open(inputs, Optional.empty(), model.tensors());
    return new Analysis(
            new Subject(model, Optional.empty()),
            new TestImages<>(data, data.size(), false, 1),
            new Method(new Quantization.ByScheme(scheme), Feed.ACCUMULATED, Recording.STATISTICS),
            CalibrationSource.of(
                inputs.toString(),
                CALIBRATED,
                CalibrationSource.Order.SPREAD,
                Optional.empty(),
                () -> data),
            new Machine(new CpuBackend(2), "asked for", 2, 4))
        .run(
            new Analysis.Output(out, false, false, 100),
            new Terminal(
                new PrintWriter(Writer.nullWriter()),
                true,
                () -> Files.exists(out.resolve("checkpoint.bin"))))
        .outcome();
  }

  @Test
  void isContinuedToTheSameBytes() throws IOException {
    Path whole = folder.resolve("whole");
    analyze(CLASSIFIER, inputs, whole).succeeds();
    Path run = folder.resolve("run");
    assertEquals(Analysis.Outcome.STOPPED, stopped(run));
    Path other = noise(folder.resolve("x.npy"), IMAGES + 1, 3, 7, 9);
    analyze(CLASSIFIER, other, run, "--resume").fails("dataFingerprint");
    analyze(CLASSIFIER, inputs, run, "--resume").succeeds();
    RunFiles.assertSame(whole, run, "resumed");
  }

  @Test
  void whatSpeaksOfImagesIsMisuse() throws IOException {
    Path out = folder.resolve("run");
    for (String[] option :
        new String[][] {
          {"--mean", "1"},
          {"--std", "1"},
          {"--input-range", "0..1"},
          {"--channel-order", "bgr"},
          {"--interpolation", "bicubic"},
          {"--synsets", "x"},
          {"--exif"}
        }) {
      analyze(CLASSIFIER, inputs, out, (Object[]) option).isMisuse(option[0], "NumPy file");
    }
    Path labels = integers(folder.resolve("y.npy"), NpyHeader.Type.INT32, new long[IMAGES]);
    analyze(CLASSIFIER, Path.of("synthetic:4"), out, "--labels", labels)
        .isMisuse("--labels", "X.npy");
    analyze(CLASSIFIER, inputs, out, "--labels", labels, "--unlabelled").isMisuse("--labels");
    analyze(DETECTOR, inputs, out, "--labels", labels).isMisuse("--labels", "no classifier");
    analyze(CLASSIFIER, inputs, out, "--calibrate-data", "synthetic:4")
        .isMisuse("--calibrate-data");
    analyze(CLASSIFIER, Path.of("synthetic:4"), out, "--calibrate-data", inputs)
        .isMisuse("--calibrate-data");
    assertTrue(Files.notExists(out));
  }

  @Test
  void filesThatDoNotFitAreRefused() throws IOException {
    Path out = folder.resolve("run");
    Path wide = noise(folder.resolve("wide.npy"), 2, 3, 7, 10);
    analyze(CLASSIFIER, wide, out).fails("flatten_gemm.onnx", "is 9, not 10");
    Path flat = noise(folder.resolve("flat.npy"), 2, 189);
    analyze(CLASSIFIER, flat, out).fails("flatten_gemm.onnx", "4 axes");
    Path empty = noise(folder.resolve("empty.npy"), 0, 3, 7, 9);
    analyze(CLASSIFIER, empty, out).fails("empty.npy", "the network reads [images, 3, 7, 9]");
    Path cut = folder.resolve("cut.npy");
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(inputs), 4000));
    analyze(CLASSIFIER, cut, out).fails("cut.npy", "need");
    analyze(CLASSIFIER, folder.resolve("none.npy"), out).fails("none.npy", "no such file");
    Map<String, Path> labels =
        Map.of(
            "is [2], ",
            integers(folder.resolve("few.npy"), NpyHeader.Type.INT64, 1, 2),
            "labels are integers",
            noise(folder.resolve("floats.npy"), IMAGES),
            "label -1 of image 3",
            integers(folder.resolve("minus.npy"), NpyHeader.Type.INT8, with(-1)),
            "has 6 classes, the network 5",
            integers(folder.resolve("high.npy"), NpyHeader.Type.UINT8, with(5)));
    for (Map.Entry<String, Path> e : labels.entrySet()) {
      analyze(CLASSIFIER, inputs, out, "--labels", e.getValue()).fails(e.getKey());
    }
    CommandLineRun.of("study", "--quiet", "--data", inputs, "--out", folder.resolve("s"))
        .fails("x.npy", "holds no images");
  }

  private static long[] with(long label) {
    long[] all = new long[IMAGES];
    all[3] = label;
    return all;
  }
}
