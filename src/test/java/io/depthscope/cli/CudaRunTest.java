package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.testkit.EmulatedDriver;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.testkit.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code analyze --backend cuda}: the same files whatever happens on the way, or one clear line.
 */
@Tag("gpu")
class CudaRunTest {
  private static final List<String> SETTINGS =
      List.of("--data", "synthetic:60", "--calibrate", "20");

  @TempDir private static Path shared;
  private static Path whole;

  @TempDir private Path folder;

  @BeforeAll
  static void runWithoutInterruption() {
    GpuBackend.get();
    whole = shared.resolve("whole");
    cuda(whole, "--batch", 64).succeeds();
  }

  private static CommandLineRun run(Path out, String backend, Object... more) {
    List<Object> args = new ArrayList<>(SETTINGS);
    args.addAll(List.of("--backend", backend, "--out", out));
    args.addAll(List.of(more));
    return CommandLineRun.analyze(args.toArray());
  }

  private static CommandLineRun cuda(Path out, Object... more) {
    return run(out, "cuda", more);
  }

  /** The same command in a process of its own, on a driver with settings of its own. */
  private static JavaProcess child(Path out, Map<String, String> settings, String... more) {
    List<String> args = new ArrayList<>(List.of("analyze", "--quiet"));
    args.addAll(SETTINGS);
    args.addAll(List.of("--out", out.toString()));
    args.addAll(List.of(more));
    return JavaProcess.run(
        environment(settings), List.of(driver()), Main.class, args.toArray(new String[0]));
  }

  private static Map<String, String> environment(Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(Map.of("DEPTHSCOPE_EMULATOR_REPORT_LEAKS", "0"));
    settings.forEach((k, v) -> all.put("DEPTHSCOPE_EMULATOR_" + k, v));
    return all;
  }

  private static String driver() {
    assumeTrue(GpuBackend.emulated(), "a GPU does not fail when it is asked to");
    return "-Ddepthscope.cuda.driver=" + System.getProperty("depthscope.cuda.driver");
  }

  /** The program's own lines on standard error. */
  private static List<String> lines(String err) {
    return err.lines()
        .filter(l -> !l.startsWith("emulated driver: ") && !l.startsWith("WARNING: "))
        .toList();
  }

  /** Exit code 1, and one line that holds the words. */
  private static void assertFails(JavaProcess run, String... words) {
    assertEquals(1, run.exit(), run::toString);
    assertEquals(1, lines(run.err()).size(), run::toString);
    String line = lines(run.err()).getFirst();
    assertTrue(line.startsWith("depthscope: "), line);
    assertFalse(line.contains("internal error") || line.contains("Exception"), line);
    for (String word : words) {
      assertTrue(line.contains(word), () -> "'" + word + "' is not in: " + line);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7})
  void batchesChangeNothing(int batch) {
    Path run = folder.resolve("run");
    cuda(run, "--batch", batch).succeeds();
    RunFiles.assertSame(whole, run, "batch " + batch);
  }

  @Test
  void theSourcesOfErrorDoNotDependOnTheBatchEither() {
    Path expected = folder.resolve("expected");
    cuda(expected, "--batch", 7, "--error-sources", "--limit", 30).succeeds();
    Path actual = folder.resolve("actual");
    cuda(actual, "--batch", 4, "--error-sources", "--limit", 30).succeeds();
    RunFiles.assertSame(expected, actual, "error sources");
  }

