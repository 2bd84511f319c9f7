package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network of four outputs (its file makes two of them), none of which is a vector of classes. */
class DetectorRunTest {
  private static final Path MODEL = Path.of("test-data/onnx/detector.onnx");
  private static final int IMAGES = 270; // more than a block

  @TempDir private static Path shared;
  private static Path data;
  private static Path eight;
  private static Path four;

  @TempDir private Path folder;

  @BeforeAll
  static void run() throws IOException {
    data = ImageFiles.classes(shared.resolve("images"), 9, IMAGES / 9);
    eight = shared.resolve("eight");
    analyze(eight, "--batch", 1, "--threads", 1).succeeds();
    four = shared.resolve("four");
    analyze(four, "--scheme", "w4a4").succeeds();
  }

  private static CommandLineRun analyze(Path out, Object... more) {
    Object[] args = new Object[9 + more.length];
    Object[] first = {
      "--model", MODEL, "--data", data, "--calibrate", 20, "--no-report", "--out", out
    };
    System.arraycopy(first, 0, args, 0, first.length);
    System.arraycopy(more, 0, args, first.length, more.length);
    return CommandLineRun.analyze(args);
  }

  private static JsonNode results(Path run) {
    return RunFiles.json(run.resolve("results.json"));
  }

  @Test
  void figuresAreThoseOfTheOutputs() {
    JsonNode results = results(eight);
    results
        .path("network")
        .properties()
        .forEach(
            e -> assertEquals(!e.getKey().endsWith("mages"), e.getValue().isNull(), e.getKey()));
    assertEquals(4, results.path("outputs").size());
    for (JsonNode o : results.path("outputs")) {
      JsonNode layer = null;
      for (JsonNode l : results.path("layers")) {
        layer = l.path("name").equals(o.path("layer")) ? l : layer;
      }
      assertEquals(layer.at("/error/sqnrDb"), o.path("sqnrDb"));
      assertEquals(layer.at("/error/cosine"), o.path("cosine"));
      assertEquals(layer.at("/error/maxAbs"), o.path("maxAbs"));
      assertEquals(layer.at("/fp32/min"), o.path("min"));
      assertEquals(layer.at("/fp32/max"), o.path("max"));
      double mean = o.path("meanAbs").doubleValue();
      assertTrue(mean > Math.abs(layer.at("/error/meanError").doubleValue()), o::toString);
      assertTrue(mean <= Math.sqrt(layer.at("/error/mse").doubleValue()), o::toString);
    }
    for (Map<String, String> row : RunFiles.csv(eight.resolve("predictions.csv"))) {
      assertEquals("-1", row.get("label"));
      assertEquals("-1", row.get("predictedFp32"));
      assertTrue(Double.parseDouble(row.get("sqnrDb")) > 0, row::toString);
    }
  }

  @Test
  void areTheSameForAnyBatch() {
    Path out = folder.resolve("run");
    analyze(out, "--batch", 7, "--threads", 2).succeeds();
    RunFiles.assertSame(eight, out, "batch 7");
  }

  @Test
  void textsTellOfTheOutputs() {
    Path out = folder.resolve("run");
    CommandLineRun told =
        CommandLineRun.of("analyze", "--model", MODEL, "--data", data, "--limit", 12, "--out", out)
            .succeeds();
    String name = results(eight).at("/outputs/1/layer").textValue();
    for (CommandLineRun each :
        List.of(
            told,
            CommandLineRun.of("findings", four).succeeds(),
            CommandLineRun.of("compare", eight, four).succeeds())) {
      assertTrue(each.out().contains("SQNR"), each::toString);
      assertFalse(
          each.out().matches("(?s).*(top-[15]|agreement|same class|QMSE).*"), each::toString);
    }
    assertTrue(told.out().contains("mean |e|") && told.out().contains(name), told::toString);
    CommandLineRun.of("plot", four, "--figure", "margins").fails("is no classifier");
    CommandLineRun.of("plot", four, "--figure", "error-propagation").succeeds();
  }

  @Test
  void runsAreComparedByTheirOutputs() {
    String name = results(eight).at("/outputs/0/layer").textValue();
    Path json = folder.resolve("compared.json");
    CommandLineRun.of("compare", eight, eight, "--json", json).succeeds();
    assertEquals(0, RunFiles.json(json).at("/outputs/0/meanAbs/difference").doubleValue());
    assertTrue(RunFiles.json(json).at("/network/top1Fp32").isNull());
    CommandLineRun compared =
        CommandLineRun.of("compare", eight, four, "--fail-on", "outputs." + name + ".meanAbs > 0");
    assertEquals(3, compared.exit(), compared::toString);
    assertTrue(compared.out().contains(name + ", mean |e|"), compared::toString);
  }

  /** An output whose error is more than a tenth of it is a loss, where no class tells. */
  @Test
  void aNoisyOutputIsALoss() {
    Path fine = folder.resolve("fine");
    analyze(fine, "--scheme", "w14a14", "--limit", 20).succeeds();
    assertFalse(RunFiles.json(fine.resolve("findings.json")).path("lostAccuracy").asBoolean());
    assertTrue(RunFiles.json(four.resolve("findings.json")).path("lostAccuracy").asBoolean());
  }

  @Test
  void whatIsAboutClassesRefusesIt() {
    CommandLineRun.of(
            "study", "--quiet", "--model", MODEL, "--data", data, "--out", folder.resolve("s"))
        .fails("detector.onnx", "is no classifier");
    CommandLineRun.analyze("--model", MODEL, "--data", data, "--synsets", MODEL)
        .isMisuse("--synsets", "no classifier");
    assertEquals(Set.of(), RunFiles.contents(folder).keySet());
  }
}
