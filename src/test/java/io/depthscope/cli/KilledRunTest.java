package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Signals to a run in a virtual machine of its own. */
@DisabledOnOs(OS.WINDOWS)
class KilledRunTest {
  /** Enough to be far from done when the first checkpoint is there. */
  private static final List<Object> SETTINGS =
      List.of("--data", "synthetic:1500", "--calibrate", 20);

  @TempDir private static Path shared;
  private static Path whole;

  @TempDir private Path folder;

  @BeforeAll
  static void runWithoutInterruption() {
    whole = shared.resolve("whole");
    analyze(whole).succeeds();
  }

  private static CommandLineRun analyze(Path out, Object... more) {
    List<Object> args = new ArrayList<>(SETTINGS);
    args.addAll(List.of("--out", out));
    args.addAll(List.of(more));
    return CommandLineRun.analyze(args.toArray());
  }

  /** Starts the same run and waits for its first checkpoint. */
  private Process started(Path out) throws IOException, InterruptedException {
    List<Object> args = new ArrayList<>(List.of("analyze"));
    args.addAll(SETTINGS);
    args.addAll(List.of("--out", out, "--checkpoint-every", "20", "--batch", "4", "--quiet"));
    return StartedProgram.until(out.resolve("checkpoint.bin"), folder, args);
  }

  private void continues(Path run) {
    assertFalse(Files.exists(run.resolve("results.json")), "it had finished already");
    analyze(run, "--resume").succeeds();
    RunFiles.assertSame(whole, run, "continued after a signal");
  }

  @Test
  void killedInTheMiddle() throws IOException, InterruptedException {
    Path run = folder.resolve("run");
    Process child = started(run);
    child.destroyForcibly(); // SIGKILL
    assertEquals(128 + 9, child.waitFor());
    continues(run);
  }

  @Test
  void controlC() throws IOException, InterruptedException {
    Path run = folder.resolve("run");
    Process child = started(run);
    assumeFalse(ignoresInterrupts(child), "SIGINT is ignored here, as in a background job");
    Process kill = new ProcessBuilder("kill", "-INT", Long.toString(child.pid())).start();
    assertEquals(0, kill.waitFor());
    assertEquals(Main.INTERRUPTED, child.waitFor());
    assertTrue(
        StartedProgram.errors(folder).contains("interrupted"), () -> StartedProgram.errors(folder));
    assertTrue(
        StartedProgram.errors(folder).contains("--out " + run + " --resume"),
        () -> StartedProgram.errors(folder));
    continues(run);
  }

  @Test
  void terminated() throws IOException, InterruptedException {
    Path run = folder.resolve("run");
    Process child = started(run);
    child.destroy(); // SIGTERM, as from a batch system
    assertEquals(128 + 15, child.waitFor());
    assertTrue(
        StartedProgram.errors(folder).contains("--resume"), () -> StartedProgram.errors(folder));
    continues(run);
  }

  /** Shells start background jobs with SIGINT ignored, and children inherit it. */
  private static boolean ignoresInterrupts(Process child) throws IOException {
    Path status = Path.of("/proc", Long.toString(child.pid()), "status");
    if (!Files.exists(status)) {
      return false;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("SigIgn:")) {
        long mask = Long.parseUnsignedLong(line.substring("SigIgn:".length()).strip(), 16);
        return (mask & 2) != 0;
      }
    }
    return false;
  }
}
