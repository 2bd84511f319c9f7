package io.depthscope.run;

import io.depthscope.backend.InputBatch;
import io.depthscope.dataset.Batches;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.Samples;
import io.depthscope.graph.Node;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.record.MendAccount;
import io.depthscope.record.MendDirectory;
import io.depthscope.record.MendState;
import io.depthscope.record.QuantizationJson;
import io.depthscope.remedy.CalibrationImages;
import io.depthscope.remedy.Mending;
import io.depthscope.remedy.MixedPrecision;
import io.depthscope.remedy.Remedy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Mends a network: measures it, tries remedies, and hands over what came of it.
 *
 * @param of the network as it is, the images, and the scheme
 * @param steps the remedies to use, in this order; empty: it finds its own
 * @param allowed remedies that it may use of those that ask for a device that can do it
 * @param target accuracy that may be lost, as a share of the original's
 */
public record Mend(Analysis of, Optional<List<Remedy>> steps, List<Remedy> allowed, double target) {
  private static final int CHECKPOINT_EVERY = 1000;

  /** What images may take while remedies are tried; the runs before and after read all. */
  private static final long MOST_HELD = 256L << 20;

  public Mend {
    steps = steps.map(List::copyOf);
    allowed = List.copyOf(allowed);
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
    MemoryEstimate run = widest().memory();
    return new MemoryEstimate(
        run.network() + NETWORKS * Float.BYTES * weights,
        run.images() + held,
        run.predictions(),
        run.device(),
        run.heapLimit());
  }

  /**
   * Checks that it fits on the device.
   *
   * @throws io.depthscope.backend.BackendException if it does not, with a batch that would
   */
  public void checkDevice() {
    widest().checkDevice();
  }

  /** The run of the most codes that a remedy may give all outputs. */
  private Analysis widest() {
    if (!(of.method().quantization() instanceof Quantization.ByScheme by)) {
      return of;
    }
    QuantScheme scheme = by.scheme();
    for (Remedy r : allowed) {
      if (r instanceof MixedPrecision m) {
        scheme = scheme.withWidth(m.widths().getLast());
      }
    }
    return new Analysis(
        of.subject(),
        of.images(),
        new Method(
            new Quantization.ByScheme(scheme, by.policy()),
            of.method().feed(),
            of.method().recording()),
        of.ranges(),
        of.machine());
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
    MendLadder ladder =
        new MendLadder(
            begin(held), held.images(), null, null, allowed, MendLadder.Keeper.NONE, listener);
    return ladder.plan().stream()
        .map(f -> new MendAccount.Prediction(f.remedy().name(), f.remedy().summary(), f.sqnrDb()))
        .toList();
  }

  /**
   * Mends it, and leaves everything in a folder.
   *
   * @param resume continue what was interrupted there
   * @param overwrite replace what is there
   * @return empty if the user stopped it while a network was run
   * @throws java.io.InterruptedIOException if the user stopped it while remedies were tried
   * @throws IOException if anything fails; what stands in the folder stays
   */
  public Optional<MendAccount> run(
      Path folder, boolean resume, boolean overwrite, RunListener listener) throws IOException {
    Map<String, String> identity = MendDirectory.identity(of.spec());
    identity.put("remedies", remedies());
    identity.put("allowed", allowed.toString());
    try (MendDirectory directory = MendDirectory.open(folder, identity, resume, overwrite)) {
      MendState state = new MendState();
      directory.restore(state);
      if (resume && !directory.resumes()) {
        listener.notice("no checkpoint in " + folder + "; starting with the first step");
      }
      directory.checkpoint(state); // from now on the folder is known as ours
      return run(directory, state, listener);
    }
  }

  /** What was asked for. */
  private String remedies() {
    return steps
        .map(all -> all.stream().map(Remedy::name).collect(Collectors.joining(",")))
        .orElse("until no more is lost than " + target);
  }

  private Optional<MendAccount> run(MendDirectory directory, MendState state, RunListener listener)
      throws IOException {
    TestImages<?> judged = judged(listener);
    Analysis first = new Analysis(of.subject(), judged, of.method(), of.ranges(), of.machine());
    Path folder = directory.path();
    if (first
        .finished(folder.resolve(MendDirectory.BEFORE), CHECKPOINT_EVERY, listener)
        .isEmpty()) {
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
    MendRecord keeper = new MendRecord(directory, state, of, calibration.images().count());
    MendLadder ladder =
        new MendLadder(
            original,
            calibration.images(),
            new Judge(original, calibration.images(), calibration.labels(), classes),
            new Judge(original, held.images(), held.labels(), classes),
            allowed,
            keeper,
            listener);
    MendLadder.Result result =
        steps.isPresent() ? ladder.follow(steps.get()) : ladder.search(target);
    Subject mended = keeper.write(result.mended(), result.remedies());
    Analysis second =
        new Analysis(
            mended,
            judged,
            new Method(
                new Quantization.AsWritten(QuantizationJson.read(keeper.quantization())),
                of.method().feed(),
                of.method().recording()),
            CalibrationSource.of(keeper.quantization(), of.ranges().opener()),
            of.machine());
    if (second
        .finished(folder.resolve(MendDirectory.AFTER), CHECKPOINT_EVERY, listener)
        .isEmpty()) {
      return Optional.empty();
    }
    MendAccount account =
        new MendAccount(
            of.subject().model().graph().name(),
            original.scheme().toString(),
            of.ranges().text(),
            judged.data().description(),
            result.before(),
            result.steps(),
            widths(result.mended()),
            result.after());
    directory.finish(account);
    return Optional.of(account);
  }

  /** The bits of a mended network's layers; none where they are all the scheme's. */
  private static List<MendAccount.Width> widths(Mending mended) {
    List<MendAccount.Width> all = new ArrayList<>();
    for (Node node : mended.network().graph().nodes()) {
      if (mended.widths().bits().containsKey(node.name())) {
        QuantizedTensor w = mended.spec().weights(node.name()).orElseThrow();
        all.add(
            new MendAccount.Width(
                node.name(),
                w.codes().length,
                w.params().getFirst().bits(),
                mended.spec().output(node.name()).stream()
                    .mapToInt(QuantParams::bits)
                    .findFirst()));
      }
    }
    return all;
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
}
