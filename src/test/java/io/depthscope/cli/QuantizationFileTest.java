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
import io.depthscope.run.Analysis;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
import org.junit.jupiter.params.provider.ValueSource;

/** An earlier run's parameters and calibration: whole, changed and damaged. */
class QuantizationFileTest {
  @TempDir private static Path folder;
  private static final String FINDINGS = "findings.json";
  private static Path first;
  private static Path good;

  @BeforeAll
  static void run() {
    first = folder.resolve("first");
    CommandLineRun.analyze("--data", "synthetic:24", "--calibrate", 12, "--out", first).succeeds();
    good = first.resolve("quantization.json");
  }

  private static CommandLineRun with(Path file, Path out, Object... more) {
    Object[] args = {"--data", "synthetic:24", "--quantization", file, "--out", out};
    return CommandLineRun.analyze(joined(args, more));
  }

  private static Object[] joined(Object[] some, Object... more) {
    Object[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    return all;
  }

  /** All is the same but what says that a file had the parameters; the page shows the manifest. */
  private static void assertSameFromAFile(Path made, Path read) {
    assertEquals(
        Set.of(FINDINGS, RunFiles.MANIFEST, RunDirectory.REPORT), RunFiles.differing(made, read));
    ObjectNode findings = (ObjectNode) RunFiles.json(read.resolve(FINDINGS));
    assertTrue(findings.path("parametersAsWritten").booleanValue(), findings::toString);
    findings.put("parametersAsWritten", false);
    assertEquals(withoutAdvice(RunFiles.json(made.resolve(FINDINGS))), withoutAdvice(findings));
  }

  /** What is to be done depends on how a run came by its parameters; what is found does not. */
  private static JsonNode withoutAdvice(JsonNode findings) {
    findings
        .findParents("remedy")
        .forEach(f -> ((ObjectNode) f).remove(List.of("remedy", "steps")));
    if (findings instanceof ObjectNode all) {
      all.remove("next");
    }
    return findings;
  }

  @Test
  void givesTheResultsOfTheRunThatMadeIt() {
    Path second = folder.resolve("second");
    with(good, second).succeeds();
    assertSameFromAFile(first, second);
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

  /** What a command reads it does not replace. */
  @Test
  void theRunItBelongsToIsNotOverwritten() throws IOException {
    Path run = folder.resolve("overwritten");
    with(good, run).succeeds();
    Path own = run.resolve("quantization.json");
    Path link = Files.createSymbolicLink(folder.resolve("link.json"), own);
    for (Path file : List.of(own, link)) {
      with(file, run, "--overwrite", "--scheme", "w4a8").isMisuse(own.toString(), "read by this");
    }
    assertSameFromAFile(first, run);
  }

  /** A run can be made anew, a file that somebody has changed cannot. */
  @Test
  void whatIsMissingIsNotAdvisedAsOfARun() throws IOException {
    ObjectNode root = (ObjectNode) RunFiles.json(good);
    root.remove("activations");
    Path file = Files.writeString(folder.resolve("lacking.json"), root.toString());
    CommandLineRun run =
        with(file, folder.resolve("refused"))
            .fails(file.toString(), "activations is missing", "that a run writes");
    assertFalse(run.err().contains("--overwrite"), run::toString);
  }

  @Test
  void takesNoCalibrationBesides() {
    Path refused = folder.resolve("besides");
    with(good, refused, "--calibrate", 7).isMisuse("--quantization", "--calibrate ");
    with(good, refused, "--calibrate-data", "/nonexistent")
        .isMisuse("--quantization", "--calibrate-data");
    assertFalse(Files.exists(refused));
  }

  @Test
  void whenMissingLeavesTheEarlierRunAlone() {
    Path run = folder.resolve("kept");
    with(good, run).succeeds();
    Path before = folder.resolve("kept-before");
    with(good, before).succeeds();
    with(folder.resolve("no.json"), run, "--overwrite").fails("no.json");
    RunFiles.assertSame(before, run, "a failed run overwrites nothing");
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
    c.put("schemaVersion; other version", r -> r.put("schemaVersion", 2));
    c.put("schemaVersion; no version", r -> r.remove("schemaVersion"));
    c.put("no calibration; none", r -> r.remove("calibration"));
    c.put("no calibration; empty", r -> ((ArrayNode) tensors(r)).removeAll());
    c.put("no calibration; not a list", r -> calibration(r).put("tensors", 3));
    c.put("images; text", r -> calibration(r).put("images", "many"));
    c.put("images; none", r -> calibration(r).put("images", 0));
    c.put("source; number", r -> calibration(r).put("source", 7));
    c.put("twice; a name", r -> tensor(r).put("name", "block1_dw"));
    c.put("no name; none", r -> tensor(r).remove("name"));
    c.put("incomplete; min is text", r -> tensor(r).put("min", "NaN"));
    c.put("incomplete; no max", r -> tensor(r).remove("max"));
    c.put("not a finite range; min above max", r -> tensor(r).put("min", 7));
    c.put("histogram; negative count", r -> counts(r).set(0, number(-1)));
    c.put("histogram; counts overflow", r -> counts(r).set(0, number(Long.MAX_VALUE)));
    c.put("histogram; fraction", r -> counts(r).set(0, number(1.5)));
    c.put("incomplete; a count less", r -> counts(r).remove(0));
    c.put("histogram; bin out of range", r -> bins(r).set(bins(r).size() - 1, number(32768)));
    c.put("histogram; bin twice", r -> bins(r).set(1, bins(r).get(0)));
    c.put(
        "empty histogram; no values",
        r -> {
          bins(r).removeAll();
          counts(r).removeAll();
        });
    return c;
  }

  /** What matters only to those who make parameters of the calibration. */
  private static Map<String, Consumer<ObjectNode>> changesOfRanges() {
    Map<String, Consumer<ObjectNode>> c = new TreeMap<>();
    c.put("no calibration for layer; one missing", r -> ((ArrayNode) tensors(r)).remove(3));
    c.put("no calibration for layer; another name", r -> tensor(r).put("name", "conv_dw_1"));
    c.put("scale; too wide for float32", r -> tensor(r).put("max", 1e300));
    return c;
  }

  /** What matters only to those who use the parameters; all but one name the layer. */
  private static Map<String, Consumer<ObjectNode>> changesOfParameters() {
    Map<String, Consumer<ObjectNode>> c = new TreeMap<>();
    c.put("activations is missing; none", r -> r.remove("activations"));
    c.put("weights is not an array; text", r -> r.put("weights", "w"));
    c.put("scheme is missing; none", r -> r.remove("scheme"));
    c.put("layer conv9 is not in the network; output", r -> output(r).put("name", "conv9"));
    c.put("layer conv9 is not in the network; weights", r -> weights(r).put("name", "conv9"));
    c.put("activations[stem] stands in it twice; a name", r -> output(r).put("name", "stem"));
    c.put("weights[stem] stands in it twice; a name", r -> weights(r).put("name", "stem"));
    c.put("no weights; of the input", r -> weights(r).put("name", "input"));
    c.put("has 2 parameters; for more channels", r -> params(r).add(params(r).get(0).deepCopy()));
    c.put("has 0 parameters; none", r -> params(r).removeAll());
    c.put("[block1_dw].scale; text", r -> output(r).put("scale", "wide"));
    c.put("[block1_dw]: scale must be; not a number", r -> output(r).put("scale", "NaN"));
    c.put("[block1_dw]: scale must be; zero", r -> output(r).put("scale", 0));
    c.put("[block1_dw]: scale must be; less than float32 has", r -> output(r).put("scale", 1e-60));
    c.put("[block1_dw]: scale must be; negative", r -> output(r).put("scale", -1));
    c.put("[block1_dw]: scale must be; beyond float32", r -> output(r).put("scale", 1e60));
    c.put(
        "activations[block1_dw]: zero point 256 outside; output",
        r -> output(r).put("zeroPoint", 256));
    c.put("[block1_dw].zeroPoint; fraction", r -> output(r).put("zeroPoint", 1.5));
    c.put(
        "[block1_dw]: codes 0..2147483647 have; counted",
        r -> output(r).put("qmax", Integer.MAX_VALUE));
    c.put("codes -32768..65535 have; both", r -> output(r).put("qmin", -32768).put("qmax", 65535));
    c.put(
        "[block1_dw]: codes -2147483648..255 have; negative",
        r -> output(r).put("qmin", Integer.MIN_VALUE));
    c.put(
        "weights[block1_dw].params[0]: scale must be; infinite",
        r -> ((ObjectNode) params(r).get(0)).put("scale", "Infinity"));
    c.put(
        "weights[block1_dw].params[0]: zero point -1 outside; weights",
        r -> ((ObjectNode) params(r).get(0)).put("zeroPoint", -1));
    return c;
  }

  private static ObjectNode output(ObjectNode root) {
    return named(root.get("activations"), "block1_dw");
  }

  private static ObjectNode weights(ObjectNode root) {
    return named(root.get("weights"), "block1_dw");
  }

  private static ArrayNode params(ObjectNode root) {
    return (ArrayNode) weights(root).get("params");
  }

  private static ObjectNode named(JsonNode list, String name) {
    for (JsonNode each : list) {
      if (each.get("name").textValue().equals(name)) {
        return (ObjectNode) each;
      }
    }
    throw new AssertionError("no " + name + " in " + list);
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
    List<DynamicTest> tests = new ArrayList<>();
    for (Object[] scheme : new Object[][] {{}, {"--scheme", "w8a8"}}) {
      boolean asWritten = scheme.length == 0;
      Map<String, Consumer<ObjectNode>> changes = new TreeMap<>(changes());
      changes.putAll(asWritten ? changesOfParameters() : changesOfRanges());
      changes.forEach(
          (name, change) ->
              tests.add(
                  DynamicTest.dynamicTest(
                      (asWritten ? "" : "with a scheme, ") + name,
                      () ->
                          refused(
                              Files.readAllBytes(changed("bad", change)),
                              name.split("; ", 2)[0],
                              scheme))));
    }
    return tests;
  }

  /** A copy of the file that somebody has changed. */
  private static Path changed(String name, Consumer<ObjectNode> change) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = (ObjectNode) mapper.readTree(Files.readAllBytes(good));
    change.accept(root);
    return Files.write(folder.resolve(name + ".json"), mapper.writeValueAsBytes(root));
  }

  private static void refused(byte[] content, String word, Object... scheme) throws IOException {
    Path file = Files.write(folder.resolve("bad.json"), content);
    Path out = Files.createTempDirectory(folder, "refused");
    with(file, out, scheme).fails(file.toString(), word);
    assertFalse(Files.exists(out.resolve("results.json")));
    assertFalse(Files.exists(out.resolve("quantization.json")), "nothing of it may be kept");
  }

  /** Whether the scheme's parameters are read or made anew, they are the same. */
  @ParameterizedTest
  @ValueSource(strings = {"", "--granularity per-channel --symmetric weights", "--scheme w4"})
  void asWrittenIsWhatTheSchemeMakes(String line) {
    Object[] scheme = line.isEmpty() ? new Object[0] : line.split(" ", -1);
    Path made = folder.resolve("made" + line.length());
    with(good, made, line.isEmpty() ? new Object[] {"--scheme", "w8a8"} : scheme).succeeds();
    Path read = folder.resolve("read" + line.length());
    with(made.resolve("quantization.json"), read).succeeds();
    assertSameFromAFile(made, read);
    JsonNode manifest = RunFiles.json(read.resolve("manifest.json"));
    assertTrue(manifest.path("parameters").textValue().startsWith("as written"), line);
    assertEquals(
        RunFiles.json(made.resolve("manifest.json")).path("scheme"), manifest.path("scheme"));
  }

  /** The parameters tell how many codes there are and who shares a scale; the scheme does not. */
  @ParameterizedTest
  @ValueSource(strings = {"w4a8", "w4a4 --granularity per-channel", "w3a8 --symmetric both"})
  void findingsAreOfTheParametersWhateverTheSchemeOfTheFile(String line) throws IOException {
    Object[] scheme = ("--scheme " + line).split(" ", -1);
    Path made = folder.resolve("of-" + line.replace(' ', '-'));
    with(good, made, scheme).succeeds();
    ObjectNode file = (ObjectNode) RunFiles.json(made.resolve("quantization.json"));
    file.set("scheme", RunFiles.json(good).get("scheme"));
    Path lying =
        Files.write(folder.resolve("lying.json"), new ObjectMapper().writeValueAsBytes(file));
    Path run = folder.resolve("lying-" + line.replace(' ', '-'));
    with(lying, run).succeeds();
    JsonNode findings = RunFiles.json(run.resolve(FINDINGS));
    assertEquals("w8a8", findings.path("scheme").asText());
    assertTrue(findings.path("parametersAsWritten").booleanValue(), findings::toString);
    JsonNode expected = RunFiles.json(made.resolve(FINDINGS)).path("findings");
    assertFalse(expected.isEmpty(), "nothing would be compared");
    assertEquals(withoutAdvice(expected), withoutAdvice(findings.path("findings")));
    String text = CommandLineRun.of("findings", run).succeeds().out();
    assertTrue(text.contains("as written in a file: top-1"), text);
    String report = Files.readString(run.resolve(RunDirectory.REPORT));
    String title = report.substring(report.indexOf("<title>"), report.indexOf("</title>"));
    assertTrue(title.contains("as written in a file"), title);
  }

  @Test
  void whatAreTheCodesOfTheWeightsIsRecorded() throws IOException {
    Path file =
        changed(
            "four-bits",
            r ->
                ((ObjectNode) params(r).get(0)).put("qmin", -7).put("qmax", 7).put("zeroPoint", 0));
    Path run = folder.resolve("four-bits");
    with(file, run).succeeds();
    assertEquals(
        "{\"count\":15,\"symmetric\":true,\"perChannel\":false}",
        layer(run, "block1_dw").at("/weights/codes").toString());
    assertEquals(256, layer(run, "stem").at("/weights/codes/count").intValue());
  }

  private static JsonNode layer(Path run, String name) {
    for (JsonNode layer : RunFiles.json(run.resolve("results.json")).path("layers")) {
      if (layer.path("name").textValue().equals(name)) {
        return layer;
      }
    }
    throw new AssertionError("no layer " + name);
  }

  @Test
  void aScaleThatSomebodyDoubledIsUsed() throws IOException {
    Path file =
        changed(
            "doubled",
            r -> {
              output(r).put("scale", 2 * output(r).get("scale").floatValue());
              ObjectNode kernel = (ObjectNode) params(r).get(0);
              kernel.put("scale", 2 * kernel.get("scale").floatValue());
            });
    Path run = folder.resolve("doubled");
    with(file, run).succeeds();
    JsonNode was = layer(first, "block1_dw");
    JsonNode is = layer(run, "block1_dw");
    assertEquals(
        2 * was.at("/quantized/params/scale").floatValue(),
        is.at("/quantized/params/scale").floatValue());
    // Half as many codes, each twice as wide: four times the noise, 6 dB.
    double lost = was.at("/weights/sqnrDb").doubleValue() - is.at("/weights/sqnrDb").doubleValue();
    assertTrue(!(Math.abs(lost - 6.02) > 1.5), "weights lost " + lost + " dB");
    assertEquals(layer(first, "stem"), layer(run, "stem"), "what comes before it stays");
    JsonNode again = RunFiles.json(run.resolve("quantization.json"));
    ObjectNode written = (ObjectNode) RunFiles.json(file);
    for (String list : List.of("activations", "weights")) {
      assertEquals(written.get(list).toString(), again.get(list).toString());
    }
    // A scheme on the command line makes them anew.
    Path anew = folder.resolve("anew");
    with(file, anew, "--scheme", "w8a8").succeeds();
    RunFiles.assertSame(first, anew, "the calibration is the same");
    String compared = CommandLineRun.of("compare", first, run).succeeds().out();
    assertTrue(compared.contains("parameters"), compared);
  }

  @Test
  void whatIsLeftOutStaysInFloat32() throws IOException {
    Path file =
        changed(
            "less",
            r -> {
              ((ArrayNode) r.get("activations"))
                  .removeIf(n -> n.at("/name").asText().equals("stem"));
              ((ArrayNode) r.get("weights")).removeIf(n -> n.at("/name").asText().equals("stem"));
            });
    Path run = folder.resolve("less");
    with(file, run, "--feed", "local").succeeds();
    JsonNode stem = layer(run, "stem");
    assertTrue(stem.at("/quantized/params").isNull(), stem::toString);
    assertEquals(0, stem.at("/error/mse").doubleValue(), stem::toString);
    assertEquals("Infinity", stem.at("/weights/sqnrDb").asText(), stem::toString);
    assertTrue(stem.at("/weights/codes").isNull(), stem::toString);
    assertTrue(layer(run, "block1_dw").at("/error/mse").doubleValue() > 0);
  }

  /** Parameters for every channel, where the scheme of the file has one a tensor. */
  @Test
  void aFileMayHaveOtherParametersThanItsScheme() throws IOException {
    Path file =
        changed(
            "mixed",
            r -> {
              int channels = layer(first, "block1_dw").at("/shape/2").intValue();
              for (int c = 1; c < channels; c++) {
                params(r).add(params(r).get(0).deepCopy());
              }
              output(r).put("qmin", -128).put("qmax", 127).put("zeroPoint", -128);
            });
    Path run = folder.resolve("mixed");
    with(file, run).succeeds();
    // Codes moved by 128 and equal parameters for all channels stand for the same values.
    assertEquals(layer(first, "classifier"), layer(run, "classifier"));
    assertEquals(layer(first, "block1_dw").at("/error"), layer(run, "block1_dw").at("/error"));
  }

  /** Neither a scheme instead of the file nor other parameters in it continue a run. */
  @Test
  void anInterruptedRunGoesOnWithTheSameParameters() throws IOException {
    Consumer<ObjectNode> doubled =
        r -> output(r).put("scale", 2 * output(r).get("scale").floatValue());
    Path file = changed("begun", doubled);
    StoppableRun begun = new StoppableRun("synthetic:24", Optional.of(file));
    Path whole = folder.resolve("begun-whole");
    begun.onCommandLine(whole).succeeds();
    Path run = folder.resolve("begun");
    assertEquals(Analysis.Outcome.STOPPED, begun.interrupted(run));
    begun
        .onCommandLine(run, "--resume", "--scheme", "w8a8")
        .fails("other settings", "parameters: was as written", "is by the scheme");
    changed("begun", r -> {});
    begun.onCommandLine(run, "--resume").fails("other settings", "parameters: was as written");
    changed("begun", doubled);
    begun.onCommandLine(run, "--resume").succeeds();
    RunFiles.assertSame(whole, run, "resumed");
  }

  @Test
  void aFileThatIsNoneIsNamed() throws IOException {
    byte[] bytes = Files.readAllBytes(good);
    refused(new byte[0], "");
    refused(Arrays.copyOf(bytes, bytes.length / 2), "not JSON");
    refused("[1, 2".getBytes(StandardCharsets.UTF_8), "not JSON (line 1, column 6)");
    refused("null".getBytes(StandardCharsets.UTF_8), "no JSON object");
    refused("[]".getBytes(StandardCharsets.UTF_8), "no JSON object");
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
      Object[] scheme = seed % 2 == 0 ? new Object[0] : new Object[] {"--scheme", "w8a8"};
      CommandLineRun run = with(file, out, joined(scheme, "--limit", 2));
      if (run.exit() != 0) {
        run.fails(file.toString());
        refused++;
      }
    }
    assertTrue(refused > 30, refused + " refused");
  }
}
