package io.depthscope.cli;

import io.depthscope.backend.Backend;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.PackedDataset;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.dataset.SpreadDataset;
import io.depthscope.dataset.UnreadableImage;
import io.depthscope.diagnosis.NetworkSummary;
import io.depthscope.diagnosis.Study;
import io.depthscope.diagnosis.StudyNetwork;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.Run;
import io.depthscope.record.RunDirectory;
import io.depthscope.record.StudyDirectory;
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
    StudyDirectory out,
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

  /** A network that takes part, and how it reads images. */
  record Candidate(StudyNetwork network, LoadedModel model, Preprocessing preprocessing) {}

  /** Images of their own to calibrate with. */
  record CalibrationImages(String spec, CalibrationSource.Opener opener) {}

  /** A finished run of a network. */
  record Finished(StudyNetwork network, Run run) {}

  /** Everything a study has measured. */
  record Result(Study study, List<Finished> runs) {

    /** What all runs took, those of an earlier part of the study included. */
    double seconds() {
      return runs.stream()
          .flatMap(f -> TIMES.stream().map(f.run().manifest()::get))
          .mapToDouble(t -> t instanceof Number n ? n.doubleValue() : Double.NaN)
          .sum();
    }
  }

  private static final List<String> TIMES = List.of("secondsCalibrating", "secondsRunning");

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
    Map<String, Images> decoded = new HashMap<>();
    try {
      for (Candidate c : networks) {
        decode(c.preprocessing(), decoded, quiet, stop, err);
      }
      long all = (long) networks.size() * schemes.size() * count;
      try (Progress progress = Progress.start("study", 0, all, quiet, err)) {
        for (Candidate c : networks) {
          Preprocessing preprocessing = c.preprocessing();
          Images images = decoded.get(preprocessing.geometryText());
          Path first = null;
          for (QuantScheme scheme : schemes) {
            Path directory = directory(c, scheme);
            Optional<Run> recorded =
                run(c, scheme, preprocessing, images, directory, first, resume, stop, err);
            if (recorded.isEmpty()) {
              return Optional.empty();
            }
            first = first == null ? directory.resolve(RunDirectory.QUANTIZATION) : first;
            entries.add(new Study.Entry(c.network(), NetworkSummary.of(recorded.get())));
            finished.add(new Finished(c.network(), recorded.get().withoutDetails()));
            progress.at((long) finished.size() * count);
          }
        }
      }
    } finally {
      decoded.values().forEach(Images::close);
    }
    long images = entries.stream().mapToLong(e -> e.summary().network().images()).max().orElse(0);
    return Optional.of(new Result(new Study(data.description(), images, entries), finished));
  }

  Path directory(Candidate c, QuantScheme scheme) {
    return out.run(c.network().name(), scheme.name() + "-" + scheme.granularity());
  }

  /**
   * Images at a network's input size.
   *
   * @param source where they come from
   * @param packed the copy to close; empty if there is none
   */
  private record Images(Dataset data, AnalyzeJob.Source source, Optional<PackedDataset> packed) {
    void close() {
      packed.ifPresent(PackedDataset::close);
    }
  }

  /** Decoding 10,000 files takes longer than running a small network on them. */
  private void decode(
      Preprocessing preprocessing,
      Map<String, Images> decoded,
      boolean quiet,
      BooleanSupplier stop,
      PrintWriter err)
      throws IOException {
    String geometry = preprocessing.geometryText();
    if (decoded.containsKey(geometry)) {
      return;
    }
    if (data instanceof PackedDataset) {
      decoded.put(geometry, new Images(data, AnalyzeJob.Source.of(data), Optional.empty()));
      return;
    }
    Path file = out.images(preprocessing.inputShape().toString());
    Files.deleteIfExists(file);
    List<UnreadableImage> skipped = new ArrayList<>();
    new PackJob(data, preprocessing, count, threads, strict)
        .run(file, quiet, stop, skipped::add, err);
    PackedDataset packed = new PackedDataset(file);
    // An open file stays readable, and nothing is left behind however the study ends.
    Files.delete(file);
    AnalyzeJob.Source source = AnalyzeJob.Source.of(data, List.copyOf(skipped));
    decoded.put(geometry, new Images(packed, source, Optional.of(packed)));
  }

  /** The finished run, just now or before; empty if it was stopped. */
  private Optional<Run> run(
      Candidate c,
      QuantScheme scheme,
      Preprocessing preprocessing,
      Images images,
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
            images.data(),
            Math.min(count, images.data().size()),
            threads,
            batch,
            strict,
            images.source());
    job.memory().check();
    CalibrationSource source = source(images.data(), quantization);
    if (RunDirectory.isComplete(directory)) {
      return Optional.of(job.readSame(directory, source, seed));
    }
    job.checkDevice();
    return job.run(
            directory,
            source,
            new AnalyzeJob.Mode(
                resume && RunDirectory.isInterrupted(directory),
                false,
                CHECKPOINT_EVERY,
                true,
                seed),
            stop,
            new PrintWriter(Writer.nullWriter()),
            err)
        .finished()
        .map(DiagnosedRun::run);
  }

  /**
   * One calibration a network: every setting starts from the same ranges. It is called the same,
   * too, whether it is made or read, so that a study may be continued from another folder.
   */
  private CalibrationSource source(Dataset images, Path quantization) {
    String spec = calibration.map(CalibrationImages::spec).orElse("the data, evenly spread");
    return new CalibrationSource(
        calibrate + " images of " + spec,
        calibrate,
        quantization,
        calibration
            .map(CalibrationImages::opener)
            .orElse(() -> new SpreadDataset(images, calibrate)));
  }
}
