package io.depthscope.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.depthscope.cli.Main;
import io.depthscope.stats.Prediction;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run wrote is what is read; what is damaged is named. */
class RunReaderTest {
  @TempDir static Path folder;
  @TempDir Path copy;

  @BeforeAll
  static void run() {
    String[] args = {
      "analyze",
      "--data",
      "synthetic:40",
      "--calibrate",
      "20",
      "--error-sources",
      "--backend",
      "cpu",
      "--quiet",
      "--out",
      folder.resolve("first").toString()
    };
    StringWriter text = new StringWriter();
    int code = Main.run(args, new PrintWriter(text), new PrintWriter(text));
    assertEquals(0, code, text::toString);
  }

  @Test
  void everyFigureIsReadBack() throws IOException {
    Run run = RunReader.read(folder.resolve("first"));
    JsonNode json = new ObjectMapper().readTree(folder.resolve("first/results.json").toFile());
    assertEquals("first", run.name());
    assertEquals(json.path("family").asText(), run.family());
    assertEquals(8, run.scheme().weights().orElseThrow().bits());
    assertEquals(40, run.network().images());
    assertEquals(40, run.predictions().size());
    assertEquals(json.path("layers").size(), run.layers().size());
    for (RunLayer l : run.layers()) {
      JsonNode same = json.path("layers").path(l.identity().index());
      assertEquals(same.path("name").asText(), l.name());
      assertEquals(same.path("error").path("mse").doubleValue(), l.error().mse());
      assertEquals(same.path("error").path("gain").asDouble(Double.NaN), l.step().gain());
      assertEquals(same.path("fp32").path("max").doubleValue(), l.fp32().statistics().max());
      assertEquals(l.identity().shape().channels(), l.channels().size());
      double widest = l.channels().stream().mapToDouble(c -> c.fp32().max()).max().orElseThrow();
      assertEquals(l.fp32().statistics().max(), widest);
      assertEquals(l.fp32().statistics().count(), l.histogram().count());
      assertEquals(l.params().isPresent(), l.codes().isPresent());
    }
    RunLayer first = run.layer("stem");
    assertTrue(first.error().energies().orElseThrow().total() > 0);
    assertTrue(first.channels().getFirst().foldingFactor() != 0);
    assertTrue(first.channels().getFirst().batchNormVariance() > 0);
    assertTrue(run.manifest().containsKey("version"), () -> run.manifest().toString());
  }

  @Test
  void aDamagedFileIsNamed() throws IOException {
    for (String name : new String[] {"results.json", "histograms.json", "manifest.json"}) {
      Path run = damaged(name, text -> text.substring(0, text.length() / 2));
      assertMessage(run, name + ": not JSON");
    }
    assertMessage(
        damaged("channels.csv", text -> text.substring(0, text.length() / 2)), "channels.csv: ");
    assertMessage(
        damaged("predictions.csv", text -> text.replaceFirst("\n0,", "\nzero,")),
        "predictions.csv: row 2: index is no integer");
    assertMessage(
        damaged("results.json", text -> text.replace("\"qmse\"", "\"other\"")),
        "results.json: network.qmse is missing");
    assertMessage(
        damaged(
            "results.json", text -> text.replace("\"schemaVersion\" : 1", "\"schemaVersion\" : 9")),
        "results.json: schemaVersion is not 1");
  }

  @Test
  void filesThatDoNotBelongTogetherAreNamed() throws IOException {
    assertMessage(
        damaged("predictions.csv", text -> text.substring(0, text.lastIndexOf("\n39,") + 1)),
        "predictions.csv: 39 images, not 40 as results.json says");
    assertMessage(
        damaged("predictions.csv", text -> text.replace("\n7,", "\n6,")),
        "predictions.csv: row 9: index 6 does not ascend");
    assertMessage(
        damaged("predictions.csv", text -> text.replace("\n0,", "\n-1,")),
        "predictions.csv: row 2: index -1 does not ascend");
    assertMessage(
        damaged("channels.csv", text -> text.replace("\nstem,1,", "\nstem,1000,")),
        "channels.csv: channel 1000 of stem stands where channel 1 belongs");
    assertMessage(
        damaged("channels.csv", text -> text.replace("\nstem,1,", "\nstem,0,")),
        "channels.csv: channel 0 of stem stands where channel 1 belongs");
    for (int bits : new int[] {1, 17}) {
      assertMessage(
          damaged("results.json", text -> text.replaceFirst("\"bits\" : 8", "\"bits\" : " + bits)),
          "results.json: scheme.weights.bits is not in 2..16");
    }
    assertMessage(
        damaged("histograms.json", text -> oneMore(text, "fp32")),
        "histograms.json: layers[0].fp32.counts is not of the");
    assertMessage(
        damaged("histograms.json", text -> oneMore(text, "codes")),
        "histograms.json: layers[0].codes.counts is not of the");
  }

  /** Raises the first count of the first layer. */
  private static String oneMore(String text, String of) {
    try {
      ObjectMapper json = new ObjectMapper();
      JsonNode tree = json.readTree(text);
      ArrayNode counts = (ArrayNode) tree.at("/layers/0/" + of + "/counts");
      counts.set(0, counts.get(0).longValue() + 1);
      return json.writeValueAsString(tree);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void noClassIsNeverTheSame() {
    assertTrue(prediction(-1, -1).flipped());
    assertTrue(prediction(2, -1).flipped());
    assertTrue(prediction(2, 3).flipped());
    assertFalse(prediction(0, 0).flipped());
  }

  private static Prediction prediction(int fp32, int quantized) {
    return new Prediction(0, "a.png", 0, fp32, quantized, 1, 0.1, 20);
  }

  @Test
  void aMissingRunIsSaid() {
    assertMessage(folder.resolve("none"), "no such file or directory");
    assertMessage(folder, "no finished run");
  }

  private interface Damage {
    String to(String text);
  }

  private Path damaged(String name, Damage damage) throws IOException {
    Path run = Files.createDirectories(copy.resolve("damaged"));
    try (var files = Files.list(folder.resolve("first"))) {
      for (Path f : files.toList()) {
        Files.write(run.resolve(f.getFileName()), Files.readAllBytes(f));
      }
    }
    String before = Files.readString(run.resolve(name));
    String after = damage.to(before);
    assertTrue(!after.equals(before), () -> name + " was not changed");
    Files.writeString(run.resolve(name), after);
    return run;
  }

  private static void assertMessage(Path run, String expected) {
    IOException e = assertThrows(IOException.class, () -> RunReader.read(run));
    assertTrue(e.getMessage().contains(expected), e::getMessage);
    assertTrue(!e.getMessage().contains("\n"), e::getMessage);
  }
}
