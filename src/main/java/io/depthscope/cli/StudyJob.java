package io.depthscope.cli;

import io.depthscope.backend.Backend;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.PackedDataset;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.dataset.SpreadDataset;
import io.depthscope.diagnosis.NetworkSummary;
import io.depthscope.diagnosis.Study;
import io.depthscope.diagnosis.StudyNetwork;
import io.depthscope.model.format.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantScheme;
import io.depthscope.store.RecordedRun;
import io.depthscope.store.RunDirectory;
import io.depthscope.store.RunReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Runs every network at every setting, each into a run directory of its own, and reads them back.
 * Finished runs of an interrupted study are kept.
 *
 * @param out folder of the study
 * @param data the images; networks of one input size share one decoding of them
 * @param calibration images the ranges are taken from; empty: a sample of {@code data}
 */
record StudyJob(
    Path out,
    Backend backend,
    String backendChoice,
    List<Candidate> networks,
    List<QuantScheme> schemes,
    Dataset data,
    int count,
    Optional<CalibrationImages> calibration,
    int calibrate,
    int threads,
    int batch,
    long seed,
    boolean strict) {

  /** A network that takes part. */
  record Candidate(StudyNetwork network, LoadedModel model) {}

  /** Images of their own to calibrate with. */
  record CalibrationImages(String spec, CalibrationSource.Opener opener) {}

  /** A finished run of a network. */
  record Finished(StudyNetwork network, RecordedRun run) {}

  /** Everything a study has measured. */
  record Result(Study study, List<Finished> runs) {}

  private static final int CHECKPOINT_EVERY = 10_000;

  /**
   * Runs what is not finished yet.
   *
   * @param resume runs in {@code out} that are finished are read, interrupted ones continued
   * @return empty if it was stopped
   */
  Optional<Result> run(boolean resume, boolean quiet, BooleanSupplier stop, PrintWriter err)
      throws IOException {
    List<Finished> finished = new ArrayList<>();
    List<Study.Entry> entries = new ArrayList<>();
    Map<String, PackedDataset> packed = new HashMap<>();
    long all = (long) networks.size() * schemes.size() * count;
    try (Progress progress = Progress.start("study", 0, all, quiet, err)) {
      for (Candidate c : networks) {
        Preprocessing preprocessing = ModelOptions.preprocessing(c.model());
        Dataset images = images(preprocessing, packed, stop, err);
        Path first = null;
        for (QuantScheme scheme : schemes) {
          Path directory = directory(c, scheme);
          if (!run(c, scheme, preprocessing, images, directory, first, resume, stop, err)) {
            return Optional.empty();
          }
          first = first == null ? directory.resolve(RunDirectory.QUANTIZATION) : first;
          RecordedRun recorded = RunReader.read(directory);
          entries.add(new Study.Entry(c.network(), NetworkSummary.of(recorded)));
          finished.add(new Finished(c.network(), recorded.withoutDetails()));
          progress.at((long) finished.size() * count);
        }
      }
    } finally {
      packed.values().forEach(PackedDataset::close);
    }
    return Optional.of(new Result(new Study(data.description(), count, entries), finished));
  }

  Path directory(Candidate c, QuantScheme scheme) {
    return out.resolve("runs")
        .resolve(c.network().name())
        .resolve(scheme.name() + "-" + scheme.granularity());
  }

  /** Decoding 10,000 files takes longer than running a small network on them. */
  private Dataset images(
      Preprocessing preprocessing,
      Map<String, PackedDataset> packed,
      BooleanSupplier stop,
      PrintWriter err)
      throws IOException {
    String geometry = preprocessing.geometryText();
    if (data instanceof PackedDataset) {
      return data;
    }
    if (!packed.containsKey(geometry)) {
      Path file = out.resolve("images-" + preprocessing.inputShape() + ".packed");
      Files.deleteIfExists(file);
      new PackJob(data, preprocessing, count, threads, strict).run(file, true, stop, err);
      packed.put(geometry, new PackedDataset(file));
      // An open file stays readable, and nothing is left behind however the study ends.
      Files.delete(file);
    }
    return packed.get(geometry);
  }

  private boolean run(
      Candidate c,
      QuantScheme scheme,
      Preprocessing preprocessing,
      Dataset images,
      Path directory,
      Path quantization,
      boolean resume,
      BooleanSupplier stop,
      PrintWriter err)
      throws IOException {
    AnalyzeJob job =
        new AnalyzeJob(
            backend,
            backendChoice,
            c.model(),
            preprocessing,
            scheme,
            Feed.ACCUMULATED,
            Recording.STATISTICS,
            images,
            Math.min(count, images.size()),
            threads,
            batch,
            strict);
    job.memory().check();
    if (RunDirectory.isComplete(directory)) {
      job.checkSame(directory);
      return true;
    }
    job.checkDevice();
    AnalyzeJob.Outcome outcome =
        job.run(
            directory,
            source(images, quantization),
            new AnalyzeJob.Mode(
                resume && RunDirectory.isInterrupted(directory),
                false,
                CHECKPOINT_EVERY,
                true,
                seed),
            stop,
            new PrintWriter(Writer.nullWriter()),
            err);
    return outcome == AnalyzeJob.Outcome.FINISHED;
  }

  /** One calibration a network: every setting starts from the same ranges. */
  private CalibrationSource source(Dataset images, Path quantization) {
    String spec = calibration.map(CalibrationImages::spec).orElse("an even sample of the data");
    return new CalibrationSource(
        spec,
        calibrate,
        quantization,
        calibration
            .map(CalibrationImages::opener)
            .orElse(() -> new SpreadDataset(images, calibrate)));
  }
}
