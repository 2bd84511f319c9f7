package io.depthscope.run;

import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.PackedDataset;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.dataset.SelectedImages;
import io.depthscope.dataset.UnreadableImage;
import io.depthscope.diagnosis.NetworkSummary;
import io.depthscope.diagnosis.Study;
import io.depthscope.diagnosis.StudyNetwork;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.MendAccount;
import io.depthscope.record.MendDirectory;
import io.depthscope.record.Run;
import io.depthscope.record.RunDirectory;
import io.depthscope.record.RunManifest;
import io.depthscope.record.StudyDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs every network at every setting, each into a run directory of its own, and reads them back.
 * Finished runs of an interrupted study are kept.
 *
 * @param out folder of the study
 * @param mendTo accuracy that mended networks may lose, as a share; empty: none is mended
 * @param images networks of one input size share one decoding of them
 */
public record StudyRun(
    StudyDirectory out,
    List<Candidate> networks,
    List<QuantScheme> schemes,
    Optional<Double> mendTo,
    TestImages<Dataset> images,
    Calibrating calibrating,
    Machine machine) {

  /** A network that takes part. */
  public record Candidate(StudyNetwork network, Subject subject) {}

  /**
   * What the ranges are taken from.
   *
   * @param own images of their own; empty: a sample of the study's
   */
  public record Calibrating(int images, Optional<OwnImages> own) {}

  /** Images to calibrate with. */
  public record OwnImages(String spec, CalibrationSource.Opener opener) {}

  /** A finished run of a network. */
  public record Finished(StudyNetwork network, Run run) {}

  /** Everything a study has measured. */
  public record Result(Study study, List<Finished> runs) {

    /** What all runs took, those of an earlier part of the study included. */
    public double seconds() {
      return runs.stream().mapToDouble(f -> RunManifest.seconds(f.run())).sum();
    }
  }

  private static final int CHECKPOINT_EVERY = 10_000;

  public StudyRun {
    networks = List.copyOf(networks);
    schemes = List.copyOf(schemes);
  }

  /**
   * Runs what is not finished yet: runs in {@code out} that are finished are read, interrupted ones
   * continued.
   *
   * @return empty if it was stopped
   * @throws java.io.InterruptedIOException if it was stopped while it decoded the images
   */
  public Optional<Result> run(RunListener listener) throws IOException {
    List<Finished> finished = new ArrayList<>();
    List<Study.Entry> entries = new ArrayList<>();
    List<Study.Mended> mended = new ArrayList<>();
    Map<String, Decoded> decoded = new HashMap<>();
    try {
      for (Candidate c : networks) {
        decode(c.subject().preprocessing(), decoded, listener);
      }
      long all = (long) networks.size() * schemes.size() * images.count();
      try (RunListener.Progress progress = listener.begin("study", 0, all)) {
        for (Candidate c : networks) {
          TestImages<? extends Dataset> own =
              decoded.get(c.subject().preprocessing().geometryText()).images();
          Optional<Path> first = Optional.empty();
          for (QuantScheme scheme : schemes) {
            Path directory = directory(c, scheme);
            Optional<Run> recorded =
                run(analysis(c, scheme, own, first), directory, new Part(listener));
            if (recorded.isEmpty()) {
              return Optional.empty();
            }
            first = first.or(() -> Optional.of(directory.resolve(RunDirectory.QUANTIZATION)));
            entries.add(new Study.Entry(c.network(), NetworkSummary.of(recorded.get())));
            finished.add(new Finished(c.network(), recorded.get().withoutDetails()));
            if (mendTo.isPresent()) {
              Optional<MendAccount> account = mend(c, scheme, own, new Part(listener));
              if (account.isEmpty()) {
                return Optional.empty();
              }
              mended.add(new Study.Mended(c.network(), scheme, account.get()));
            }
            progress.at((long) finished.size() * images.count());
          }
        }
      }
    } finally {
      decoded.values().forEach(Decoded::close);
    }
    long seen = entries.stream().mapToLong(e -> e.summary().network().images()).max().orElse(0);
    return Optional.of(
        new Result(new Study(images.data().description(), seen, entries, mended), finished));
  }

  private Path directory(Candidate c, QuantScheme scheme) {
    return out.run(c.network().name(), setting(scheme));
  }

  private static String setting(QuantScheme scheme) {
    return scheme.name() + "-" + scheme.granularity();
  }

  /** The account of a mended network, just now or before; empty if it was stopped. */
  private Optional<MendAccount> mend(
      Candidate c, QuantScheme scheme, TestImages<? extends Dataset> own, RunListener listener)
      throws IOException {
    Path folder = out.mended(c.network().name(), setting(scheme));
    if (MendDirectory.isComplete(folder)) {
      return Optional.of(MendAccount.read(folder.resolve(MendDirectory.ACCOUNT)));
    }
    int n = calibrating.images();
    // What a remedy learned from tells nothing of it: it is judged on the other images.
    CalibrationSource learned =
        calibrating.own().isPresent()
            ? ranges(own.data(), Optional.empty())
            : CalibrationSource.of(
                "the data",
                n,
                CalibrationSource.Order.SPREAD,
                Optional.empty(),
                () -> SelectedImages.all(own.data()));
    Analysis plain = analysis(c, scheme, own, Optional.empty());
    Mend mend =
        new Mend(
            new Analysis(c.subject(), own, plain.method(), learned, machine),
            Optional.empty(),
            List.of(),
            mendTo.orElseThrow());
    mend.memory().check();
    mend.checkDevice();
    return mend.run(folder, MendDirectory.isInterrupted(folder), false, listener);
  }

  /** A run of a study tells the study's listener: but its progress is the study's. */
  private record Part(RunListener study) implements RunListener {
    private record Unseen() implements Progress {
      @Override
      public void at(long done) {}

      @Override
      public void close() {}
    }

    @Override
    public void notice(String line) {
      study.notice(line);
    }

    @Override
    public void step(String line) {
      study.step(line);
    }

    @Override
    public Progress begin(String what, long from, long to) {
      return new Unseen();
    }

    @Override
    public boolean stop() {
      return study.stop();
    }
  }

  /**
   * Images at a network's input size.
   *
   * @param packed the copy to close; empty if there is none
   */
  private record Decoded(TestImages<? extends Dataset> images, Optional<PackedDataset> packed) {
    void close() {
      packed.ifPresent(PackedDataset::close);
    }
  }

  /** Decoding 10,000 files takes longer than running a small network on them. */
  private void decode(
      Preprocessing preprocessing, Map<String, Decoded> decoded, RunListener listener)
      throws IOException {
    if (preprocessing.channels() == 1) {
      throw new IOException("a study is of networks that read colours, not of one channel");
    }
    String geometry = preprocessing.geometryText();
    if (decoded.containsKey(geometry)) {
      return;
    }
    if (images.data() instanceof PackedDataset) {
      decoded.put(geometry, new Decoded(images, Optional.empty()));
      return;
    }
    Path file = out.images(preprocessing.inputShape().toString());
    Files.deleteIfExists(file);
    List<UnreadableImage> skipped = new ArrayList<>();
    new Packing(images, preprocessing, machine.threads()).run(file, skipped::add, listener);
    PackedDataset packed = new PackedDataset(file);
    // An open file stays readable, and nothing is left behind however the study ends.
    Files.delete(file);
    decoded.put(geometry, new Decoded(images.copiedTo(packed, skipped), Optional.of(packed)));
  }

  private Analysis analysis(
      Candidate c,
      QuantScheme scheme,
      TestImages<? extends Dataset> own,
      Optional<Path> quantization) {
    return new Analysis(
        c.subject(),
        own,
        new Method(new Quantization.ByScheme(scheme), Feed.ACCUMULATED, Recording.STATISTICS),
        ranges(own.data(), quantization),
        machine);
  }

  /** The finished run, just now or before; empty if it was stopped. */
  private static Optional<Run> run(Analysis analysis, Path directory, RunListener listener)
      throws IOException {
    analysis.memory().check();
    if (!RunDirectory.isComplete(directory)) {
      analysis.checkDevice();
    }
    return analysis.finished(directory, CHECKPOINT_EVERY, listener);
  }

  /**
   * One calibration a network: every setting starts from the same ranges. It is called the same,
   * too, whether it is made or read, so that a study may be continued from another folder.
   */
  private CalibrationSource ranges(Dataset data, Optional<Path> quantization) {
    int n = calibrating.images();
    String spec = calibrating.own().map(OwnImages::spec).orElse("the data, evenly spread");
    return new CalibrationSource(
        n + " images of " + spec,
        n,
        CalibrationSource.Order.SPREAD,
        quantization,
        calibrating.own().map(OwnImages::opener).orElse(() -> SelectedImages.spread(data, n)));
  }
}
