package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.depthscope.run.Analysis;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk that fills up, and has space again later. */
class FullDiskTest {
  private static final StoppableRun RUN = new StoppableRun("synthetic:32");
  private static final int DISK_BYTES = 4 << 20;
  private static final int BLOCK = 4096;

  @TempDir private static Path shared;
  private static Path whole;

  @TempDir private Path folder;

  @BeforeAll
  static void prepare() {
    whole = shared.resolve("whole");
    RUN.onCommandLine(whole).succeeds();
  }

  private static FileSystem disk() {
    return Jimfs.newFileSystem(
        Configuration.unix().toBuilder().setMaxSize(DISK_BYTES).setBlockSize(BLOCK).build());
  }

  /** Fills the disk until this many bytes are left. */
  private static Path ballast(FileSystem disk, int bytesLeft) throws IOException {
    Path file = disk.getPath("/ballast");
    return Files.write(file, new byte[DISK_BYTES - bytesLeft]);
  }

  /**
   * Whatever the free space, the run ends well or with one error that names a file and the reason;
   * with space again it is resumed to the same bytes.
   */
  @Test
  void failsWithTheReasonAndContinuesLater() throws IOException {
    Set<String> named = new TreeSet<>();
    int failures = 0;
    int finished = 0;
    // The steps are no multiple of the block size, so that every file is hit.
    for (int left = 0; left < (3 << 19); left += 53_000) {
      try (FileSystem disk = disk()) {
        Path ballast = ballast(disk, left);
        Path run = disk.getPath("/run");
        try {
          assertEquals(Analysis.Outcome.FINISHED, RUN.run(run, false, () -> false));
          finished++;
        } catch (IOException e) {
          failures++;
          String message = e.getMessage();
          assertTrue(message.startsWith("cannot write /run/"), message);
          assertTrue(message.endsWith(": out of disk space"), message);
          named.add(message.substring("cannot write /run/".length(), message.lastIndexOf(": ")));
          assertFalse(Files.exists(run.resolve("results.json")), "free: " + left);
          Files.delete(ballast);
          assertEquals(Analysis.Outcome.FINISHED, RUN.run(run, true, () -> false));
        }
        RunFiles.assertSame(whole, run, "free at first: " + left);
      }
    }
    assertTrue(finished > 0 && failures > 10, finished + " finished, " + failures + " failed");
    assertTrue(named.size() >= 5, named::toString);
  }

  /** A checkpoint that does not fit leaves the one before as it was. */
  @Test
  void keepsTheCheckpointBefore() throws IOException {
    try (FileSystem disk = disk()) {
      Path run = disk.getPath("/run");
      assertEquals(Analysis.Outcome.STOPPED, RUN.interrupted(run));
      byte[] checkpoint = Files.readAllBytes(run.resolve("checkpoint.bin"));
      Path ballast = disk.getPath("/ballast");
      long used = RunFiles.contents(run).values().stream().mapToLong(b -> b.length + BLOCK).sum();
      Files.write(ballast, new byte[(int) (DISK_BYTES - used - 2 * BLOCK)]);
      IOException e = assertThrows(IOException.class, () -> RUN.run(run, true, () -> false));
      assertEquals("cannot write /run/checkpoint.bin: out of disk space", e.getMessage());
      assertEquals(
          Set.of("checkpoint.bin", "predictions.csv.partial", "quantization.json"),
          RunFiles.contents(run).keySet());
      assertArrayEquals(checkpoint, Files.readAllBytes(run.resolve("checkpoint.bin")));
      Files.delete(ballast);
      assertEquals(Analysis.Outcome.FINISHED, RUN.run(run, true, () -> false));
      RunFiles.assertSame(whole, run, "after the disk was full");
    }
  }

  /** The kernel's own words, on the real command line: a link sends one file to /dev/full. */
  @ParameterizedTest
  @EnabledOnOs(OS.LINUX)
  @ValueSource(
      strings = {
        "quantization.json",
        "checkpoint.bin",
        "layers.csv",
        "channels.csv",
        "histograms.json",
        "manifest.json",
        "results.json"
      })
  void saysWhatTheKernelSays(String file) throws IOException {
    Path run = folder.resolve("run");
    Files.createDirectories(run);
    Files.createSymbolicLink(run.resolve(file + ".partial"), Path.of("/dev/full"));
    RUN.onCommandLine(run, "--checkpoint-every", 8, "--batch", 4)
        .fails("cannot write " + run.resolve(file) + ": ", "No space left on device");
    assertTrue(Files.exists(Path.of("/dev/full")), "the device is not ours to delete");
    RUN.onCommandLine(run, "--resume").succeeds();
    RunFiles.assertSame(whole, run, "after " + file);
  }
}