  /** Values next to a tie may round to the other side; everything else is the CPU's. */
  @Test
  void agreesWithTheCpu() {
    Path cpu = folder.resolve("cpu");
    run(cpu, "cpu").succeeds();
    List<Map<String, String>> expected = RunFiles.csv(cpu.resolve("predictions.csv"));
    List<Map<String, String>> actual = RunFiles.csv(whole.resolve("predictions.csv"));
    assertEquals(60, actual.size());
    for (int i = 0; i < actual.size(); i++) {
      for (String column : List.of("index", "image", "label", "predictedFp32")) {
        assertEquals(expected.get(i).get(column), actual.get(i).get(column), column);
      }
      assertEquals(
          expected.get(i).get("predictedQuantized"), actual.get(i).get("predictedQuantized"));
    }
    expected = RunFiles.csv(cpu.resolve("layers.csv"));
    actual = RunFiles.csv(whole.resolve("layers.csv"));
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < actual.size(); i++) {
      Map<String, String> a = expected.get(i);
      Map<String, String> b = actual.get(i);
      assertEquals(a.get("count"), b.get("count"));
      if (!a.get("sqnrDb").isEmpty()) {
        double off = Double.parseDouble(a.get("sqnrDb")) - Double.parseDouble(b.get("sqnrDb"));
        assertTrue(Math.abs(off) <= 0.05, () -> a.get("layer") + " is " + off + " dB off");
      }
    }
    JsonNode a = RunFiles.json(cpu.resolve("histograms.json")).get("layers");
    JsonNode b = RunFiles.json(whole.resolve("histograms.json")).get("layers");
    long all = 0;
    long moved = 0;
    for (int i = 0; i < a.size(); i++) {
      Map<Integer, Long> codes = counts(a.get(i).at("/codes"));
      for (Map.Entry<Integer, Long> e : counts(b.get(i).at("/codes")).entrySet()) {
        all += e.getValue();
        moved += Math.max(0, e.getValue() - codes.getOrDefault(e.getKey(), 0L));
      }
    }
    System.out.printf("cuda and cpu: %d of %d codes differ at least%n", moved, all);
    assertTrue(all > 2_000_000, "only " + all + " codes");
    assertTrue(moved <= 1e-3 * all, moved + " of " + all);
  }

  /** Counts by code. */
  private static Map<Integer, Long> counts(JsonNode codes) {
    Map<Integer, Long> found = new HashMap<>();
    for (int i = 0; i < codes.path("counts").size(); i++) {
      found.put(i, codes.get("counts").get(i).longValue());
    }
    return found;
  }

  /** In the middle of a batch, and while the statistics are merged. */
  @ParameterizedTest
  @CsvSource({
    "FAIL_LAUNCH, ds_image_normalize_measured_u8_table_f32_tensor__naive:9, 719",
    "FAIL_LAUNCH, ds_statistics_merge_f64_none_f64_channel__naive:14, 719"
  })
  void whatWasCheckpointedSurvivesAFailure(String setting, String value, String code) {
    Path run = folder.resolve("run");
    JavaProcess broken =
        child(
            run,
            Map.of(setting, value),
            "--backend",
            "cuda",
            "--batch",
            "4",
            "--checkpoint-every",
            "8");
    assertFails(broken, "backend cuda: ", "(" + code + ")");
    assertEquals(
        Set.of("checkpoint.bin", "predictions.csv.partial", "quantization.json"),
        RunFiles.contents(run).keySet());
    assertTrue(
        RunFiles.contents(run).get("predictions.csv.partial").length > 100, "nothing was kept");
    cuda(run, "--resume", "--batch", 7).succeeds();
    RunFiles.assertSame(whole, run, "resumed after " + setting);
  }

  @Test
  void aKilledRunIsContinued() throws IOException, InterruptedException {
    String[] more = {"--backend", "cuda", "--data", "synthetic:120", "--calibrate", "20"};
    Path expected = folder.resolve("expected");
    List<Object> args = new ArrayList<>(List.of((Object[]) more));
    args.addAll(List.of("--out", expected));
    CommandLineRun.analyze(args.toArray()).succeeds();
    Path run = folder.resolve("run");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx512m",
                driver(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "analyze",
                "--quiet",
                "--batch",
                "1",
                "--checkpoint-every",
                "4",
                "--out",
                run.toString()));
    command.addAll(List.of(more));
    Process child =
        new ProcessBuilder(command)
            .redirectOutput(folder.resolve("out.txt").toFile())
            .redirectError(folder.resolve("err.txt").toFile())
            .start();
    Path predictions = run.resolve("predictions.csv.partial");
    while (!Files.exists(predictions) || Files.size(predictions) < 300) {
      assertTrue(child.isAlive(), "it ended by itself");
      Thread.sleep(5);
    }
    child.destroyForcibly();
    assertEquals(128 + 9, child.waitFor());
    assertFalse(Files.exists(run.resolve("results.json")), "it had finished already");
    args.set(args.size() - 1, run);
    args.addAll(List.of("--resume", "--batch", 64));
    CommandLineRun.analyze(args.toArray()).succeeds();
    RunFiles.assertSame(expected, run, "continued after a kill");
  }

  @Test
  void withoutADriverThereIsOneReason() {
    assumeFalse(Files.exists(Path.of("/proc/driver/nvidia")), "this machine has an NVIDIA driver");
    Path run = folder.resolve("run");
    String reason =
        "backend cuda is missing: no GPU can be used: no NVIDIA driver is installed"
            + " (libcuda.so.1 is not found)";
    String none = "-Ddepthscope.cuda.driver=";
    String[] analyze = {
      "analyze", "--quiet", "--data", "synthetic:4", "--calibrate", "4", "--out", run.toString()
    };
    List<String> asked = new ArrayList<>(List.of(analyze));
    asked.addAll(List.of("--backend", "cuda"));
    assertFails(
        JavaProcess.run(Map.of(), List.of(none), Main.class, asked.toArray(new String[0])), reason);
    JavaProcess auto = JavaProcess.run(Map.of(), List.of(none), Main.class, analyze);
    assertEquals(0, auto.exit(), auto::toString);
    JsonNode manifest = RunFiles.json(run.resolve(RunFiles.MANIFEST));
    assertEquals("auto: " + reason, manifest.get("backendChoice").textValue());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          DRIVER     | 10020 | backend cuda is missing: no GPU can be used: the driver is one for CUDA 10.2
          DEVICES    | 0     | backend cuda is missing: no GPU can be used: the driver finds no GPU
          INIT_ERROR | 999   | backend cuda is missing: no GPU can be used: cuInit failed with CUDA_ERROR_UNKNOWN (999)
          CAPABILITY | 7.0   | backend cuda: kernels: built for sm_75 and newer, this device is sm_70
          """)
  void aDeviceThatCannotBeUsedIsOneLine(String setting, String value, String reason) {
    Path run = folder.resolve("run");
    assertFails(child(run, Map.of(setting, value), "--backend", "cuda"), reason);
    assertFalse(Files.exists(run), "a run was begun");
    JavaProcess auto = child(run, Map.of(setting, value), "--limit", "4");
    assertEquals(0, auto.exit(), auto::toString);
    JsonNode manifest = RunFiles.json(run.resolve(RunFiles.MANIFEST));
    assertEquals("cpu", manifest.get("backend").textValue());
    assertTrue(
        manifest.get("backendChoice").textValue().startsWith("auto: " + reason),
        manifest::toString);
  }

  @Test
  void withAGpuAutoTakesIt() {
    Path run = folder.resolve("run");
    run(run, "auto", "--limit", 4).succeeds();
    JsonNode manifest = RunFiles.json(run.resolve(RunFiles.MANIFEST));
    assertEquals("cuda", manifest.get("backend").textValue());
    assertEquals("auto: there is a GPU", manifest.get("backendChoice").textValue());
    assertTrue(manifest.get("backendDescription").textValue().contains("kernels sm_"));
  }

  /** The message names a batch, and with it the run works. */
  @Test
  void aBatchTooLargeNamesOneThatFits() {
    Path run = folder.resolve("run");
    Map<String, String> small = Map.of("MEMORY", "9M");
    JavaProcess failed = child(run, small, "--backend", "cuda", "--batch", "64");
    assertFails(failed, "out of GPU memory: a batch of 64 needs ", "; try --batch ");
    String batch = lines(failed.err()).getFirst().replaceFirst(".*; try --batch (\\d+)$", "$1");
    assertTrue(Integer.parseInt(batch) < 64, batch);
    JavaProcess smaller = child(run, small, "--backend", "cuda", "--batch", batch, "--overwrite");
    assertEquals(0, smaller.exit(), smaller::toString);
    RunFiles.assertSame(whole, run, "batch " + batch);
    assertFails(
        child(run, Map.of("MEMORY", "2M"), "--backend", "cuda", "--overwrite"),
        "out of GPU memory",
        "; not even one image fits");
  }

  /** Runs a short analysis over and over, the device lost after more and more calls. */
  static final class LostAgainAndAgain {
    private LostAgainAndAgain() {}

    public static void main(String[] args) throws Exception {
      CommandLineRun.of("devices");
      Path out = Files.createTempDirectory("lost");
      int survived = 0;
      for (int calls = 1; survived < 1; calls += 1 + calls / 6) {
        EmulatedDriver.set("LOSE_DEVICE", calls);
        CommandLineRun run =
            CommandLineRun.analyze(
                "--backend",
                "cuda",
                "--data",
                "synthetic:4",
                "--calibrate",
                2,
                "--batch",
                2,
                "--overwrite",
                "--out",
                out.resolve("run"));
        boolean clear =
            run.exit() == 1 && run.err().lines().count() == 1 && run.err().contains("(999)");
        survived += run.exit() == 0 ? 1 : 0;
        System.out.println((clear ? "clear " : run.exit() == 0 ? "whole " : "BAD ") + calls);
        if (!clear && run.exit() != 0) {
          System.out.println(run);
        }
        EmulatedDriver.reset();
        EmulatedDriver.destroyContexts();
      }
    }
  }

  @Test
  void aDeviceMayBeLostAtAnyCall() {
    JavaProcess run =
        JavaProcess.run(environment(Map.of()), List.of(driver()), LostAgainAndAgain.class);
    assertEquals(0, run.exit(), run::toString);
    List<String> lines = run.out().lines().toList();
    assertEquals(List.of(), lines.stream().filter(l -> l.startsWith("BAD")).toList(), run::out);
    assertTrue(lines.stream().filter(l -> l.startsWith("clear")).count() >= 20, run::out);
    assertTrue(lines.getLast().startsWith("whole"), run::out);
  }
}
