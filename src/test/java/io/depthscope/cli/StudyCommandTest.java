package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Datasets;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.diagnosis.Study;
import io.depthscope.diagnosis.StudyNetwork;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.MendAccount;
import io.depthscope.record.RunReader;
import io.depthscope.record.StudyDirectory;
import io.depthscope.run.Machine;
import io.depthscope.run.StudyRun;
import io.depthscope.run.Subject;
import io.depthscope.run.TestImages;
import io.depthscope.run.Zoo;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole study on few images, and what becomes of it when it is stopped or misused. */
class StudyCommandTest {
  private static final Path MODELS = Path.of("test-data/models");
  private static final Object[] TWINS = {
    "--model",
    MODELS.resolve("dws-cnn-synthetic.safetensors"),
    MODELS.resolve("regular-cnn-synthetic.safetensors"),
    "--data",
    "synthetic:60",
    "--calibrate",
    "30",
    "--backend",
    "cpu"
  };

  @TempDir static Path folder;

  @BeforeAll
  static void run() {
    CommandLineRun study = study("--out", folder.resolve("study"), "--bits", "8,4");
    assertEquals(0, study.exit(), study::toString);
    for (String expected :
        List.of("dws-cnn-synthetic", "8T", "4C", "growth dB", "report.html", "1. ", "4. ")) {
      assertTrue(study.out().contains(expected), study::toString);
    }
  }

  private static CommandLineRun study(Object... args) {
    Object[] all = new Object[1 + TWINS.length + args.length];
    all[0] = "study";
    System.arraycopy(TWINS, 0, all, 1, TWINS.length);
    System.arraycopy(args, 0, all, 1 + TWINS.length, args.length);
    return CommandLineRun.of(all);
  }

  private static JsonNode json(String file) throws IOException {
    return new ObjectMapper().readTree(folder.resolve(file).toFile());
  }

  @Test
  void everyRunOfTheStudyIsARunOfItsOwn() throws IOException {
    JsonNode study = json("study/study.json");
    assertEquals(8, study.path("runs").size());
    Set<String> settings = new TreeSet<>();
    for (JsonNode run : study.path("runs")) {
      settings.add(run.path("scheme").asText() + " " + run.path("granularity").asText());
      JsonNode results =
          json(
              "study/runs/%s/%s-%s/results.json"
                  .formatted(
                      run.path("network").asText(),
                      run.path("scheme").asText(),
                      run.path("granularity").asText()));
      JsonNode network = results.path("network");
      for (String figure : List.of("images", "top1Fp32", "top1Quantized", "qmse", "qce")) {
        assertEquals(network.path(figure).asDouble(), run.path(figure).asDouble(), figure);
      }
      double first = 0;
      double last = 0;
      double ratios = 0;
      int weighted = 0;
      for (JsonNode layer : results.path("layers")) {
        if (!layer.path("weights").isNull()) {
          ratios += layer.path("weights").path("channelRangeRatio").asDouble();
          last = layer.path("error").path("nsr").asDouble();
          first = weighted++ == 0 ? last : first;
        }
      }
      assertEquals(weighted, run.path("depth").asInt());
      assertEquals(ratios / weighted, run.path("weightChannelRangeRatio").asDouble(), 1e-12);
      assertEquals(10 * Math.log10(last / first), run.path("totalGainDb").asDouble(), 1e-9);
    }
    assertEquals(
        Set.of("w8a8 per-tensor", "w8a8 per-channel", "w4a4 per-tensor", "w4a4 per-channel"),
        settings);
    assertEquals(4, study.path("claims").size());
    assertEquals(9, Files.readAllLines(folder.resolve("study/study.csv")).size());
  }

