package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Datasets;
import io.depthscope.dataset.RgbImage;
import io.depthscope.file.NpyHeader;
import io.depthscope.file.NpyWriter;
import io.depthscope.run.SelfAudit;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a run says of itself that makes it doubtful, and what is tried against it. */
class SelfAuditTest {
  private static final Path MODEL = Path.of("test-data/onnx/flatten_gemm.onnx");
  private static final String BEST = "--input-range -1..1 --channel-order rgb";

  @TempDir private Path folder;

  private static JsonNode notices(Path run) {
    return RunFiles.json(run.resolve("manifest.json")).path("notices");
  }

  @ParameterizedTest
  @CsvSource({
    "0.0029, 1000, true",
    "0.0031, 1000, false",
    "0.29, 10, true",
    "0.31, 10, false",
    "0.74, 2, true",
    "0.76, 2, false"
  })
  void guessingDependsOnTheClasses(double top1, int classes, boolean hardly) {
    assertEquals(hardly, SelfAudit.isHardlyRight(top1, classes));
  }

  /** Noise is nothing that the network has learnt to tell apart. */
  @Test
  void aNetworkThatIsHardlyRightIsDoubted() throws IOException {
    Path data = ImageFiles.tenClasses(folder.resolve("noise"), 6);
    Path out = folder.resolve("run");
    Path others = ImageFiles.tenClasses(folder.resolve("others"), 1);
    CommandLineRun run =
        CommandLineRun.analyze(
            "--data", data, "--calibrate-data", others, "--no-report", "--out", out);
    List<String> told = run.succeeds().err().lines().toList();
    assertEquals(1, told.size(), run::toString);
    for (String word :
        List.of(
            "of 60 images",
            "among 10 classes",
            "--input-range",
            "--mean",
            "--channel-order",
            "--synsets",
            "--resolution",
            "--suggest-preprocessing")) {
      assertTrue(told.getFirst().contains(word), word + ": " + told);
    }
    assertEquals(told, List.of("depthscope: " + notices(out).path(0).asText()));
    Path few = folder.resolve("few");
    CommandLineRun.analyze(
            "--data", data, "--calibrate-data", others, "--limit", 49, "--no-report", "--out", few)
        .succeeds();
    assertEquals(0, notices(few).size(), "too few images to tell");
    Path free = folder.resolve("free");
    CommandLineRun.analyze(
            "--data",
            data,
            "--calibrate-data",
            others,
            "--unlabelled",
            "--no-report",
            "--out",
            free)
        .succeeds();
    assertEquals(0, notices(free).size(), "no labels");
  }

  /** Whether they are spread or the first ones, of all images or of some. */
  @ParameterizedTest
  @CsvSource({
    "20, spread, 60, 20", // of 60, one in three
    "20, spread, 30, 10",
    "20, first, 30, 20",
    "60, spread, 60, 60",
    "1, first, 60, 1"
  })
  void imagesThatAreCalibratedWithAndRunAreCounted(int calibrated, String order, int run, int both)
      throws IOException {
    Path data = ImageFiles.tenClasses(folder.resolve("noise"), 6);
    Path out = folder.resolve("run");
    String[] line = {
      "analyze",
      "--quiet",
      "--backend",
      "cpu",
      "--unlabelled",
      "--no-report",
      "--data",
      data.toString(),
      "--calibrate",
      "" + calibrated,
      "--calibration-order",
      order,
      "--limit",
      "" + run
    };
    CommandLineRun.of(with(line, "--out", out)).succeeds();
    assertEquals(
        both
            + " of the "
            + run
            + " images are those of the calibration; --exclude-calibration leaves them out",
        notices(out).path(0).asText());
    Path without = folder.resolve("without");
    CommandLineRun excluded =
        CommandLineRun.of(with(line, "--exclude-calibration", "--out", without));
    if (both == run) {
      excluded.isMisuse("--exclude-calibration", "all of " + run + " are calibrated with");
      return;
    }
    excluded.succeeds();
    assertTrue(notices(without).isEmpty());
    assertEquals(
        run - both,
        RunFiles.json(without.resolve("results.json")).at("/network/images").intValue());
  }

  private static Object[] with(String[] line, Object... more) {
    return Stream.concat(Arrays.stream(line), Arrays.stream(more)).toArray();
  }

  @Test
  void aSoundRunIsNotDoubted() {
    Path out = folder.resolve("run");
    CommandLineRun run =
        CommandLineRun.analyze("--data", "synthetic:60", "--no-report", "--out", out).succeeds();
    assertEquals("", run.err());
    assertTrue(notices(out).isArray() && notices(out).isEmpty());
  }

