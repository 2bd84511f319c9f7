package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {

  /** A command line, and a word of the message. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          analyse                                  | analyse
          --bogus                                  | --bogus
          analyze --bogus                          | --bogus
          analyze extra                            | extra
          analyze --threads x                      | --threads
          analyze --threads 0                      | --threads
          analyze --threads 5000                   | --threads
          analyze --batch 0                        | --batch
          analyze --batch 1000000                  | --batch
          analyze --calibrate 0                    | --calibrate
          analyze --calibrate -3                   | --calibrate
          analyze --checkpoint-every 0             | --checkpoint-every
          analyze --limit 0                        | --limit
          analyze --limit 1e3                      | --limit
          analyze --seed abc                       | --seed
          analyze --resolution 0                   | resolution 0
          analyze --resolution 100000              | resolution 100000
          analyze --scheme w1a8                    | 2..16
          analyze --scheme w8a17                   | 2..16
          analyze --scheme w99a8                   | 2..16
          analyze --scheme int8                    | int8
          analyze --scheme=                        | scheme
          analyze --granularity per-layer          | per-layer
          analyze --symmetric bias                 | bias
          analyze --symmetric both --asymmetric weights | weights
          analyze --range median                  | median
          analyze --range percentile:              | percentile
          analyze --range percentile:0             | percentile
          analyze --range percentile:101           | percentile
          analyze --range percentile:NaN           | percentile
          analyze --weight-range kl                | kl
          analyze --feed both                      | --feed
          analyze --backend tpu                    | tpu
          analyze --device -1                      | --device
          analyze --backend cpu --device 0         | --backend cuda
          analyze --allow-tf32                     | --matmul cublas
          analyze --backend cpu --matmul cublas    | --backend cuda
          verify --random -1                       | --random
          verify --backend tpu                     | tpu
          bench kernels --device -1                | --device
          bench kernels --batch 5000               | --batch
          bench kernels --repeats 0                | --repeats
          bench kernels --level all                | --level
          analyze --family vgg                     | vgg
          analyze --resume                         | --out
          analyze --resume --overwrite --out x     | --overwrite
          analyze --out                            | --out
          analyze --out=                           | '--out': the value is empty
          analyze --data=                          | '--data': the value is empty
          analyze --model=                         | '--model': the value is empty
          analyze --synsets=                       | '--synsets': the value is empty
          analyze --calibrate-data=                | '--calibrate-data': the value is empty
          analyze --quantization=                  | '--quantization': the value is empty
          study --out=                             | '--out': the value is empty
          study --model=                           | (FILE): the value is empty
          study --calibrate-data=                  | '--calibrate-data': the value is empty
          study --bits ,                           | --bits
          study --granularity ,                    | --granularity
          pack --out=                              | '--out': the value is empty
          plot x --out=                            | '--out': the value is empty
          report x --out=                          | '--out': the value is empty
          compare x y --json=                      | '--json': the value is empty
          compare x y --html=                      | '--html': the value is empty
          bench kernels --json=                    | '--json': the value is empty
          bench kernels --shapes=                  | '--shapes': the value is empty
          inspect --family vgg                     | vgg
          inspect --resolution -1                  | resolution -1
          inspect --scheme w8a8                    | --scheme
          pack                                     | --out
          pack --out x --threads 0                 | --threads
          pack --out x --limit 0                   | --limit
          pack --out x --family vgg                | vgg
          bench run --scheme foo                   | foo
          bench run --level all                    | --level
          bench run --seconds 0                    | --seconds
          bench run --seconds NaN                  | --seconds
          bench run --warm-up -1                   | --warm-up
          bench run --batch 0                      | --batch
          bench run --threads 0                    | --threads
          bench run --limit 0                      | --limit
          bench run --backend tpu                  | tpu
          compare                                  | A
          compare x                                | B
          compare x y --fail-on z                  | --fail-on
          findings                                 | RUN
          findings x --jsno                        | --jsno
          bench walk                               | walk
          devices --jsno                           | --jsno
          devices 0                                | 0
          """)
  void wrongUseIsExitCode2AndOneLine(String line, String word) {
    CommandLineRun.of((Object[]) line.split(" +", -1)).isMisuse(word);
  }

  @Test
  void dataIsNeededForANetworkThatTheSyntheticImagesDoNotFit() {
    CommandLineRun.analyze("--resolution", 64).isMisuse("--data");
  }

  @Test
  void whoNamesAGpuDoesNotGetTheCpu(@TempDir Path folder) {
    Path out = folder.resolve("run");
    CommandLineRun.analyze("--data", "synthetic:5", "--out", out, "--device", 99)
        .fails("backend cuda is missing");
    assertFalse(Files.exists(out));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"findings", "report", "compare x", "plot", "plot x", "plot --figure gain x"})
  void anEmptyParameterIsNotTheCurrentFolder(String line) {
    CommandLineRun.of((Object[]) (line + " ").split(" ", -1)).isMisuse("the value is empty");
  }

  /** Arguments are never read from files: a name may begin with @. */
  @Test
  void anAtIsPartOfAName(@TempDir Path folder) throws IOException {
    Path words = Files.writeString(folder.resolve("words"), "--version");
    String at = "@" + words;
    CommandLineRun.analyze("--data", at).fails(at, "no such file or directory");
    CommandLineRun.of("inspect", "--model", at).fails(at, "no such file or directory");
    CommandLineRun.of("findings", at).fails(at, "no such file or directory");
    CommandLineRun.of("analyze", at).isMisuse(at);
    CommandLineRun.of(at).isMisuse(at);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whatCannotBePrintedFailsTheCommand() throws IOException {
    StringWriter err = new StringWriter();
    try (PrintWriter full = new PrintWriter(Files.newOutputStream(Path.of("/dev/full")), true)) {
      assertEquals(1, Main.run(new String[] {"inspect"}, full, new PrintWriter(err, true)));
    }
    assertTrue(err.toString().startsWith("depthscope: standard output could not"), err::toString);
  }

  @Test
  void whatCanBeNoFileNameIsRefused() {
    CommandLineRun.analyze("--out", "a\0b").isMisuse("--out");
    CommandLineRun.of("inspect", "--model", "a\0b").isMisuse("--model");
    CommandLineRun.analyze("--data", "a\0b").fails("a");
    CommandLineRun.analyze("--data", "a\uFFFDb").isMisuse("--data", "no text in the encoding");
  }

  @Test
  void wrongUseWritesNothing(@TempDir Path folder) {
    Path out = folder.resolve("run");
    CommandLineRun.analyze("--data", "synthetic:5", "--out", out, "--scheme", "x").isMisuse("x");
    CommandLineRun.analyze("--data", "synthetic:5", "--out", out, "--limit", "0").isMisuse("0");
    assertFalse(Files.exists(out));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "bench"})
  void withoutACommandTheCommandsAreListed(String line) {
    CommandLineRun run = CommandLineRun.of(line.isEmpty() ? new Object[0] : new Object[] {line});
    assertEquals(2, run.exit());
    assertTrue(run.err().startsWith("depthscope: a command is missing\n"), run::err);
    assertTrue(run.err().contains("Commands:"), run::err);
  }

  @Test
  void aMisspeltOptionIsGuessed() {
    CommandLineRun run = CommandLineRun.of("analyze", "--calibrat").isMisuse("--calibrat");
    assertTrue(run.err().contains("--calibrate"), run::err);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "-h",
        "help",
        "analyze --help",
        "help analyze",
        "compare --help",
        "findings --help",
        "inspect --help",
        "pack --help",
        "bench --help",
        "bench run --help"
      })
  void helpGoesToStandardOutput(String line) {
    CommandLineRun run = CommandLineRun.of((Object[]) line.split(" ", -1)).succeeds();
    assertEquals("", run.err());
    assertTrue(run.out().contains("Usage: depthscope"), run::out);
    assertTrue(run.out().lines().allMatch(l -> l.length() <= 120), run::out);
  }

  @Test
  void helpNamesEveryCommand() {
    String help = CommandLineRun.of("--help").succeeds().out();
    for (String command :
        List.of("analyze", "compare", "findings", "inspect", "pack", "bench", "help")) {
      assertTrue(help.lines().anyMatch(l -> l.startsWith("  " + command + " ")), help);
    }
  }

  @Test
  void helpOfAnalyzeNamesEveryOption() {
    String help = CommandLineRun.of("analyze", "--help").succeeds().out();
    for (String option :
        ("--model --family --data --synsets --calibrate --calibrate-data --calibration-order"
                + " --exclude-calibration --quantization --scheme"
                + " --granularity --symmetric --asymmetric --range --weight-range --feed"
                + " --error-sources --backend --threads --batch --limit --seed --out --resume"
                + " --overwrite --checkpoint-every --explain-memory --strict --exif --quiet")
            .split(" ", -1)) {
      // Its own entry in the list of options, not a mention elsewhere.
      assertTrue(help.lines().anyMatch(l -> l.matches(" +" + option + "([= ].*)?")), option);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--version", "-V", "analyze --version", "pack -V"})
  void versionIsOneLine(String line) {
    String out = CommandLineRun.of((Object[]) line.split(" ", -1)).succeeds().out();
    assertTrue(out.matches("depthscope \\S+ \\(.+\\)\\R"), out);
  }

  @Test
  void explainsItsMemoryWithoutRunning(@TempDir Path folder) {
    Path out = folder.resolve("run");
    String text = CommandLineRun.of("analyze", "--explain-memory", "--out", out).succeeds().out();
    assertTrue(text.contains("process ceiling") && text.contains("MiB"), text);
    assertFalse(Files.exists(out));
  }
}