  @Test
  void allSettingsOfANetworkShareOneCalibration() throws IOException {
    Path runs = folder.resolve("study/runs/dws-cnn-synthetic");
    JsonNode first =
        json(runs.resolve("w8a8-per-tensor/quantization.json").toString()).path("calibration");
    JsonNode other =
        json(runs.resolve("w4a4-per-channel/quantization.json").toString()).path("calibration");
    assertEquals(30, first.path("images").asInt());
    assertEquals(first, other);
  }

  @Test
  void aFinishedStudyIsReadAgainAndAnUnfinishedOneCompleted() throws IOException {
    Path out = folder.resolve("again");
    assertEquals(0, study("--out", out, "--bits", "8").exit());
    byte[] before = Files.readAllBytes(out.resolve("study.csv"));
    Path one = out.resolve("runs/regular-cnn-synthetic/w8a8-per-channel");
    byte[] results = Files.readAllBytes(one.resolve("results.json"));
    Files.delete(one.resolve("results.json"));
    Files.delete(out.resolve("study.csv"));
    CommandLineRun resumed = study("--out", out, "--bits", "8", "--resume", "--quiet");
    assertEquals(0, resumed.exit(), resumed::toString);
    assertArrayEquals(before, Files.readAllBytes(out.resolve("study.csv")));
    assertArrayEquals(results, Files.readAllBytes(one.resolve("results.json")));
  }

  /** A study of one network at two settings, which a stop may end anywhere. */
  @Test
  void eachNetworkIsMended() throws IOException {
    Path out = folder.resolve("mended");
    CommandLineRun run =
        study("--out", out, "--bits", "4", "--granularity", "per-tensor", "--mend").succeeds();
    assertTrue(run.out().contains("no remedy learned from"), run::toString);
    JsonNode mended =
        new ObjectMapper().readTree(out.resolve("study.json").toFile()).path("mended");
    assertFalse(mended.isEmpty());
    for (JsonNode m : mended) {
      assertTrue(
          m.path("logitSqnrDbMended").doubleValue() > m.path("logitSqnrDb").doubleValue(),
          m::toString);
      assertEquals(
          m.path("remedies").textValue(),
          String.join(
              " ",
              MendAccount.read(
                      out.resolve("mended")
                          .resolve(m.path("network").textValue())
                          .resolve("w4a4-per-tensor/mend.json"))
                  .remedies()));
    }
    List<String> rows = Files.readAllLines(out.resolve("mended.csv"));
    assertEquals(1 + mended.size(), rows.size());
    byte[] before = Files.readAllBytes(out.resolve("mended.csv"));
    study("--out", out, "--bits", "4", "--granularity", "per-tensor", "--mend", "--resume")
        .succeeds();
    assertArrayEquals(before, Files.readAllBytes(out.resolve("mended.csv")));
    study("--out", folder.resolve("x"), "--target", "2%").isMisuse("--mend");
  }

  private static Optional<StudyRun.Result> stoppable(Path out, int batches) throws IOException {
    List<QuantScheme> schemes = new ArrayList<>();
    for (String name : List.of("w8a8", "w4a4")) {
      schemes.add(
          QuantScheme.parse(
              name,
              false,
              false,
              Granularity.PER_TENSOR,
              new RangeEstimator.MinMax(),
              new RangeEstimator.MinMax()));
    }
    LoadedModel model = ModelFile.load((Path) TWINS[1], LoadOptions.NONE);
    AtomicInteger asked = new AtomicInteger();
    try (Dataset data = Datasets.open("synthetic:60", Datasets.Options.defaults())) {
      Files.createDirectories(out);
      Subject subject = new Subject(model, Preprocessing.exact(model.graph().inputShape()));
      return new StudyRun(
              new StudyDirectory(out),
              List.of(new StudyRun.Candidate(StudyNetwork.of("dws-cnn", model.family()), subject)),
              schemes,
              Optional.empty(),
              new TestImages<>(data, 60, false, 1),
              new StudyRun.Calibrating(30, Optional.empty()),
              new Machine(new CpuBackend(2), "asked for", 2, 8))
          .run(
              new Terminal(
                  new PrintWriter(Writer.nullWriter()),
                  true,
                  () -> asked.incrementAndGet() >= batches));
    } catch (InterruptedIOException e) {
      return Optional.empty(); // while packing
    }
  }

