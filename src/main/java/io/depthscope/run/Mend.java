package io.depthscope.run;

import io.depthscope.backend.InputBatch;
import io.depthscope.dataset.Batches;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.Samples;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.plan.Plan;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.Calibration;
import io.depthscope.record.MendDirectory;
import io.depthscope.record.QuantizationJson;
import io.depthscope.remedy.CalibrationImages;
import io.depthscope.remedy.Mending;
import io.depthscope.remedy.Remedy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Mends a network: measures it, tries remedies, and hands over what came of it.
 *
 * @param of the network as it is, the images, and the scheme
 * @param steps the remedies to use, in this order; empty: it finds its own
 * @param target accuracy that may be lost, as a share of the original's
 */
public record Mend(Analysis of, Optional<List<Remedy>> steps, double target) {
  private static final int CHECKPOINT_EVERY = 1000;

  /** What images may take while remedies are tried; the runs before and after read all. */
  private static final long MOST_HELD = 256L << 20;

  public Mend {
    steps = steps.map(List::copyOf);
  }

  /** Copies of a network's weights that stand beside each other: what was built is kept. */
  private static final int NETWORKS = 12;

  /** What short-lived objects and the moments of a layer need of what is left. */
  private static final double SHARE_OF_ROOM = 0.6;

  /** What it will hold in memory, but for the tensors between two layers. */
  public MemoryEstimate memory() {
    long weights =
        of.subject().model().network().weights().values().stream()
            .mapToLong(w -> w.kernel().data().length)
            .sum();
    long image =
        imageBytes() + (long) Float.BYTES * of.subject().model().graph().outputShape().size();
    long held =
        Math.min(2 * MOST_HELD, image * ((long) of.images().count() + of.ranges().images()));
    MemoryEstimate run = of.memory();
    return new MemoryEstimate(
        run.network() + NETWORKS * Float.BYTES * weights,
        run.images() + held,
        run.predictions(),
        run.device(),
        run.heapLimit());
  }

  private long imageBytes() {
    long values = of.subject().model().graph().inputShape().size();
    return of.subject().images().isPresent() ? values : Float.BYTES * values;
  }

  /** Bytes for the tensors between two layers: of as many images as fit, or of one batch. */
  private long room() {
    MemoryEstimate memory = memory();
    return (long) (SHARE_OF_ROOM * Math.max(0, memory.heapLimit() - memory.heap()));
  }

  /** Images held in memory, with what is right for each. */
  private record Held(CalibrationImages images, List<int[]> labels) {}

  /**
   * The predictions alone.
   *
   * @throws IOException if the network cannot be run on the calibration images
   */
  public List<MendAccount.Prediction> plan(RunListener listener) throws IOException {
    Held held = calibration(listener);
    MendLadder ladder = new MendLadder(begin(held), held.images(), null, null, listener);
    return ladder.plan().stream()
        .map(f -> new MendAccount.Prediction(f.remedy().name(), f.remedy().summary(), f.sqnrDb()))
        .toList();
  }

  /**
   * Mends it, and leaves everything in a folder.
   *
   * @param overwrite replace what is there
   * @return empty if the user stopped it
   * @throws IOException if anything fails; what stands in the folder stays
   */
  public Optional<MendAccount> run(Path folder, boolean overwrite, RunListener listener)
      throws IOException {
    MendDirectory.create(folder);
    TestImages<?> judged = judged(listener);
    Analysis first = new Analysis(of.subject(), judged, of.method(), of.ranges(), of.machine());
    Optional<DiagnosedRun> before =
        first.run(output(folder.resolve(MendDirectory.BEFORE), overwrite), listener).finished();
    if (before.isEmpty()) {
      return Optional.empty();
    }
    Held calibration = calibration(listener);
    Mending original = begin(calibration);
    boolean classes = of.subject().model().graph().isClassifier();
    Held held = hold(judged.data(), judged.count(), judged.labelled(), listener);
    if (held.images().count() < judged.count()) {
      listener.notice(
          "remedies are judged on the first " + held.images().count() + " images, to save memory");
    }
    MendLadder ladder =
        new MendLadder(
            original,
            calibration.images(),
            new Judgement.Judge(original, calibration.images(), calibration.labels(), classes),
            new Judgement.Judge(original, held.images(), held.labels(), classes),
            listener);
    MendLadder.Result result =
        steps.isPresent() ? ladder.follow(steps.get()) : ladder.search(target);
    Subject mended = write(folder, result.mended(), result.remedies(), calibration);
    Analysis second =
        new Analysis(
            mended,
            judged,
            new Method(
                new Quantization.AsWritten(
                    QuantizationJson.read(folder.resolve(MendDirectory.QUANTIZATION))),
                of.method().feed(),
                of.method().recording()),
            CalibrationSource.of(folder.resolve(MendDirectory.QUANTIZATION), of.ranges().opener()),
            of.machine());
    Optional<DiagnosedRun> after =
        second.run(output(folder.resolve(MendDirectory.AFTER), overwrite), listener).finished();
    if (after.isEmpty()) {
      return Optional.empty();
    }
    MendAccount account =
        MendAccount.of(
            result,
            of.subject().model().graph().name(),
            original.scheme(),
            of.ranges().text(),
            judged.data().description());
    AtomicFile.write(folder.resolve(MendDirectory.ACCOUNT), account::write);
    return Optional.of(account);
  }

