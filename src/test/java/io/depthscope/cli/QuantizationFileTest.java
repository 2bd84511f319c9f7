package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.depthscope.record.RunDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An earlier run's calibration, whole and damaged. */
class QuantizationFileTest {
  @TempDir private static Path folder;
  private static Path first;
  private static Path good;

  @BeforeAll
  static void run() {
    first = folder.resolve("first");
    CommandLineRun.analyze("--data", "synthetic:24", "--calibrate", 12, "--out", first).succeeds();
    good = first.resolve("quantization.json");
  }

  private static CommandLineRun with(Path file, Path out, Object... more) {
    Object[] args = Arrays.copyOf(new Object[] {"--data", "synthetic:24"}, 6 + more.length);
    args[2] = "--quantization";
    args[3] = file;
    args[4] = "--out";
    args[5] = out;
    System.arraycopy(more, 0, args, 6, more.length);
    return CommandLineRun.analyze(args);
  }

  @Test
  void givesTheResultsOfTheRunThatMadeIt() {
    Path second = folder.resolve("second");
    with(good, second).succeeds();
    RunFiles.assertSame(first, second, "calibrated once, used twice");
    // The page shows the manifest.
    assertEquals(Set.of(RunFiles.MANIFEST, RunDirectory.REPORT), RunFiles.differing(first, second));
  }

  @Test
  void isRefusedForOtherWeightsOfTheSameNetwork() throws IOException {
    Path changed = folder.resolve("changed.json");
    String text = Files.readString(good);
    String other = text.replaceFirst("(\"weights\" : \")[0-9a-f]", "$1x");
    assertFalse(text.equals(other));
    Files.writeString(changed, other);
    with(changed, folder.resolve("refused")).fails(changed.toString(), "other weights");
  }

  /** What is overwritten may be what the new run reads. */
  @Test
  void survivesOverwritingTheRunItBelongsTo() {
    Path run = folder.resolve("overwritten");
    with(good, run).succeeds();
    with(run.resolve("quantization.json"), run, "--overwrite", "--scheme", "w4a8").succeeds();
    assertEquals(
        "w4a8", RunFiles.json(run.resolve("results.json")).path("scheme").path("name").textValue());
  }

  @Test
  void whenMissingLeavesTheEarlierRunAlone() {
    Path run = folder.resolve("kept");
    with(good, run).succeeds();
    with(folder.resolve("no.json"), run, "--overwrite").fails("no.json");
    RunFiles.assertSame(first, run, "a failed run overwrites nothing");
  }

  /** One calibration serves every range and bit width. */
  @ParameterizedTest
  @CsvSource({"w4a4, min-max", "w8a8, mse", "w8a6, percentile:99.9"})
  void givesTheResultsOfAnotherSchemeToo(String scheme, String range) {
    Path calibrated = folder.resolve("calibrated-" + scheme + range.charAt(0));
    Path reused = folder.resolve("reused-" + scheme + range.charAt(0));
    Object[] options = {"--scheme", scheme, "--range", range};
    with(good, reused, options).succeeds();
    CommandLineRun.analyze(
            "--data",
            "synthetic:24",
            "--calibrate",
            12,
            "--out",
            calibrated,
            "--scheme",
            scheme,
            "--range",
            range)
        .succeeds();
    RunFiles.assertSame(calibrated, reused, scheme + " " + range);
  }

  /** A change to the file's tree, and a word of the message. */
  private static Map<String, Consumer<ObjectNode>> changes() {
    Map<String, Consumer<ObjectNode>> c = new TreeMap<>();
    c.put("schemaVersion: other version", r -> r.put("schemaVersion", 2));
    c.put("schemaVersion: no version", r -> r.remove("schemaVersion"));
    c.put("no calibration: none", r -> r.remove("calibration"));
    c.put("no calibration: empty", r -> ((ArrayNode) tensors(r)).removeAll());
    c.put("no calibration: not a list", r -> calibration(r).put("tensors", 3));
    c.put("images: text", r -> calibration(r).put("images", "many"));
    c.put("images: none", r -> calibration(r).put("images", 0));
    c.put("source: number", r -> calibration(r).put("source", 7));
    c.put("no calibration for layer: one missing", r -> ((ArrayNode) tensors(r)).remove(3));
    c.put("no calibration for layer: another name", r -> tensor(r).put("name", "conv_dw_1"));
    c.put("twice: a name", r -> tensor(r).put("name", "block1_dw"));
    c.put("no name: none", r -> tensor(r).remove("name"));
    c.put("incomplete: min is text", r -> tensor(r).put("min", "NaN"));
    c.put("incomplete: no max", r -> tensor(r).remove("max"));
    c.put("not a finite range: min above max", r -> tensor(r).put("min", 7));
    c.put("scale: too wide for float32", r -> tensor(r).put("max", 1e300));
    c.put("histogram: negative count", r -> counts(r).set(0, number(-1)));
    c.put("histogram: counts overflow", r -> counts(r).set(0, number(Long.MAX_VALUE)));
    c.put("histogram: fraction", r -> counts(r).set(0, number(1.5)));
    c.put("incomplete: a count less", r -> counts(r).remove(0));
    c.put("histogram: bin out of range", r -> bins(r).set(bins(r).size() - 1, number(32768)));
    c.put("histogram: bin twice", r -> bins(r).set(1, bins(r).get(0)));
    c.put(
        "empty histogram: no values",
        r -> {
          bins(r).removeAll();
          counts(r).removeAll();
        });
    return c;
  }

