package io.depthscope.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Datasets;
import io.depthscope.diagnosis.Diagnosis;
import io.depthscope.diagnosis.StudyNetwork;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.RunReader;
import io.depthscope.record.StudyDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What use cases tell, without a terminal, and what they give back. */
class RunListenerTest {
  private static final int IMAGES = 40;
  private static final Machine MACHINE = new Machine(new CpuBackend(2), "asked for", 2, 16);

  @TempDir private Path folder;

  /** Remembers all of it. */
  private static final class Record implements RunListener {
    final List<String> told = new ArrayList<>();

    @Override
    public void notice(String line) {
      told.add("notice " + line);
    }

    @Override
    public Progress begin(String what, long from, long to) {
      told.add(what + " " + from + ".." + to);
      return new Progress() {
        private long last = from;

        @Override
        public void at(long done) {
          assertTrue(done > last && done <= to, what + " at " + done + " after " + last);
          last = done;
        }

        @Override
        public void close() {
          told.add(what + " ends at " + last);
        }
      };
    }

    @Override
    public boolean stop() {
      return false;
    }
  }

  private static QuantScheme scheme(Granularity granularity) {
    RangeEstimator minMax = new RangeEstimator.MinMax();
    return QuantScheme.parse("w8a8", false, false, granularity, minMax, minMax);
  }

  private static Subject subject() throws IOException {
    LoadedModel model = Zoo.of(Zoo.TrainedOn.SYNTHETIC).getFirst().load();
    return new Subject(model, StatedImages.NOTHING.preprocessing(model));
  }

  @Test
  void anAnalysisTellsItsPartsAndReturnsTheRunThatItWrote() throws IOException {
    Record listener = new Record();
    Path directory = folder.resolve("run");
    try (Dataset data = Datasets.open("synthetic:" + IMAGES, Datasets.Options.defaults())) {
      Analysis.Result result =
          new Analysis(
                  subject(),
                  new TestImages<>(data, IMAGES, false, 1),
                  new Method(
                      new Quantization.ByScheme(scheme(Granularity.PER_TENSOR)),
                      Feed.ACCUMULATED,
                      Recording.STATISTICS),
                  CalibrationSource.of(
                      "synthetic:20:train",
                      20,
                      CalibrationSource.Order.SPREAD,
                      Optional.empty(),
                      () -> Datasets.open("synthetic:20:train", Datasets.Options.defaults())),
                  MACHINE)
              .run(new Analysis.Output(directory, true, false, 1000), listener);
      assertEquals(Analysis.Outcome.FINISHED, result.outcome());
      assertEquals(RunReader.read(directory), result.finished().orElseThrow().run());
      assertEquals(
          Diagnosis.of(RunReader.read(directory)), result.finished().orElseThrow().findings());
    }
    assertEquals(
        List.of(
            "notice no checkpoint in " + directory + "; starting with the first image",
            "calibrate 0..20",
            "calibrate ends at 20",
            "error sources 0..8",
            "error sources ends at 8",
            "analyze 0..40",
            "analyze ends at 40"),
        listener.told);
  }

  @Test
  void aStudyTellsOfItselfAndNotOfItsRuns() throws IOException {
    Record listener = new Record();
    Subject subject = subject();
    try (Dataset data = Datasets.open("synthetic:" + IMAGES, Datasets.Options.defaults())) {
      Path out = Files.createDirectory(folder.resolve("study"));
      StudyRun.Result result =
          new StudyRun(
                  new StudyDirectory(out),
                  List.of(
                      new StudyRun.Candidate(
                          StudyNetwork.of("one", subject.model().family()), subject)),
                  List.of(scheme(Granularity.PER_TENSOR), scheme(Granularity.PER_CHANNEL)),
                  new TestImages<>(data, IMAGES, false, 1),
                  new StudyRun.Calibrating(10, Optional.empty()),
                  MACHINE)
              .run(false, listener)
              .orElseThrow();
      assertEquals(2, result.runs().size());
      assertTrue(result.seconds() > 0, "NaN is none: " + result.seconds());
    }
    assertEquals(
        List.of("pack 0..40", "pack ends at 40", "study 0..80", "study ends at 80"), listener.told);
  }
}
