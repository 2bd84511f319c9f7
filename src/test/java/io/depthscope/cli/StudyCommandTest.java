package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
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
            "--backend",
            "cpu",
            "--quiet");
    assertEquals(1, other.exit(), other::toString);
    assertTrue(other.err().contains("was made with dataFingerprint"), other::toString);
  }

  @Test
  void anExistingStudyIsNotReplaced() {
    CommandLineRun second = study("--out", folder.resolve("study"));
    assertEquals(1, second.exit(), second::toString);
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
    List<String> names = Zoo.of(Zoo.SYNTHETIC).stream().map(Zoo.Member::name).toList();
    assertTrue(names.containsAll(List.of("dws-cnn", "regular-cnn")), names::toString);
    for (Zoo.Member m : Zoo.of(Zoo.SYNTHETIC)) {
      assertTrue(m.load().model().size() > 3, m::toString);
    }
  }
}
