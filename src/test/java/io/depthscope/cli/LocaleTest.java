package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.depthscope.testkit.JavaProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Other digits, decimal commas and a dotless i change no byte of what is written or printed. */
class LocaleTest {
  private static final Locale MACHINE = Locale.getDefault();

  /** A decimal digit other than 0-9. */
  private static final Pattern FOREIGN_DIGIT = Pattern.compile("[\\p{Nd}&&[^0-9]]");

  @TempDir static Path shared;
  private static Map<String, String> expected;

  @BeforeAll
  static void prepare() throws IOException {
    Locale.setDefault(Locale.ROOT);
    try {
      expected = outputs(shared.resolve("root"));
    } finally {
      Locale.setDefault(MACHINE);
    }
  }

  @AfterEach
  void restore() {
    Locale.setDefault(MACHINE);
  }

  /** What every command prints and writes, by name. */
  private static Map<String, String> outputs(Path folder) throws IOException {
    Map<String, String> outputs = new LinkedHashMap<>();
    Path run = folder.resolve("run");
    Path other = folder.resolve("other");
    Files.createDirectories(folder);
    Object[] common = {
      "--data", "synthetic:24", "--calibrate", "8", "--backend", "cpu", "--quiet", "--out"
    };
    CommandLineRun.of(with(common, run, "analyze", "--feed", "LOCAL")).succeeds();
    CommandLineRun.of(with(common, other, "analyze", "--scheme", "w4a4", "--error-sources"))
        .succeeds();
    Path pages = Files.createDirectories(folder.resolve("pages"));
    List<List<Object>> lines =
        List.of(
            List.of("findings", run, "--all"),
            List.of("findings", other, "--json"),
            List.of(
                "compare",
                run,
                other,
                "--json",
                pages.resolve("c.json"),
                "--html",
                pages.resolve("c.html")),
            List.of("plot", run, "--figure", "gain", "--out", pages.resolve("gain.svg")),
            List.of("plot", other, "--figure", "error-sources", "--out", pages.resolve("e.pdf")),
            List.of("plot", run, "--figure", "heat-map", "--out", pages.resolve("h.png")),
            List.of("plot", run, "--figure", "gain", "--width", "1234567"),
            List.of("inspect"),
            List.of("analyze", "--explain-memory"),
            List.of("pack", "--out", pages.resolve("p"), "--data", "synthetic:3", "--quiet"),
            List.of("compare", run));
    for (List<Object> line : lines) {
      CommandLineRun result = CommandLineRun.of(line.toArray());
      outputs.put(
          String.valueOf(line).replace(folder.toString(), "FOLDER"),
          (result.exit() + result.out() + result.err()).replace(folder.toString(), "FOLDER"));
    }
    for (Path written : List.of(run, other, pages)) {
      RunFiles.contents(written)
          .forEach(
              (name, bytes) -> {
                String text = new String(bytes, StandardCharsets.ISO_8859_1);
                String utf8 = new String(bytes, StandardCharsets.UTF_8);
                if (Set.of("manifest.json", "report.html", "c.html").contains(name)) { // the clock
                  assertFalse(FOREIGN_DIGIT.matcher(utf8).find(), () -> name + " of " + written);
                } else {
                  outputs.put(written.getFileName() + "/" + name, text);
                }
              });
    }
    return outputs;
  }

  /** What libraries print, too: the help of a command sorts its options. */
  @ParameterizedTest
  @CsvSource({"ar, EG", "tr, TR"})
  void theProgramItselfHasNone(String language, String country) {
    for (String line : List.of("analyze --help", "compare a b c d", "analyze --limit i")) {
      String[] words = line.split(" ", -1);
      JavaProcess there =
          JavaProcess.run(
              Map.of(),
              List.of("-Duser.language=" + language, "-Duser.country=" + country),
              Main.class,
              words);
      Locale.setDefault(Locale.ROOT);
      CommandLineRun here = CommandLineRun.of((Object[]) words);
      assertEquals(here.exit(), there.exit(), there::toString);
      assertEquals(here.out(), there.out());
      // Java itself warns of the module in a line before all others.
      assertEquals(
          here.err(), there.err().replaceFirst("^WARNING: Using incubator modules.*\\R", ""));
    }
  }

  private static Object[] with(Object[] common, Path out, Object... first) {
    Object[] all = new Object[first.length + common.length + 1];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(common, 0, all, first.length, common.length);
    all[all.length - 1] = out;
    return all;
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-EG", "tr-TR", "de-DE"})
  void nothingDependsOnTheLocale(String tag) throws IOException {
    Locale.setDefault(Locale.forLanguageTag(tag));
    Map<String, String> actual = outputs(shared.resolve(tag));
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((what, text) -> assertEquals(text, actual.get(what), what));
    // The locale is really in force.
    assertNotEquals("1.5 I", String.format("%.1f %s", 1.5, "i".toUpperCase(Locale.getDefault())));
  }
}
