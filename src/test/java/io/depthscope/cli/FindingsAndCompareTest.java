package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The two commands on real runs of the small network: texts, files and exit codes. */
class FindingsAndCompareTest {
  @TempDir static Path folder;
  @TempDir Path copy;

  private static Path eight;
  private static Path four;

  @BeforeAll
  static void run() {
    eight = folder.resolve("eight");
    four = folder.resolve("four");
    analyze(eight, "w8a8", 60);
    analyze(four, "w4a4", 60);
  }

  private static void analyze(Path out, String scheme, int images) {
    CommandLineRun.analyze(
            "--backend",
            "cpu",
            "--data",
            "synthetic:" + images,
            "--calibrate",
            "30",
            "--scheme",
            scheme,
            "--out",
            out)
        .succeeds();
  }

  @Test
  void analyzeWritesWhatFindingsSays() throws IOException {
    Path file = four.resolve("findings.json");
    CommandLineRun said = CommandLineRun.of("findings", four, "--json").succeeds();
    assertEquals(Files.readString(file), said.out().stripTrailing());
    JsonNode json = RunFiles.json(file);
    assertEquals(1, json.path("schemaVersion").asInt());
    assertTrue(json.path("lostAccuracy").asBoolean(), json::toString);
    assertFalse(json.path("findings").isEmpty());
    for (JsonNode f : json.path("findings")) {
      assertTrue(f.path("evidence").path("costDb").isNumber(), f::toString);
      assertTrue(f.path("statement").asText().length() > 20, f::toString);
    }
  }

  @Test
  void theWorstArePrintedAndAllOnRequest() {
    String some = CommandLineRun.of("findings", four).succeeds().out();
    assertTrue(some.startsWith("dws-cnn, w4a4 per-tensor: top-1 "), some);
    assertTrue(some.contains("Findings, worst first"), some);
    assertTrue(some.lines().anyMatch(l -> l.startsWith("high    ")), some);
    assertTrue(some.contains("more: depthscope findings " + four + " --all"), some);
    String all = CommandLineRun.of("findings", four, "--all").succeeds().out();
    assertTrue(all.lines().anyMatch(l -> l.startsWith("low     ")), all);
    assertFalse(all.contains("more: "), all);
    assertTrue(all.lines().allMatch(l -> l.length() <= TextBlock.WIDTH), all);
    assertTrue(
        CommandLineRun.of("findings", eight)
            .succeeds()
            .out()
            .lines()
            .noneMatch(l -> l.startsWith("high ")));
  }

  @Test
  void analyzeEndsWithTheFindings() {
    CommandLineRun loud =
        CommandLineRun.of(
                "analyze",
                "--backend",
                "cpu",
                "--data",
                "synthetic:60",
                "--calibrate",
                "30",
                "--scheme",
                "w4a4",
                "--out",
                copy.resolve("loud"))
            .succeeds();
    String findings = CommandLineRun.of("findings", copy.resolve("loud")).succeeds().out();
    String told = findings.substring(findings.indexOf("Findings"));
    assertTrue(loud.out().contains(told), loud::out);
  }

  @Test
  void overwritingDeletesWhatWasFoundBefore() throws IOException {
    Path run = RunFiles.copy(eight, copy.resolve("again"));
    Files.writeString(run.resolve("findings.json"), "old");
    Files.writeString(run.resolve("report.html"), "old");
    CommandLineRun.analyze(
            "--backend",
            "cpu",
            "--data",
            "synthetic:60",
            "--calibrate",
            "30",
            "--out",
            run,
            "--overwrite")
        .succeeds();
    RunFiles.assertSame(eight, run, "overwritten");
  }

  @Test
  void aRunIsTheSameAsItself() {
    CommandLineRun same =
        CommandLineRun.of("compare", eight, eight, "--fail-on", "network.qmse > 0").succeeds();
    assertTrue(same.out().contains("No setting differs."), same::out);
    assertTrue(same.out().contains("Nothing differs"), same::out);
    assertFalse(same.out().contains("WARNING"), same::out);
  }

  @Test
  void differencesAreExplained() {
    CommandLineRun text = CommandLineRun.of("compare", four, eight).succeeds();
    for (String words :
        new String[] {
          "weights: 4 bits, unsigned, asymmetric in A, 8 bits",
          "no single one explains",
          "top-1, quantized",
          "The runs part at input",
          "Found in A, less severe or not found in B",
          "Of 60 images in both runs",
          "classifier "
        }) {
      assertTrue(text.out().contains(words), () -> words + " is not in " + text.out());
    }
    assertTrue(text.out().lines().allMatch(l -> l.length() <= TextBlock.WIDTH), text::out);
  }