  private Path inputs(String name, float scale, float shift) throws IOException {
    Path file = folder.resolve(name);
    Random random = new Random(5);
    float[] values = new float[20 * 3 * 7 * 9];
    for (int i = 0; i < values.length; i++) {
      values[i] = shift + scale * random.nextFloat();
    }
    NpyHeader header = new NpyHeader(NpyHeader.Type.FLOAT32, List.of(20, 3, 7, 9));
    try (NpyWriter out = new NpyWriter(file, header)) {
      out.write(values);
      out.finish();
    }
    return file;
  }

  /** Inputs from 0 to 1 are measured. */
  @ParameterizedTest
  @CsvSource({"1, 0, false", "2, -1, true", "255, 0, true", "0.5, 0, true", "1.1, -0.1, false"})
  void aCalibrationOfOtherInputsIsDoubted(float scale, float shift, boolean doubted)
      throws IOException {
    Path data = inputs("x.npy", 1, 0);
    Path calibration = inputs("calibration.npy", scale, shift);
    Path out = folder.resolve("run");
    CommandLineRun run =
        CommandLineRun.analyze(
                "--model", MODEL, "--data", data, "--calibrate-data", calibration, "--out", out)
            .succeeds();
    assertEquals(doubted, run.err().contains("prepared alike"), run::toString);
    assertEquals(doubted ? 1 : 0, notices(out).size());
  }

  @Test
  void thePreprocessingOfTheTrainingIsFound() throws IOException {
    for (String stated : List.of("-1..1", "0..255")) {
      CommandLineRun run =
          CommandLineRun.of(
                  "analyze",
                  "--quiet",
                  "--suggest-preprocessing",
                  "--data",
                  "synthetic:300",
                  "--input-range=" + stated,
                  "--out",
                  folder.resolve("none"))
              .succeeds();
      assertTrue(run.out().contains("best: " + BEST + "\n"), run::toString);
      assertTrue(run.out().startsWith("64 images"), run::toString);
      List<String> now = run.out().lines().filter(l -> l.strip().endsWith("now")).toList();
      assertEquals(1, now.size(), run::toString);
      assertTrue(now.getFirst().contains("--input-range " + stated + " "), run::toString);
      assertFalse(run.out().contains("guessing"), run::toString);
    }
    CommandLineRun odd =
        CommandLineRun.of(
                "analyze",
                "--quiet",
                "--suggest-preprocessing",
                "--data",
                "synthetic:9",
                "--mean",
                3)
            .succeeds();
    assertTrue(odd.out().lines().anyMatch(l -> l.matches("as stated .* now")), odd::toString);
    assertEquals(Set.of(), RunFiles.contents(folder).keySet(), "nothing is recorded");
  }

  /** Nine of the ten classes, so that output 0 stands for none of them. */
  @Test
  void aClassInFrontIsFound() throws IOException {
    Path data = folder.resolve("nine");
    try (Dataset images = Datasets.open("synthetic:80", Datasets.Options.defaults())) {
      for (int i = 0; i < images.size(); i++) {
        if (images.label(i) > 0) {
          write(images.read(i), data.resolve("class" + images.label(i)).resolve(i + ".png"));
        }
      }
    }
    CommandLineRun.analyze("--data", data).fails("has 9 classes, the network 10");
    CommandLineRun run =
        CommandLineRun.analyze("--data", data, "--suggest-preprocessing").succeeds();
    String first = run.out().lines().skip(3).findFirst().orElseThrow();
    assertTrue(first.startsWith(BEST) && first.contains("output 1"), run::toString);
    assertTrue(run.out().contains("Output 0 stands for no class"), run::toString);
  }

  private static void write(RgbImage image, Path file) throws IOException {
    BufferedImage copy =
        new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < image.width() * image.height(); i++) {
      int rgb = 0;
      for (int c = 0; c < 3; c++) {
        rgb = rgb << 8 | image.rgb()[3 * i + c] & 0xff;
      }
      copy.setRGB(i % image.width(), i / image.width(), rgb);
    }
    Files.createDirectories(file.getParent());
    assertTrue(ImageIO.write(copy, "png", file.toFile()));
  }

  @Test
  void withoutLabelsNothingCanBeTried() throws IOException {
    Path data = ImageFiles.tenClasses(folder.resolve("noise"), 1);
    CommandLineRun.analyze("--data", data, "--unlabelled", "--suggest-preprocessing")
        .isMisuse("--suggest-preprocessing");
    CommandLineRun.analyze(
            "--model", MODEL, "--data", inputs("x.npy", 1, 0), "--suggest-preprocessing")
        .isMisuse("--suggest-preprocessing");
    CommandLineRun.analyze(
            "--model", "test-data/onnx/detector.onnx", "--data", data, "--suggest-preprocessing")
        .isMisuse("--suggest-preprocessing");
    assertTrue(Files.exists(data));
  }
}
