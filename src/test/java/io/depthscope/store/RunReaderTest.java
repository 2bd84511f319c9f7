package io.depthscope.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.cli.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
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
    RecordedRun run = RunReader.read(folder.resolve("first"));
    JsonNode json = new ObjectMapper().readTree(folder.resolve("first/results.json").toFile());
    assertEquals("first", run.name());
    assertEquals(json.path("family").asText(), run.family());
    assertEquals(8, run.scheme().weights().orElseThrow().bits());
    assertEquals(40, run.network().images());
    assertEquals(40, run.predictions().size());
    assertEquals(json.path("layers").size(), run.layers().size());
    for (RecordedLayer l : run.layers()) {
      JsonNode same = json.path("layers").path(l.index());
      assertEquals(same.path("name").asText(), l.name());
      assertEquals(same.path("error").path("mse").doubleValue(), l.error().mse());
      assertEquals(same.path("error").path("gain").asDouble(Double.NaN), l.error().gain());
      assertEquals(same.path("fp32").path("max").doubleValue(), l.fp32().statistics().max());
      assertEquals(l.shape().channels(), l.channels().size());
      double widest = l.channels().stream().mapToDouble(c -> c.fp32().max()).max().orElseThrow();
      assertEquals(l.fp32().statistics().max(), widest);
      long counted = 0;
      for (long c : l.histogram().counts()) {
        counted += c;
      }
      assertEquals(l.fp32().statistics().count(), counted);
      assertEquals(l.output().isPresent(), l.codes().isPresent());
    }
    RecordedLayer first = run.layer("stem");
    assertEquals(6, first.error().energies().size());
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
  void aMissingRunIsSaid() {
    assertMessage(folder.resolve("none"), "no such folder");
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
