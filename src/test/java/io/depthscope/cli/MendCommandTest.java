package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.MendAccount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mending on the command line. */
class MendCommandTest {
  @TempDir private Path folder;

  private CommandLineRun mend(Object... more) {
    List<Object> args =
        new ArrayList<>(List.of("mend", "--data", "synthetic:300", "--calibrate", "40", "--quiet"));
    args.addAll(List.of(more));
    return CommandLineRun.of(args.toArray());
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  @Test
  void whatIsWrittenComputesWhatWasMeasured() throws IOException {
    Path out = folder.resolve("mended");
    mend("--scheme", "w4a8", "--target", "0%", "--out", out).succeeds();
    JsonNode account = json(out.resolve("mend.json"));
    double before = account.at("/before/sqnrDb").doubleValue();
    double after = account.at("/after/sqnrDb").doubleValue();
    assertTrue(after > before + 3, before + " dB, then " + after);
    assertTrue(account.at("/after/fp32Change").doubleValue() < 1e-4);
    JsonNode run = json(out.resolve("after/results.json"));
    assertEquals(after, run.at("/network/logitSqnrDb").doubleValue(), 0.01);
    assertEquals(
        account.at("/after/accuracy").doubleValue(),
        run.at("/network/top1Quantized").doubleValue(),
        1e-9);
    MendAccount read = MendAccount.read(out.resolve("mend.json"));
    Path copy = folder.resolve("copy.json");
    AtomicFile.write(copy, read::write);
    assertArrayEquals(Files.readAllBytes(out.resolve("mend.json")), Files.readAllBytes(copy));
    // The page is made from the files alone.
    Path page = out.resolve("report.html");
    byte[] written = Files.readAllBytes(page);
    Files.writeString(page, "an older page");
    CommandLineRun.of("report", out).succeeds();
    assertArrayEquals(written, Files.readAllBytes(page));
    CommandLineRun.of("report", out, "--out", out.resolve("mend.json"), "--overwrite")
        .isMisuse("read by this command");
    Path figure = folder.resolve("waterfall.pdf");
    CommandLineRun.of("plot", out, "--figure", "waterfall", "--out", figure).succeeds();
    assertTrue(Files.size(figure) > 1000);
    CommandLineRun.of("plot", out.resolve("after"), "--figure", "waterfall")
        .isMisuse("has no mend.json");
    // The files alone give the same run again.
    Path again = folder.resolve("again");
    CommandLineRun.of(
            "analyze",
            "--data",
            "synthetic:300",
            "--model",
            out.resolve("network.safetensors"),
            "--quantization",
            out.resolve("quantization.json"),
            "--quiet",
            "--out",
            again)
        .succeeds();
    assertArrayEquals(
        Files.readAllBytes(out.resolve("after/layers.csv")),
        Files.readAllBytes(again.resolve("layers.csv")));
  }

  @Test
  void stepsAreAllKeptInTheirOrder() throws IOException {
    Path out = folder.resolve("mended");
    mend("--steps", "dead-channels,equalize,ranges,bias-correction", "--out", out).succeeds();
    List<String> names = new ArrayList<>();
    json(out.resolve("mend.json"))
        .path("steps")
        .forEach(
            s -> {
              names.add(s.path("remedy").textValue());
              assertTrue(s.path("kept").booleanValue());
            });
    assertEquals(List.of("dead-channels", "equalize", "ranges", "bias-correction"), names);
    mend("--out", out).isMisuse("add --overwrite");
    mend("--steps", "bias-correction", "--out", out, "--overwrite").succeeds();
  }

  /** Bits of the codes that a file of parameters gives a tensor. */
  private static int bits(JsonNode params) {
    int codes = params.path("qmax").intValue() - params.path("qmin").intValue() + 1;
    return Integer.SIZE - Integer.numberOfLeadingZeros(codes - 1);
  }

  @Test
  void mixedWidthsKeepTheBudgetAndComeBackFromTheFiles() throws IOException {
    Path out = folder.resolve("mixed");
    mend(
            "--scheme",
            "w4a8",
            "--steps",
            "dead-channels,mixed-precision,ranges,bias-correction",
            "--budget",
            "6bits",
            "--out",
            out)
        .succeeds();
    JsonNode account = json(out.resolve("mend.json"));
    assertTrue(
        account.at("/after/sqnrDb").doubleValue() > account.at("/before/sqnrDb").doubleValue() + 3);
    Map<String, JsonNode> weights = new HashMap<>();
    JsonNode quantization = json(out.resolve("quantization.json"));
    quantization.path("weights").forEach(w -> weights.put(w.path("name").textValue(), w));
    Map<String, JsonNode> outputs = new HashMap<>();
    quantization.path("activations").forEach(a -> outputs.put(a.path("name").textValue(), a));
    Set<Integer> widths = new TreeSet<>();
    double sum = 0;
    double count = 0;
    for (JsonNode w : account.path("widths")) {
      String name = w.path("name").textValue();
      int own = w.path("weightBits").intValue();
      widths.add(own);
      assertEquals(own, bits(weights.get(name).at("/params/0")), name);
      assertEquals(w.path("outputBits").intValue(), bits(outputs.get(name)), name);
      assertEquals(Math.max(8, own), w.path("outputBits").intValue(), name);
      sum += own * w.path("weights").doubleValue();
      count += w.path("weights").doubleValue();
    }
    assertEquals(weights.size(), account.path("widths").size());
    assertTrue(widths.size() > 1, widths::toString);
    assertTrue(sum / count <= 6, sum / count + " bits");
    assertEquals(sum / count, account.path("meanWeightBits").doubleValue(), 1e-9);
    for (String backend : List.of("cpu", "reference")) {
      Path again = folder.resolve(backend);
      analyzeAgain(out, backend, again).succeeds();
      JsonNode expected = json(out.resolve("after/results.json"));
      JsonNode run = json(again.resolve("results.json"));
      double db = run.at("/network/logitSqnrDb").doubleValue();
      assertEquals(expected.at("/network/logitSqnrDb").doubleValue(), db, 0.2, backend);
    }
    assertArrayEquals(
        Files.readAllBytes(out.resolve("after/layers.csv")),
        Files.readAllBytes(folder.resolve("cpu/layers.csv")));
  }

  private static CommandLineRun analyzeAgain(Path mended, String backend, Path to) {
    return CommandLineRun.of(
        "analyze",
        "--data",
        "synthetic:300",
        "--model",
        mended.resolve("network.safetensors"),
        "--quantization",
        mended.resolve("quantization.json"),
        "--backend",
        backend,
        "--quiet",
        "--out",
        to);
  }

  @Test
  void aBudgetBelowTheSchemeIsKeptWhateverItCosts() throws IOException {
    Path out = folder.resolve("narrow");
    CommandLineRun run =
        CommandLineRun.of(
            "mend",
            "--data",
            "synthetic:100",
            "--calibrate",
            "40",
            "--mixed-precision",
            "--budget",
            "75%",
            "--widths",
            "4,8",
            "--out",
            out);
    run.succeeds();
    assertTrue(run.out().contains("mended, 4 bits: "), run::out);
    JsonNode account = json(out.resolve("mend.json"));
    assertEquals("mixed-precision", account.at("/steps/0/remedy").textValue());
    assertTrue(account.at("/steps/0/kept").booleanValue());
    assertTrue(account.path("meanWeightBits").doubleValue() <= 6);
  }

  @Test
  void anAllowedBudgetIsTriedAmongOthers() {
    CommandLineRun plan = mend("--plan", "--scheme", "w4a8");
    assertFalse(plan.succeeds().out().contains("mixed-precision"), plan::out);
    plan = mend("--plan", "--scheme", "w4a8", "--mixed-precision", "--budget", "6");
    assertTrue(plan.succeeds().out().contains("mixed-precision"), plan::out);
  }

  @Test
  void killedInTheMiddleItContinues() throws IOException, InterruptedException {
    List<Object> args =
        List.of(
            "mend",
            "--data",
            "synthetic:300",
            "--calibrate",
            "40",
            "--quiet",
            "--scheme",
            "w4a8",
            "--target",
            "0%",
            "--out");
    Path straight = folder.resolve("straight");
    CommandLineRun.of(with(args, straight).toArray()).succeeds();
    for (String awaited :
        List.of("before/layers.csv", "network.safetensors", "after/checkpoint.bin")) {
      Path out = folder.resolve(awaited.replace('/', '-'));
      Process child = StartedProgram.until(out.resolve(awaited), folder, with(args, out));
      child.destroyForcibly().waitFor();
      assertTrue(Files.exists(out.resolve("mend.bin")), awaited);
      CommandLineRun.of(with(args, out).toArray()).isMisuse("add --resume");
      CommandLineRun.of(with(with(args, out), "--resume").toArray()).succeeds();
      assertTrue(Files.notExists(out.resolve("mend.bin")), awaited);
      for (String file :
          List.of(
              "network.safetensors",
              "quantization.json",
              "before/layers.csv",
              "after/layers.csv",
              "after/predictions.csv")) {
        assertArrayEquals(
            Files.readAllBytes(straight.resolve(file)),
            Files.readAllBytes(out.resolve(file)),
            file + " after " + awaited);
      }
      assertEquals(untimed(straight), untimed(out), awaited);
      CommandLineRun finished = CommandLineRun.of(with(with(args, out), "--resume").toArray());
      finished.succeeds();
      assertTrue(finished.out().contains("nothing to resume"), finished::out);
    }
  }

  private static List<Object> with(List<Object> args, Object more) {
    List<Object> all = new ArrayList<>(args);
    all.add(more);
    return all;
  }

  private static JsonNode untimed(Path out) throws IOException {
    JsonNode account = json(out.resolve("mend.json"));
    account.path("steps").forEach(s -> ((ObjectNode) s).remove("seconds"));
    return account;
  }

  @Test
  void anInterruptedMendingContinuesWithTheSameSettingsAlone()
      throws IOException, InterruptedException {
    Path out = folder.resolve("mended");
    List<Object> args =
        List.of("mend", "--data", "synthetic:300", "--calibrate", "40", "--quiet", "--out", out);
    StartedProgram.until(out.resolve("mend.bin"), folder, args).destroyForcibly().waitFor();
    CommandLineRun other =
        CommandLineRun.of(with(with(with(args, "--resume"), "--scheme"), "w4a8").toArray());
    other.fails("was begun with other settings");
    Files.write(out.resolve("mend.bin"), new byte[] {'D', 'S', 'C', 'P', 0, 0});
    CommandLineRun.of(with(args, "--resume").toArray()).fails("damaged checkpoint");
    CommandLineRun.of(with(args, "--overwrite").toArray()).succeeds();
  }

  @Test
  void aPlanRunsNothing() {
    CommandLineRun plan = mend("--plan");
    plan.succeeds();
    assertTrue(plan.out().contains("bias-correction"), plan::out);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--steps bias-correction,equalize --out x | equalize must come before bias-correction",
        "--steps pray --out x | 'pray' is no remedy",
        "--target 2x --out x | --target",
        "--steps equalize --plan | --plan",
        "--steps mixed-precision --out x | --budget",
        "--mixed-precision --out x | --budget",
        "--budget 8 --out x | --mixed-precision",
        "--widths 4,8 --out x | --mixed-precision",
        "--mixed-precision --budget 8parrots --out x | 8parrots",
        "--mixed-precision --budget 3bits --out x | below the narrowest width, 4",
        "--mixed-precision --budget 8 --scheme a8 --out x | float32",
        "--mixed-precision --budget 8 --widths 4,17 --out x | 17",
        "--mixed-precision --budget 8 --steps equalize --out x | --steps",
        "--steps bias-correction,mixed-precision --budget 8 --out x | must come before",
        "--unlabelled | --out DIR is needed"
      })
  void wrongUseIsOneLine(String args, String says) {
    CommandLineRun run = mend((Object[]) args.split(" ", -1));
    run.isMisuse(says);
  }

  @Test
  void aFolderOfSomebodyElseIsLeftAlone() throws IOException {
    Files.writeString(folder.resolve("thesis.tex"), "mine");
    mend("--out", folder).isMisuse("thesis.tex");
  }
}
