package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sensitivity on the command line. */
class SensitivityCommandTest {
  private static final String CHECKPOINT = "sensitivity.bin";
  private static final List<Object> SETTINGS =
      List.of("sensitivity", "--data", "synthetic:200", "--images", "120", "--calibrate", "20");

  @TempDir private static Path shared;
  private static Path whole;

  @TempDir private Path folder;

  @BeforeAll
  static void measure() {
    whole = shared.resolve("whole");
    measure(whole, "--quiet").succeeds();
  }

  private static CommandLineRun measure(Path out, Object... more) {
    List<Object> args = new ArrayList<>(SETTINGS);
    args.addAll(List.of("--out", out));
    args.addAll(List.of(more));
    return CommandLineRun.of(args.toArray());
  }

  private static void assertSame(Path run) throws IOException {
    for (String file : List.of("sensitivity.json", "sensitivity.csv")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(run.resolve(file)), file);
    }
    assertFalse(Files.exists(run.resolve(CHECKPOINT)));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 50"})
  void theSameBytesForAnyThreadsAndBatch(int threads, int batch) throws IOException {
    Path run = folder.resolve("run");
    measure(run, "--quiet", "--threads", threads, "--batch", batch).succeeds();
    assertSame(run);
  }

  @Test
  void writesRankingsAndATable() {
    JsonNode json = RunFiles.json(whole.resolve("sensitivity.json"));
    int layers = json.get("layers").size();
    assertTrue(layers > 10, json::toString);
    assertEquals(layers, json.get("rankings").get("alone").size());
    assertTrue(json.get("cost").get("passes").asDouble() <= 15);
    List<Map<String, String>> rows = RunFiles.csv(whole.resolve("sensitivity.csv"));
    assertEquals(2 * layers, rows.size());
    assertEquals("alone", rows.getFirst().get("direction"));
    assertEquals("1", rows.getFirst().get("place"));
    assertEquals(json.get("rankings").get("alone").get(0).asText(), rows.getFirst().get("layer"));
    assertEquals("", rows.getFirst().get("gainDb"));
    assertFalse(rows.getLast().get("gainDbLow").isEmpty());
    CommandLineRun told = measure(folder.resolve("told")).succeeds();
    assertTrue(told.out().contains("Quantized alone, the most harmful first:"), told::toString);
    assertTrue(told.out().contains("Left in float32 alone, the most helpful first:"));
    assertTrue(told.out().contains("passes over 120 images"), told::toString);
  }

  @Test
  void killedInTheMiddleItContinues() throws IOException, InterruptedException {
    Path run = folder.resolve("run");
    List<Object> args = new ArrayList<>(SETTINGS);
    args.addAll(List.of("--out", run, "--batch", "4", "--quiet"));
    Process child = StartedProgram.until(run.resolve(CHECKPOINT), folder, args);
    child.destroyForcibly();
    assertEquals(128 + 9, child.waitFor());
    assertFalse(Files.exists(run.resolve("sensitivity.json")), "it had finished already");
    measure(run, "--quiet").isMisuse("--resume", "--overwrite");
    measure(run, "--quiet", "--resume", "--passes", "12").fails("other settings", "sensitivity");
    measure(run, "--quiet", "--resume").succeeds();
    assertSame(run);
    assertTrue(measure(run, "--resume").succeeds().out().contains("nothing to resume"));
    measure(run, "--quiet").isMisuse("finished results");
  }

  @Test
  void refusesWhatIsWrong() throws IOException {
    Path run = folder.resolve("run");
    measure(run, "--images", "0").isMisuse("--images");
    measure(run, "--confidence", "1").isMisuse("--confidence");
    measure(run, "--precision", "-1").isMisuse("--precision");
    measure(run, "--passes", "NaN").isMisuse("--passes");
    measure(run, "--passes", "3", "--exhaustive").isMisuse("contradict");
    measure(run, "--resume", "--overwrite").isMisuse("contradict");
    CommandLineRun.of("sensitivity", "--resume").isMisuse("--out");
    assertFalse(Files.exists(run));
    Files.createDirectories(run);
    Files.writeString(run.resolve("letter.txt"), "mine", StandardCharsets.UTF_8);
    measure(run).isMisuse("letter.txt");
    Path analyzed = folder.resolve("analyzed");
    CommandLineRun.analyze("--data", "synthetic:8", "--calibrate", "8", "--out", analyzed)
        .succeeds();
    measure(analyzed, "--overwrite").isMisuse("holds");
  }

  @Test
  void damageIsSaid() throws IOException {
    Path run = folder.resolve("run");
    Files.createDirectories(run);
    Files.write(run.resolve(CHECKPOINT), new byte[] {0x44, 0x53, 0x43, 0x50, 0, 0, 0, 3, 9});
    measure(run, "--quiet", "--resume").fails("damaged checkpoint");
    assertTrue(Files.exists(run.resolve(CHECKPOINT)));
  }

  @Test
  void saysWhatItWillHold() {
    CommandLineRun run = measure(folder.resolve("run"), "--explain-memory").succeeds();
    assertTrue(run.out().contains("heap needed"), run::toString);
    assertFalse(Files.exists(folder.resolve("run")));
  }
}
