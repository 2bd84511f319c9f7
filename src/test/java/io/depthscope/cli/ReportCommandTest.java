package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The page that analyze leaves behind, and the command that writes it again. */
class ReportCommandTest {
  @TempDir Path folder;

  private CommandLineRun analyze(Path run, Object... more) {
    Object[] args = {
      "analyze", "--data", "synthetic:8", "--calibrate", 4, "--backend", "cpu", "--out", run
    };
    Object[] all = new Object[args.length + more.length];
    System.arraycopy(args, 0, all, 0, args.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return CommandLineRun.of(all);
  }

  @Test
  void analyzeWritesThePageAndTheCommandTheSame() throws IOException {
    Path run = folder.resolve("run");
    CommandLineRun made = analyze(run).succeeds();
    Path page = run.resolve("report.html");
    assertTrue(made.out().contains("report: " + page), made::toString);
    byte[] first = Files.readAllBytes(page);
    assertTrue(first.length > 1_000_000, first.length + " bytes");
    Files.delete(page);
    assertTrue(CommandLineRun.of("report", run).succeeds().out().contains("report: " + page));
    assertArrayEquals(first, Files.readAllBytes(page));
    CommandLineRun.of("report", run).succeeds();

    Path elsewhere = folder.resolve("page.html");
    CommandLineRun.of("report", run, "--out", elsewhere).succeeds();
    assertArrayEquals(first, Files.readAllBytes(elsewhere));
    CommandLineRun.of("report", run, "--out", elsewhere)
        .isMisuse("page.html exists", "--overwrite");
    Files.writeString(elsewhere, "old");
    CommandLineRun.of("report", run, "--out", elsewhere, "--overwrite").succeeds();
    assertArrayEquals(first, Files.readAllBytes(elsewhere));
    CommandLineRun.of("report", run, "--out", folder).isMisuse("is a folder");
    CommandLineRun.of("report", run, "--overwrite").isMisuse("--overwrite needs --out");
  }

  @Test
  void noReportIsWrittenWhereNoneIsWanted() {
    Path run = folder.resolve("run");
    assertFalse(analyze(run, "--no-report").succeeds().out().contains("report:"));
    assertFalse(Files.exists(run.resolve("report.html")));
  }

  /** The results outlive a page that cannot be written. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskCostsThePageAlone() throws IOException {
    Path run = Files.createDirectories(folder.resolve("run"));
    Files.createSymbolicLink(run.resolve("report.html.partial"), Path.of("/dev/full"));
    CommandLineRun made = analyze(run).succeeds();
    assertTrue(made.err().contains("depthscope: no report: cannot write "), made::toString);
    assertTrue(made.err().contains("No space left on device"), made::toString);
    assertFalse(Files.exists(run.resolve("report.html")));
    CommandLineRun.of("report", run).succeeds();
    assertTrue(Files.exists(run.resolve("report.html")));
  }

  @Test
  void overwriteTakesTheOldPageAway() throws IOException {
    Path run = folder.resolve("run");
    analyze(run).succeeds();
    analyze(run, "--overwrite", "--no-report").succeeds();
    assertFalse(Files.exists(run.resolve("report.html")), "the page of another run is left");
  }

  @Test
  void whatIsNoRunIsSaid() throws IOException {
    CommandLineRun.of("report", folder.resolve("none")).fails("no such file or directory");
    CommandLineRun.of("report", folder).fails("no finished run");
    CommandLineRun.of("report").isMisuse("RUN");
    Path run = folder.resolve("run");
    analyze(run, "--no-report").succeeds();
    Files.writeString(run.resolve("channels.csv"), "layer\n");
    CommandLineRun.of("report", run).fails("channels.csv");
    assertFalse(Files.exists(run.resolve("report.html")));
  }
}
