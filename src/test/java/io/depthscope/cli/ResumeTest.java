package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.run.Analysis;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Interrupted runs, continued on the command line. */
class ResumeTest {
  private static final StoppableRun RUN = new StoppableRun("synthetic:60");
  private static final String CHECKPOINT = "checkpoint.bin";
  private static final String PREDICTIONS = "predictions.csv.partial";

  @TempDir private static Path shared;
  private static Path whole;
  private static Path interrupted;

  @TempDir private Path folder;

  @BeforeAll
  static void prepare() throws IOException {
    whole = shared.resolve("whole");
    RUN.onCommandLine(whole).succeeds();
    interrupted = shared.resolve("interrupted");
    assertEquals(Analysis.Outcome.STOPPED, RUN.interrupted(interrupted));
    assertEquals(
        Set.of(CHECKPOINT, PREDICTIONS, "quantization.json"),
        RunFiles.contents(interrupted).keySet());
  }

  private Path copy() throws IOException {
    return RunFiles.copy(interrupted, folder.resolve("run"));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 4", "2, 32", "3, 7"})
  void continuesToTheSameBytes(int threads, int batch) throws IOException {
    Path run = copy();
    RUN.onCommandLine(run, "--resume", "--threads", threads, "--batch", batch).succeeds();
    RunFiles.assertSame(whole, run, "threads " + threads + ", batch " + batch);
  }

  /** Stopped over and over, a batch at a time. */
  @Test
  void continuesManyTimes() throws IOException {
    Path run = folder.resolve("run");
    AtomicInteger parts = new AtomicInteger();
    while (RUN.run(run, true, () -> true) != Analysis.Outcome.FINISHED) {
      assertTrue(parts.incrementAndGet() < 60, "it does not get on");
      if (parts.get() == 1) {
        assertFalse(Files.exists(run.resolve(CHECKPOINT)), "stopped while calibrating");
        assertEquals(
            Analysis.Outcome.STOPPED,
            RUN.interrupted(run),
            "nothing to resume, so a new run may begin");
      }
    }
    assertTrue(parts.get() > 2, parts::toString);
    RunFiles.assertSame(whole, run, parts + " parts");
  }

  /** What was written after the last checkpoint is dropped, as after a kill. */
  @Test
  void dropsPredictionsBeyondTheCheckpoint() throws IOException {
    Path run = copy();
    byte[] kept = Files.readAllBytes(run.resolve(PREDICTIONS));
    byte[] more = Arrays.copyOf(kept, kept.length + 100_000); // more than will follow
    Arrays.fill(more, kept.length, more.length, (byte) 'x');
    Files.write(run.resolve(PREDICTIONS), more);
    Files.write(run.resolve("layers.csv"), more);
    Files.write(run.resolve("results.json.partial"), more);
    RUN.onCommandLine(run, "--resume").succeeds();
    RunFiles.assertSame(whole, run, "with rubbish after the checkpoint");
  }

  /** Killed between the two renames at the very end of a run. */
  @Test
  void findsPredictionsUnderTheirFinalName() throws IOException {
    Path run = copy();
    Files.copy(whole.resolve("predictions.csv"), run.resolve("predictions.csv"));
    Files.delete(run.resolve(PREDICTIONS));
    RUN.onCommandLine(run, "--resume").succeeds();
    RunFiles.assertSame(whole, run, "killed before results.json");
  }

  @Test
  void skippedImagesAreCountedOnce() throws IOException {
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 5);
    for (String bad : new String[] {"class0/a.png", "class2/image 9.jpg", "class9/z.png"}) {
      ImageFiles.text(images.resolve(bad));
    }
    StoppableRun photographs = new StoppableRun(images.toString());
    Path expected = folder.resolve("expected");
    CommandLineRun complete = photographs.onCommandLine(expected).succeeds();
    assertEquals(
        3 + 1,
        complete.err().lines().filter(l -> l.startsWith("depthscope: skipped ")).count(),
        "one of them is calibrated with, too");
    assertEquals(
        3, RunFiles.json(expected.resolve("results.json")).at("/network/skippedImages").intValue());
    Path run = folder.resolve("run");
    AtomicInteger batches = new AtomicInteger();
    for (int part = 1; part <= 4; part++) {
      batches.set(0);
      boolean begins = part == 1;
      photographs.run(
          run,
          !begins,
          () -> Files.exists(run.resolve(CHECKPOINT)) && batches.incrementAndGet() > 1);
    }
    photographs.onCommandLine(run, "--resume", "--batch", 3).succeeds();
    RunFiles.assertSame(expected, run, "with unreadable images");
    assertEquals(
        RunFiles.json(expected.resolve(RunFiles.MANIFEST)).path("skippedImages"),
        RunFiles.json(run.resolve(RunFiles.MANIFEST)).path("skippedImages"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --scheme w4a8             | scheme: was w8a8: weights uint8
          --granularity per-channel | scheme
          --range mse               | scheme
          --symmetric both          | scheme
          --feed local              | feed: was accumulated, is local
          --error-sources           | errorSources: was false
          --backend reference       | backend: was cpu, is reference
          --limit 50                | images: was 60, is 50
          --data synthetic:61       | data
          --seed 5                  | data
          --calibrate 10            | calibration
          --calibrate-data synthetic:30 | calibration
          --model test-data/models/regular-cnn-synthetic.safetensors | weights
          """)
  void refusesOtherSettings(String options, String word) throws IOException {
    Path run = copy();
    Object[] more = ("--resume " + options).split(" ", -1);
    RUN.onCommandLineReplacing(run, more).fails("other settings", word, run.toString());
    assertEquals(Set.of(), RunFiles.differing(interrupted, run), "nothing may change");
  }

  @Test
  void refusesAnotherCalibration() throws IOException {
    Path run = copy();
    String text = Files.readString(run.resolve("quantization.json"));
    Files.writeString(
        run.resolve("quantization.json"), text.replaceFirst("\"max\" : \\d", "\"max\" : 9"));
    assertEquals(Set.of("quantization.json"), RunFiles.differing(interrupted, run));
    RUN.onCommandLine(run, "--resume").fails("quantization.json", "other settings");
    Files.delete(run.resolve("quantization.json"));
    RUN.onCommandLine(run, "--resume").fails("quantization.json", "no such file");
  }

  @Test
  void aNewRunDoesNotReplaceAnInterruptedOneUnasked() throws IOException {
    Path run = copy();
    RUN.onCommandLine(run).isMisuse(run.toString(), "--resume", "--overwrite");
    assertEquals(Set.of(), RunFiles.differing(interrupted, run));
    RUN.onCommandLine(run, "--overwrite").succeeds();
    RunFiles.assertSame(whole, run, "overwritten");
  }

  @Test
  void aFinishedRunIsLeftAlone() throws IOException {
    Path run = RunFiles.copy(whole, folder.resolve("run"));
    String out = RUN.onCommandLine(run, "--resume").succeeds().out();
    assertTrue(out.contains(run + " holds a finished run"), out);
    RUN.onCommandLine(run).isMisuse(run.toString(), "finished run", "--overwrite");
    assertEquals(Set.of(), RunFiles.differing(whole, run));
    Files.writeString(run.resolve("notes.txt"), "mine");
    RUN.onCommandLine(run, "--overwrite").succeeds();
    assertEquals(
        Set.of(RunFiles.MANIFEST, RunFiles.REPORT, "notes.txt"), RunFiles.differing(whole, run));
    assertEquals("mine", Files.readString(run.resolve("notes.txt")));
  }

  @Test
  void withoutACheckpointItBeginsAndSaysSo() {
    Path run = folder.resolve("run");
    CommandLineRun resumed = RUN.onCommandLine(run, "--resume").succeeds();
    assertTrue(resumed.err().contains("no checkpoint in " + run), resumed::err);
    RunFiles.assertSame(whole, run, "resumed from nothing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "shorter", "empty"})
  void saysThatPredictionsAreLost(String how) throws IOException {
    Path run = copy();
    Path file = run.resolve(PREDICTIONS);
    byte[] bytes = Files.readAllBytes(file);
    Files.delete(file);
    if (!how.equals("missing")) {
      Files.write(file, Arrays.copyOf(bytes, how.equals("empty") ? 0 : bytes.length - 1));
    }
    Path before = RunFiles.copy(run, folder.resolve("before"));
    RUN.onCommandLine(run, "--resume").fails(PREDICTIONS, "--overwrite");
    assertEquals(Set.of(), RunFiles.differing(before, run), "nothing may change");
  }

  /** Every kind of damage is one line, and what is left of the run stays. */
  @Test
  void refusesADamagedCheckpoint() throws IOException {
    byte[] good = Files.readAllBytes(interrupted.resolve(CHECKPOINT));
    Random random = new Random(20);
    for (int i = 0; i < 40; i++) {
      byte[] bad = good.clone();
      switch (i % 4) {
        case 0 -> bad = Arrays.copyOf(good, i == 0 ? 0 : random.nextInt(good.length));
        case 1 -> bad[random.nextInt(good.length)] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bad = Arrays.copyOf(good, good.length + 1 + random.nextInt(100));
        default -> bad = "{}".repeat(1 + random.nextInt(50)).getBytes(StandardCharsets.UTF_8);
      }
      Path run = folder.resolve("run" + i);
      RunFiles.copy(interrupted, run);
      Files.write(run.resolve(CHECKPOINT), bad);
      RUN.onCommandLine(run, "--resume").fails(CHECKPOINT, "damaged checkpoint", "--overwrite");
      assertEquals(Set.of(CHECKPOINT), RunFiles.differing(interrupted, run), "damage " + i);
      assertTrue(Arrays.equals(bad, Files.readAllBytes(run.resolve(CHECKPOINT))), "damage " + i);
    }
  }
}
