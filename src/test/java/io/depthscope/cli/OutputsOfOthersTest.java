package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is not this program's is never written to, with or without {@code --overwrite}. */
class OutputsOfOthersTest {
  private static final Object[] SMALL = {
    "--data", "synthetic:8", "--calibrate", "4", "--backend", "cpu"
  };

  @TempDir static Path shared;
  private static Path made;

  @TempDir Path folder;

  @BeforeAll
  static void prepare() {
    made = shared.resolve("made");
    analyze(made).succeeds();
  }

  private static CommandLineRun analyze(Path out, Object... more) {
    return command("analyze", out, more);
  }

  private static CommandLineRun command(String name, Path out, Object... more) {
    Object[] args = new Object[SMALL.length + 4 + more.length];
    System.arraycopy(new Object[] {name, "--quiet", "--out", out}, 0, args, 0, 4);
    System.arraycopy(SMALL, 0, args, 4, SMALL.length);
    System.arraycopy(more, 0, args, 4 + SMALL.length, more.length);
    return CommandLineRun.of(args);
  }

  private static void assertUntouched(Map<String, byte[]> before, Path directory) {
    Map<String, byte[]> after = RunFiles.contents(directory);
    assertEquals(before.keySet(), after.keySet());
    before.forEach((name, bytes) -> assertArrayEquals(bytes, after.get(name), name));
  }

  private static void refuse(Path out) {
    Map<String, byte[]> before = RunFiles.contents(out);
    for (Object[] more : new Object[][] {{}, {"--overwrite"}, {"--resume"}}) {
      analyze(out, more).isMisuse(out.toString(), "no results of this program");
      assertUntouched(before, out);
    }
    for (Object[] more : new Object[][] {{"--bits", "8"}, {"--bits", "8", "--resume"}}) {
      command("study", out, more).isMisuse(out.toString(), "no results of this program");
      assertUntouched(before, out);
    }
  }

  /** Each name that a run writes, and some that it does not. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "results.json",
        "quantization.json",
        "predictions.csv",
        "layers.csv",
        "channels.csv",
        "histograms.json",
        "manifest.json",
        "findings.json",
        "report.html",
        "checkpoint.bin",
        "study.json",
        "study.csv",
        "thesis.tex",
        ".git"
      })
  void aFolderWithAFileOfSomebodyElse(String name) throws IOException {
    Files.writeString(folder.resolve(name), "{\"schemaVersion\": 1, \"mine\": true}");
    refuse(folder);
  }

  @Test
  void aFolderOfSomebodyElsesRuns() throws IOException {
    Path run = Files.createDirectories(folder.resolve("runs/detect/train"));
    Files.writeString(run.resolve("results.csv"), "epoch,loss");
    refuse(folder);
    assertEquals(List.of("results.csv"), List.copyOf(RunFiles.contents(run).keySet()));
  }

  /** As earlier versions left it, which is the same; files beside the run's own stay. */
  @Test
  void aFinishedRunIsReplacedAndNothingElse() throws IOException {
    Path run = RunFiles.copy(made, folder.resolve("run"));
    Files.writeString(run.resolve("notes.txt"), "mine");
    analyze(run).isMisuse("finished run", "--overwrite");
    analyze(run, "--overwrite").succeeds();
    assertEquals("mine", Files.readString(run.resolve("notes.txt")));
    assertEquals(
        Set.of("notes.txt"), RunFiles.differing(made, run, "manifest.json", "report.html"));
  }

  /** Any of the records is enough: of a killed run there are not all, and one may be damaged. */
  @Test
  void aDamagedRunIsReplaced() throws IOException {
    for (String lost : List.of("results.json", "quantization.json")) {
      Path run = RunFiles.copy(made, folder.resolve("without-" + lost));
      Files.writeString(run.resolve(lost), "");
      analyze(run, "--overwrite").succeeds();
      RunFiles.assertSame(made, run, lost);
    }
  }

  @Test
  void whatAKilledProcessLeftBeforeItsRecordIsNobodys() throws IOException {
    Path run = Files.createDirectories(folder.resolve("run"));
    Files.createFile(run.resolve(".lock"));
    Files.writeString(run.resolve("quantization.json.partial"), "{");
    analyze(run).succeeds();
    Path study = Files.createDirectories(folder.resolve("study"));
    Files.createFile(Files.createDirectories(study.resolve("runs/net/w8a8-x")).resolve(".lock"));
    Files.createFile(study.resolve(".images-32x32x3.packed.1f.partial"));
    command("study", study, "--bits", "8", "--resume", "--zoo", "none", "--model", model())
        .succeeds();
  }