  private static Analysis.Output output(Path directory, boolean overwrite) {
    return new Analysis.Output(directory, false, overwrite, CHECKPOINT_EVERY);
  }

  private Mending begin(Held calibration) throws IOException {
    QuantScheme scheme = of.method().quantization().scheme();
    return Mending.begin(
        of.subject().model().network(),
        scheme,
        of.method().quantization().policy(),
        calibration.images());
  }

  /** Where remedies learn from the same data, the other images. */
  private TestImages<?> judged(RunListener listener) throws IOException {
    Optional<TestImages<?>> others = of.ranges().others(of.images());
    if (others.isEmpty()) {
      listener.notice("there are no other images: it is judged on those that it learns from");
    }
    return others.isPresent() ? others.get() : of.images();
  }

  private Held calibration(RunListener listener) throws IOException {
    try (CalibrationSource.Taken taken = of.ranges().open()) {
      return hold(taken.data(), taken.count(), false, listener);
    }
  }

  /** Reads images into memory, as many as may be held. */
  private Held hold(Samples data, int count, boolean labelled, RunListener listener)
      throws IOException {
    PairedRun.Labels labels = new PairedRun.Labels(labelled, of.subject().model().firstClass());
    List<InputBatch> batches = new ArrayList<>();
    List<int[]> right = new ArrayList<>();
    long bytes = 0;
    try (Batches all = of.batches(data, 0, count, u -> {});
        RunListener.Progress progress = listener.begin("read", 0, count)) {
      int read = 0;
      for (ImageBatch b = all.next(); b != null && bytes < MOST_HELD; b = all.next()) {
        batches.add(InputBatch.of(b));
        int[] each = new int[b.count()];
        for (int i = 0; i < each.length; i++) {
          each[i] = labels.output(b.labels()[i]);
        }
        right.add(each);
        read += b.count();
        progress.at(read);
        bytes += b.pixels() != null ? b.pixels().length : (long) Float.BYTES * b.values().length;
      }
    }
    if (batches.isEmpty()) {
      throw new IOException(data.description() + ": no image could be read");
    }
    CalibrationImages images =
        new CalibrationImages(
            of.machine().backend(),
            of.subject().inputTable(),
            batches,
            of.machine().batch(),
            room(),
            listener::stop);
    return new Held(images, right);
  }

  /** Writes the network and how it is quantized, and reads the network back. */
  private Subject write(Path folder, Mending mended, List<String> remedies, Held calibration)
      throws IOException {
    Path file = folder.resolve(MendDirectory.NETWORK);
    Export.wholeNetwork(
        of.subject(), StatedImages.NOTHING, mended.network(), mended.spec(), remedies, file);
    Subject read = new Subject(ModelReader.load(file, LoadOptions.NONE), of.subject().images());
    Analysis again = new Analysis(read, of.images(), of.method(), of.ranges(), of.machine());
    Calibration seen =
        new Calibration(
            calibration.images().count(),
            of.ranges().text(),
            again.spec().calibrationInputs(),
            mended.seen().tensors());
    Plan plan = read.plan(mended.spec(), of.method().feed(), of.method().recording());
    AtomicFile.write(
        folder.resolve(MendDirectory.QUANTIZATION),
        out -> QuantizationJson.write(plan, mended.scheme(), seen, out));
    return read;
  }
}
