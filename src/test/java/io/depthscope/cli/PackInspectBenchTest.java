package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackInspectBenchTest {
  @TempDir private Path folder;

  private Path analyze(Object data, String name) {
    Path out = folder.resolve(name);
    CommandLineRun.analyze(
            "--data",
            data,
            "--calibrate-data",
            "synthetic:16:train",
            "--calibrate",
            16,
            "--out",
            out)
        .succeeds();
    return out;
  }

  private Path pack(Object data) {
    Path packed = folder.resolve("packed.bin");
    CommandLineRun run =
        CommandLineRun.of("pack", "--quiet", "--data", data, "--out", packed).succeeds();
    assertTrue(run.out().startsWith("packed "), run::out);
    assertTrue(run.out().contains(packed.toString()), run::out);
    return packed;
  }

  @Test
  void packedSyntheticImagesGiveTheSameResults() {
    Path expected = analyze("synthetic:30", "expected");
    RunFiles.assertSame(expected, analyze(pack("synthetic:30"), "actual"), "packed synthetic");
  }

  @Test
  void packedFoldersGiveTheSameResults() throws IOException {
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 3);
    Path expected = analyze(images, "expected");
    RunFiles.assertSame(expected, analyze(pack(images), "actual"), "packed folder");
  }

  /** Skipped images are not in the packed file, so that indices move and nothing else. */
  @Test
  void packingLeavesUnreadableImagesOut() throws IOException {
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 2);
    ImageFiles.text(images.resolve("class3").resolve("bad.png"));
    Path packed = folder.resolve("packed.bin");
    CommandLineRun run =
        CommandLineRun.of("pack", "--quiet", "--data", images, "--out", packed).succeeds();
    assertTrue(run.err().startsWith("depthscope: skipped class3/bad.png: "), run::err);
    assertTrue(run.out().startsWith("packed 20 images"), run::out);
    JsonNode n = RunFiles.json(analyze(packed, "run").resolve("results.json")).path("network");
    assertEquals(20, n.path("images").intValue());
    assertEquals(0, n.path("skippedImages").intValue());
  }

  @Test
  void packDoesNotReplaceAFileUnasked() throws IOException {
    Path packed = Files.writeString(folder.resolve("packed.bin"), "mine");
    CommandLineRun.of("pack", "--quiet", "--data", "synthetic:4", "--out", packed)
        .isMisuse(packed.toString(), "--overwrite");
    assertEquals("mine", Files.readString(packed));
    CommandLineRun.of("pack", "--quiet", "--data", "synthetic:4", "--out", packed, "--overwrite")
        .succeeds();
    CommandLineRun.of("pack", "--data", "synthetic:4", "--out", folder, "--overwrite")
        .isMisuse(folder.toString(), "folder");
    try (var files = Files.list(folder)) {
      assertEquals(List.of(packed), files.toList(), "no partial files may stay");
    }
  }

  @Test
  void aDamagedPackedFileIsRefused() throws IOException {
    byte[] good = Files.readAllBytes(pack("synthetic:8"));
    Path bad = folder.resolve("bad.bin");
    Path out = folder.resolve("run");
    for (int length : new int[] {0, 3, 64, good.length / 2, good.length - 1}) {
      Files.write(bad, Arrays.copyOf(good, length));
      CommandLineRun.analyze("--data", bad, "--out", out).fails(bad.toString());
    }
    assertFalse(Files.exists(out));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dws-cnn", "regular-cnn"})
  void inspectShowsEveryLayer(String family) {
    String model = "test-data/models/" + family + "-synthetic.safetensors";
    String text = CommandLineRun.of("inspect", "--model", model).succeeds().out();
    List<String> lines = text.lines().toList();
    assertTrue(lines.getFirst().startsWith(model + ": " + family + ", "), text);
    assertTrue(lines.getFirst().matches(".* sha256 [0-9a-f]{64}"), text);
    String header = lines.get(2);
    for (String column :
        List.of("layer", "output", "parameters", "MACs", "stored range", "folded range")) {
      assertTrue(header.contains(column), header);
    }
    for (String layer : List.of("input ", "stem ", "global_pool ", "classifier ")) {
      assertEquals(1, lines.stream().filter(l -> l.startsWith(layer)).count(), text);
    }
    assertTrue(lines.getLast().contains("multiply-accumulates"), text);
    assertTrue(lines.stream().skip(1).allMatch(l -> l.length() <= 130), text);
    assertEquals("dws-cnn".equals(family), text.contains("depthwise"), text);
  }

  @Test
  void inspectShowsTheEmbeddedNetworkByDefault() {
    String text = CommandLineRun.of("inspect").succeeds().out();
    String file = CommandLineRun.of("inspect", "--model", StoppableRun.MODEL).succeeds().out();
    assertEquals(
        file.lines().skip(1).toList(), text.lines().skip(1).toList(), "the same but for its name");
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "paired", "statistics", "sources"})
  void benchPrintsOneLineOfJson(String level) throws IOException {
    String out =
        CommandLineRun.of(
                "bench",
                "run",
                "--data",
                "synthetic:8",
                "--batch",
                8,
                "--warm-up",
                0,
                "--seconds",
                0.05,
                "--level",
                level)
            .succeeds()
            .out();
    assertEquals(1, out.lines().count(), out);
    JsonNode json = new ObjectMapper().readTree(out);
    assertEquals(level, json.path("level").textValue());
    assertTrue(json.path("backend").isTextual());
    assertTrue(json.path("images").longValue() >= 8, out);
    double rate = json.path("imagesPerSecond").doubleValue();
    double images = json.path("images").doubleValue();
    assertTrue(rate > 0 && json.path("seconds").doubleValue() > 0, out);
    assertEquals(images / json.path("seconds").doubleValue(), rate, 0.01 * rate);
  }

  @Test
  void noCommandLeavesFilesOfItsOwn() {
    CommandLineRun.of("inspect").succeeds();
    assertEquals(Set.of(), RunFiles.contents(folder).keySet());
  }
}