  private static Path model() {
    return Path.of("test-data/models/dws-cnn-synthetic.safetensors");
  }

  /** Every command that writes one file. */
  @Test
  void aFileIsReplacedWhereThatIsAskedFor() throws IOException {
    Path file = folder.resolve("page.html");
    Path pack = folder.resolve("pack");
    Path half = Files.writeString(folder.resolve("half.svg.partial"), "mine");
    Path link =
        Files.createSymbolicLink(folder.resolve("link.svg"), folder.resolve("nothing there"));
    Files.writeString(file, "mine");
    Files.writeString(pack, "mine");
    Map<String, byte[]> before = RunFiles.contents(folder);
    CommandLineRun.of("report", made, "--out", file).isMisuse(file + " exists", "--overwrite");
    CommandLineRun.of("plot", made, "--figure", "gain", "--format", "svg", "--out", file)
        .isMisuse(file + " exists", "--overwrite");
    CommandLineRun.of("plot", made, "--figure", "gain", "--out", folder.resolve("half.svg"))
        .isMisuse(half + " exists");
    CommandLineRun.of("plot", made, "--figure", "gain", "--out", link).isMisuse(link + " exists");
    CommandLineRun.of("compare", made, made, "--html", file).isMisuse(file + " exists");
    CommandLineRun.of("compare", made, made, "--json", file).isMisuse(file + " exists");
    CommandLineRun.of("bench", "kernels", "--json", file).isMisuse(file + " exists");
    CommandLineRun.of("pack", "--data", "synthetic:4", "--out", pack).isMisuse(pack + " exists");
    assertUntouched(before, folder);
    assertFalse(Files.exists(folder.resolve("nothing there")));
    CommandLineRun.of("report", made, "--out", file, "--overwrite").succeeds();
    CommandLineRun.of("plot", made, "--figure", "gain", "--out", link, "--overwrite").succeeds();
    assertTrue(Files.isRegularFile(link, LinkOption.NOFOLLOW_LINKS));
  }

  /** Not even where replacing is asked for: a run's record, and what the command itself reads. */
  @Test
  void whatIsReadIsNotReplaced() throws IOException {
    Map<String, byte[]> run = RunFiles.contents(made);
    for (String name : List.of("results.json", "layers.csv", "manifest.json")) {
      Path record = made.resolve(name);
      CommandLineRun.of("compare", made, made, "--json", record, "--overwrite")
          .isMisuse(name, "record of a run");
      CommandLineRun.of("report", made, "--out", record, "--overwrite").isMisuse("record of a run");
      Object[] plot = {
        "plot", made, "--figure", "gain", "--format", "svg", "--out", record, "--overwrite"
      };
      CommandLineRun.of(plot).isMisuse("record of a run");
    }
    assertUntouched(run, made);
    Path images = Files.createDirectories(folder.resolve("images/a"));
    Path photograph = ImageFiles.png(images.resolve("x.png"), 32, 32, 1);
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("images"));
    Map<String, byte[]> before = RunFiles.contents(images);
    for (Path out : List.of(photograph, link.resolve("a/x.png"))) {
      CommandLineRun.of("pack", "--data", folder.resolve("images"), "--out", out, "--overwrite")
          .isMisuse(out.toString(), "read by this command");
    }
    assertUntouched(before, images);
    Path shapes = Files.writeString(folder.resolve("shapes.txt"), "b conv 8 8 4 4 3 1 same");
    CommandLineRun.of("bench", "kernels", "--shapes", shapes, "--json", shapes, "--overwrite")
        .isMisuse(shapes.toString(), "read by this command", "--json");
    assertEquals("b conv 8 8 4 4 3 1 same", Files.readString(shapes));
  }

  @Test
  void aDeviceIsNoFileToReplace() {
    Path device = Path.of("/dev/null");
    CommandLineRun.of("report", made, "--out", device, "--overwrite")
        .isMisuse("no regular file", "/dev/null");
    CommandLineRun.of("pack", "--data", "synthetic:4", "--out", device, "--overwrite")
        .isMisuse("no regular file");
    assertTrue(Files.exists(device));
  }
}