  private static ObjectNode calibration(ObjectNode root) {
    return (ObjectNode) root.get("calibration");
  }

  private static JsonNode tensors(ObjectNode root) {
    return calibration(root).get("tensors");
  }

  private static ObjectNode tensor(ObjectNode root) {
    return (ObjectNode) tensors(root).get(1);
  }

  private static ArrayNode bins(ObjectNode root) {
    return (ArrayNode) tensor(root).get("histogram").get("bins");
  }

  private static ArrayNode counts(ObjectNode root) {
    return (ArrayNode) tensor(root).get("histogram").get("counts");
  }

  private static JsonNode number(double x) {
    return x == Math.rint(x) && Math.abs(x) <= Long.MAX_VALUE
        ? JsonNodeFactory.instance.numberNode((long) x)
        : JsonNodeFactory.instance.numberNode(x);
  }

  @TestFactory
  List<DynamicTest> aWrongFileIsNamedWithTheReason() {
    return changes().entrySet().stream()
        .map(
            e ->
                DynamicTest.dynamicTest(
                    e.getKey(),
                    () -> {
                      ObjectMapper mapper = new ObjectMapper();
                      ObjectNode root = (ObjectNode) mapper.readTree(Files.readAllBytes(good));
                      e.getValue().accept(root);
                      refused(mapper.writeValueAsBytes(root), e.getKey().split(":", 2)[0]);
                    }))
        .toList();
  }

  private static void refused(byte[] content, String word) throws IOException {
    Path file = Files.write(folder.resolve("bad.json"), content);
    Path out = Files.createTempDirectory(folder, "refused");
    with(file, out).fails(file.toString(), word);
    assertFalse(Files.exists(out.resolve("results.json")));
    assertFalse(Files.exists(out.resolve("quantization.json")), "nothing of it may be kept");
  }

  @Test
  void aFileThatIsNoneIsNamed() throws IOException {
    byte[] bytes = Files.readAllBytes(good);
    refused(new byte[0], "");
    refused(Arrays.copyOf(bytes, bytes.length / 2), "not JSON");
    refused("[1, 2".getBytes(StandardCharsets.UTF_8), "not JSON (line 1, column 6)");
    refused("null".getBytes(StandardCharsets.UTF_8), "schemaVersion");
    refused("[]".getBytes(StandardCharsets.UTF_8), "schemaVersion");
    refused("[".repeat(100_000).getBytes(StandardCharsets.UTF_8), "not JSON");
    refused(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 0}, "not JSON");
    refused(
        (new String(bytes, StandardCharsets.UTF_8) + "{}").getBytes(StandardCharsets.UTF_8), "");
    with(folder.resolve("missing.json"), folder.resolve("refused"))
        .fails("missing.json", "no such file");
    with(folder, folder.resolve("refused")).fails(folder.toString());
  }

  @Test
  void aCalibrationOfAnotherNetworkIsRefused() {
    CommandLineRun.analyze(
            "--model",
            "test-data/models/regular-cnn-synthetic.safetensors",
            "--data",
            "synthetic:8",
            "--quantization",
            good,
            "--out",
            folder.resolve("other"))
        .fails(good.toString(), "other weights");
  }

  /** Whatever happens to the text, the outcome is a result or one line. */
  @Test
  void noDamageGoesBeyondOneLine() throws IOException {
    byte[] whole = Files.readAllBytes(good);
    byte[] telling = "0123456789-{}[]\",:.eE\\ \u0000".getBytes(StandardCharsets.UTF_8);
    int refused = 0;
    for (int seed = 0; seed < 120; seed++) {
      Random random = new Random(seed);
      byte[] bad = whole.clone();
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        int at = random.nextInt(bad.length);
        switch (random.nextInt(5)) {
          case 0 -> bad[at] = (byte) random.nextInt();
          case 1 -> bad = Arrays.copyOf(bad, Math.max(1, at));
          case 2 -> {
            int length = Math.min(random.nextInt(200), bad.length - at);
            System.arraycopy(bad, random.nextInt(bad.length - length + 1), bad, at, length);
          }
          default -> bad[at] = telling[random.nextInt(telling.length)];
        }
      }
      Path file = Files.write(folder.resolve("mutated.json"), bad);
      Path out = folder.resolve("mutated-" + seed);
      CommandLineRun run = with(file, out, "--limit", 2);
      if (run.exit() != 0) {
        run.fails(file.toString());
        refused++;
      }
    }
    assertTrue(refused > 30, refused + " refused");
  }
}
