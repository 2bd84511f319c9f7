package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.run.Analysis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Photographs of which nobody has said what they show. */
class UnlabelledRunTest {
  private static final List<String> OF_LABELS =
      List.of("top1Fp32", "top1Quantized", "top5Fp32", "top5Quantized", "relativeAccuracyDrop");

  @TempDir private static Path shared;
  private static Path classes;
  private static Path flat;
  private static Path labelled;
  private static Path unlabelled;

  @TempDir private Path folder;

  @BeforeAll
  static void run() throws IOException {
    classes = ImageFiles.tenClasses(shared.resolve("classes"), 3);
    flat = Files.createDirectories(shared.resolve("flat"));
    for (Map<String, String> row : RunFiles.csv(analyzed(classes, "labelled"))) {
      String image = row.get("image");
      Files.copy(classes.resolve(image), flat.resolve(image.replace('/', '-')));
    }
    labelled = shared.resolve("labelled");
    analyzed(flat, "unlabelled");
    unlabelled = shared.resolve("unlabelled");
  }

  private static Path analyzed(Path data, String name) {
    Path out = shared.resolve(name);
    CommandLineRun.analyze("--data", data, "--calibrate", 10, "--scheme", "w4a4", "--out", out)
        .succeeds();
    return out.resolve("predictions.csv");
  }

  private static JsonNode network(Path run) {
    return RunFiles.json(run.resolve("results.json")).path("network");
  }

  @Test
  void whatNeedsNoLabelIsTheSame() {
    assertEquals(
        Set.of("predictions.csv", "results.json"),
        RunFiles.differing(
            labelled,
            unlabelled,
            "manifest.json",
            "report.html",
            "findings.json",
            "quantization.json")); // which names the images
    for (String figure : OF_LABELS) {
      assertTrue(network(unlabelled).get(figure).isNull(), figure);
      assertFalse(network(labelled).get(figure).isNull(), figure);
    }
    for (String figure : List.of("images", "agreementTop1", "qmse", "qce", "logitSqnrDb")) {
      assertEquals(network(labelled).get(figure), network(unlabelled).get(figure), figure);
    }
    List<Map<String, String>> known = RunFiles.csv(labelled.resolve("predictions.csv"));
    List<Map<String, String>> unknown = RunFiles.csv(unlabelled.resolve("predictions.csv"));
    for (int i = 0; i < known.size(); i++) {
      assertEquals("-1", unknown.get(i).get("label"));
      for (String column : List.of("predictedFp32", "predictedQuantized", "margin", "sqnrDb")) {
        assertEquals(known.get(i).get(column), unknown.get(i).get(column), column);
      }
    }
  }

  @Test
  void classFoldersCanBeTakenWithoutTheirClasses() {
    Path out = folder.resolve("run");
    CommandLineRun.analyze(
            "--data", classes, "--unlabelled", "--calibrate", 10, "--scheme", "w4a4", "--out", out)
        .succeeds();
    assertEquals(network(unlabelled), network(out));
    assertEquals(
        List.of("-1"),
        RunFiles.csv(out.resolve("predictions.csv")).stream()
            .map(r -> r.get("label"))
            .distinct()
            .toList());
  }

  @Test
  void noTextSpeaksOfRightAndWrong() {
    Path out = folder.resolve("run");
    CommandLineRun told =
        CommandLineRun.of("analyze", "--data", flat, "--calibrate", 10, "--out", out).succeeds();
    CommandLineRun found = CommandLineRun.of("findings", out).succeeds();
    CommandLineRun compared = CommandLineRun.of("compare", out, unlabelled).succeeds();
    CommandLineRun mixed = CommandLineRun.of("compare", labelled, unlabelled).succeeds();
    for (CommandLineRun each : List.of(told, found, compared, mixed)) {
      assertFalse(each.out().matches("(?s).*(top-[15]|accuracy drop|right in).*"), each::toString);
    }
    assertTrue(told.out().contains("agreement "), told::toString);
    assertTrue(found.out().contains("the same class"), found::toString);
    assertTrue(compared.out().contains("same class"), compared::toString);
    CommandLineRun.of("compare", out, unlabelled, "--fail-on", "network.top1Quantized < 0")
        .isMisuse("top1Quantized");
  }

  @Test
  void whatNeedsLabelsSaysSo() {
    CommandLineRun.of("study", "--data", flat, "--zoo", "synthetic", "--out", folder.resolve("s"))
        .fails(flat.toString(), "have no labels");
    CommandLineRun.of("pack", "--quiet", "--data", flat, "--out", folder.resolve("p"))
        .fails(flat.toString(), "have no labels");
    CommandLineRun.of("plot", unlabelled, "--figure", "accuracy-by-bits").fails("needs labels");
    CommandLineRun.of("plot", unlabelled, "--figure", "margins").succeeds();
    CommandLineRun.analyze("--data", flat, "--unlabelled", "--synsets", flat.resolve("x"))
        .isMisuse("--synsets", "--unlabelled");
  }

  @Test
  void isContinuedToTheSameBytes() throws IOException {
    StoppableRun run = new StoppableRun(flat.toString());
    Path whole = folder.resolve("whole");
    run.onCommandLine(whole).succeeds();
    Path interrupted = folder.resolve("interrupted");
    assertEquals(Analysis.Outcome.STOPPED, run.interrupted(interrupted));
    run.onCommandLine(interrupted, "--resume").succeeds();
    RunFiles.assertSame(whole, interrupted, "resumed");

    StoppableRun known = new StoppableRun(classes.toString());
    Path begun = folder.resolve("begun");
    assertEquals(Analysis.Outcome.STOPPED, known.interrupted(begun));
    known.onCommandLine(begun, "--resume", "--unlabelled").fails("labels: was known, is none");
  }
}