  @Test
  void otherImagesAreAWarningInTheFirstLine() {
    Path fewer = copy.resolve("fewer");
    analyze(fewer, "w8a8", 40);
    CommandLineRun text = CommandLineRun.of("compare", eight, fewer).succeeds();
    String first = text.out().lines().findFirst().orElse("");
    assertTrue(first.startsWith("WARNING: these runs are not of the same"), text::out);
    assertTrue(text.out().contains("images: 60 in A, 40 in B"), text::out);
    assertTrue(text.out().contains("Of 40 images in both runs"), text::out);
  }

  /** A condition on four bits less eight, and the exit code. */
  @ParameterizedTest
  @CsvSource({
    "network.top1Quantized < -0.01,             3",
    "network.top1Quantized > 0,                 0",
    "layers.classifier.error.sqnrDb < -3,       3",
    "layers.classifier.error.sqnrDb >= -3,      0",
    "layers.input.error.gain < -1000,           3", // it is NaN
    "network.top1Quantised < 0,                 2",
    "layers.nothing.error.mse < 0,              2",
    "network.top1Quantized = 0,                 2",
    "network.top1Quantized < much,              2"
  })
  void conditionsDecideTheExitCode(String condition, int code) {
    CommandLineRun run = CommandLineRun.of("compare", eight, four, "--fail-on", condition);
    assertEquals(code, run.exit(), run::toString);
    if (code == 3) {
      assertTrue(
          run.err().startsWith("depthscope: failed on " + condition + ": B less A is "), run::err);
      assertEquals(1, run.err().lines().count(), run::err);
    } else if (code == 2) {
      run.isMisuse("--fail-on");
    } else {
      assertEquals("", run.err());
    }
  }

  @Test
  void everyConditionThatHoldsIsNamed() {
    CommandLineRun run =
        CommandLineRun.of(
            "compare",
            eight,
            four,
            "--fail-on",
            "network.top1Quantized<0",
            "--fail-on",
            "network.qmse < 0",
            "--fail-on",
            "network.logitSqnrDb<-1");
    assertEquals(3, run.exit(), run::toString);
    assertEquals(2, run.err().lines().count(), run::err);
  }

  @Test
  void theComparisonIsWrittenAsJson() {
    Path file = copy.resolve("comparison.json");
    CommandLineRun.of("compare", eight, four, "--json", file).succeeds();
    JsonNode json = RunFiles.json(file);
    JsonNode top1 = json.path("network").path("top1Quantized");
    double a = top1.path("a").doubleValue();
    double b = top1.path("b").doubleValue();
    assertEquals(b - a, top1.path("difference").doubleValue());
    assertEquals(
        RunFiles.number(RunFiles.json(four.resolve("results.json")).at("/network/top1Quantized")),
        b);
    assertEquals(
        RunFiles.json(eight.resolve("results.json")).path("layers").size(),
        json.path("layers").size());
    assertEquals("input", json.path("parting").asText());
    assertEquals(60, json.path("predictions").path("images").asInt());
    assertEquals("METHOD", json.path("settings").get(0).path("kind").asText());
  }

  @Test
  void aFileThatExistsIsReplacedOnRequestOnly() throws IOException {
    for (String option : new String[] {"--json", "--html"}) {
      Path file = Files.writeString(copy.resolve("old" + option), "old");
      CommandLineRun.of("compare", eight, four, option, file)
          .isMisuse("old" + option + " exists", "--overwrite");
      assertEquals("old", Files.readString(file));
      CommandLineRun.of("compare", eight, four, option, file, "--overwrite").succeeds();
      assertTrue(Files.size(file) > 1000);
      CommandLineRun.of("compare", eight, four, option, copy, "--overwrite")
          .isMisuse("is a folder");
    }
    Path same = copy.resolve("same");
    CommandLineRun.of("compare", eight, four, "--json", same, "--html", copy.resolve("x/../same"))
        .isMisuse("the same file");
    assertFalse(Files.exists(same));
    CommandLineRun.of("compare", eight, four, "--overwrite").isMisuse("--overwrite needs");
  }

  @Test
  void whatCannotBeReadOrWrittenIsNamed() throws IOException {
    CommandLineRun.of("findings", copy.resolve("none")).fails("none", "no such file or directory");
    CommandLineRun.of("compare", eight, copy.resolve("none")).fails("no such file or directory");
    CommandLineRun.of("compare", eight, four, "--json", copy.resolve("no/file.json"))
        .fails("cannot write", "file.json");
    Path damaged = RunFiles.copy(eight, copy.resolve("damaged"));
    Files.writeString(damaged.resolve("channels.csv"), "layer,channel\nstem,0\n");
    CommandLineRun.of("findings", damaged).fails("channels.csv");
    CommandLineRun.of("compare", damaged, eight).fails("channels.csv");
    Files.writeString(damaged.resolve("results.json"), "{");
    CommandLineRun.of("findings", damaged).fails("results.json: not JSON");
  }
}