  @Test
  void aStudyStoppedAnywhereEndsWithTheSameFigures() throws IOException {
    Study whole = stoppable(folder.resolve("whole"), Integer.MAX_VALUE).orElseThrow().study();
    boolean checkpoint = false;
    for (int batches : new int[] {1, 3, 7, 14, 16}) {
      Path out = folder.resolve("stopped-" + batches);
      assertTrue(stoppable(out, batches).isEmpty(), batches + " batches");
      try (var files = Files.walk(out)) {
        checkpoint |= files.anyMatch(f -> f.endsWith("checkpoint.bin"));
      }
      // Spelled in another way: what a run is called by must not hold its place.
      Path again = out.resolve("..").resolve(out.getFileName());
      Study resumed = stoppable(again, Integer.MAX_VALUE).orElseThrow().study();
      assertEquals(whole, resumed, batches + " batches");
    }
    assertTrue(checkpoint, "no run was stopped in its middle");
  }

  @Test
  void otherImagesDoNotContinueAStudy() {
    CommandLineRun other =
        CommandLineRun.of(
            "study",
            "--out",
            folder.resolve("study"),
            "--resume",
            "--model",
            TWINS[1],
            "--bits",
            "8",
            "--data",
            "synthetic:50",
            "--calibrate",
            "30",
            "--backend",
            "cpu",
            "--quiet");
    assertEquals(1, other.exit(), other::toString);
    assertTrue(other.err().contains("was made with dataFingerprint"), other::toString);
  }

  @Test
  void aNetworkMayReadItsImagesInItsOwnWay() throws IOException {
    Path out = folder.resolve("ranges");
    study("--out", out, "--bits", "8", "--input-range-of", "dws-cnn-synthetic=0..1").succeeds();
    Map<String, String> means = new TreeMap<>();
    for (String network : List.of("dws-cnn-synthetic", "regular-cnn-synthetic")) {
      Path run = out.resolve("runs").resolve(network).resolve("w8a8-per-tensor");
      means.put(network, RunReader.read(run).manifest().get("mean").toString());
    }
    assertEquals(
        Map.of(
            "dws-cnn-synthetic",
            "[0.0, 0.0, 0.0]",
            "regular-cnn-synthetic",
            "[127.5, 127.5, 127.5]"),
        means);
    study("--out", folder.resolve("none"), "--input-range-of", "other=0..1")
        .isMisuse("--input-range-of other", "no --model");
  }

  @Test
  void anExistingStudyIsNotReplaced() {
    CommandLineRun second = study("--out", folder.resolve("study"));
    assertEquals(2, second.exit(), second::toString);
    assertTrue(second.err().contains("holds a study"), second::toString);
  }

  @Test
  void misuseIsSaid() {
    for (Object[] wrong :
        new Object[][] {
          {"--bits", "1"},
          {"--bits", "17"},
          {"--granularity", "per-row"},
          {"--zoo", "imagenet"},
          {"--resume"},
          {"--calibrate", "0"}
        }) {
      CommandLineRun run = study(wrong);
      assertEquals(2, run.exit(), run::toString);
      assertFalse(run.err().isBlank());
    }
  }

  @Test
  void theZooOfTheSyntheticImagesHoldsTheTwins() throws IOException {
    List<String> names = Zoo.of(Zoo.TrainedOn.SYNTHETIC).stream().map(Zoo.Member::name).toList();
    assertTrue(names.containsAll(List.of("dws-cnn", "regular-cnn")), names::toString);
    for (Zoo.Member m : Zoo.of(Zoo.TrainedOn.SYNTHETIC)) {
      assertTrue(m.load().graph().size() > 3, m::toString);
    }
  }
}
