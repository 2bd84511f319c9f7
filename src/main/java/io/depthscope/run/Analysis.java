package io.depthscope.run;

import io.depthscope.backend.BackendException;
import io.depthscope.backend.Program;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Batches;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageFolder;
import io.depthscope.dataset.Samples;
import io.depthscope.dataset.UnreadableImage;
import io.depthscope.diagnosis.FindingsJson;
import io.depthscope.graph.Node;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.NetworkFile;
import io.depthscope.graph.exchange.Setting;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.BuildInfo;
import io.depthscope.record.Calibration;
import io.depthscope.record.ErrorSources;
import io.depthscope.record.QuantizationJson;
import io.depthscope.record.Run;
import io.depthscope.record.RunAssembly;
import io.depthscope.record.RunDirectory;
import io.depthscope.record.RunManifest;
import io.depthscope.record.RunReader;
import io.depthscope.record.RunSetting;
import io.depthscope.record.RunSpec;
import io.depthscope.record.RunState;
import io.depthscope.stats.Prediction;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One analysis, from calibration to the written results.
 *
 * @param ranges images or a file that the ranges of tensors are taken from
 */
public record Analysis(
    Subject subject,
    TestImages<?> images,
    Method method,
    CalibrationSource ranges,
    Machine machine) {

  /** How a run ended. */
  public enum Outcome {
    FINISHED,
    /** Before there was anything to keep. */
    STOPPED_CALIBRATING,
    /** With a checkpoint. */
    STOPPED
  }

  /**
   * What came of it.
   *
   * @param finished the run; empty unless it is finished
   */
  public record Result(Outcome outcome, Optional<DiagnosedRun> finished) {
    private static Result stopped(Outcome outcome) {
      return new Result(outcome, Optional.empty());
    }
  }

  /**
   * Where it is recorded.
   *
   * @param resume continue what was interrupted there
   * @param overwrite replace what is recorded there
   * @param checkpointEvery images between checkpoints
   */
  public record Output(Path directory, boolean resume, boolean overwrite, int checkpointEvery) {}

  private static final int BATCHES_HELD = 4;
  private static final int PIECE_IMAGES = 8;

  /** What it will hold in memory. */
  public MemoryEstimate memory() {
    Plan shape = largestShape();
    return memory(
        machine.backend().memoryBytes(shape, machine.batch()),
        MemoryEstimate.predictions(images.count()),
        machine.backend().deviceBytes(shape, machine.batch()));
  }

  /**
   * The same with what another use of its network holds.
   *
   * @param network programs and what runs between them
   * @param kept of all images
   */
  MemoryEstimate memory(long network, long kept, long device) {
    long values = subject.images().isPresent() ? 1 : Float.BYTES;
    long image = values * subject.model().graph().inputShape().size();
    boolean decodes = images.data() instanceof ImageFolder;
    long held =
        image
                * ((long) BATCHES_HELD * machine.batch()
                    + (2L * machine.threads() + 2) * PIECE_IMAGES)
            + (decodes ? ImageFolder.decodingBytes() : 0);
    return new MemoryEstimate(network, held, kept, device, Runtime.getRuntime().maxMemory());
  }

  /**
   * Checks that the run fits on the device: its calibration needs less, and would fit for longer.
   *
   * @throws io.depthscope.backend.BackendException if it does not, with a batch that would
   */
  public void checkDevice() {
    machine.backend().checkDevice(largestShape(), machine.batch());
  }

  /** Of the passes that a run makes one after the other, that which takes most. */
  private Plan largestShape() {
    Plan shape = shapeOfPlan();
    return SourcesSample.suits(method.recording())
        ? shape.with(method.feed(), Recording.ERROR_SOURCES)
        : shape;
  }

  /** A plan as large as the real one, made without a calibration and without quantizing weights. */
  Plan shapeOfPlan() {
    Map<String, QuantParams> outputs = new HashMap<>();
    Map<String, QuantParams> weights = new HashMap<>();
    for (Node node : subject.model().graph().nodes()) {
      method.quantization().codesOf(node).ifPresent(p -> outputs.put(node.name(), p));
      method.quantization().weightCodesOf(node).ifPresent(p -> weights.put(node.name(), p));
    }
    return Plan.ofSizes(
        subject.model().network(),
        subject.inputTable(),
        outputs,
        weights,
        method.feed(),
        method.recording());
  }

  /**
   * Reads a finished run that must have measured what this one would measure.
   *
   * @throws IOException naming what differs
   */
  public Run readSame(Path directory) throws IOException {
    Run recorded = RunReader.read(directory);
    List<String> differences = RunSetting.differences(spec(), recorded);
    if (!differences.isEmpty()) {
      throw new IOException(directory + " was made with " + String.join("; ", differences));
    }
    return recorded;
  }

  /**
   * Runs it.
   *
   * @throws IOException if anything fails; what was recorded before stays
   * @throws BackendException if the backend cannot run the network, or fails before there is a
   *     checkpoint
   */
  public Result run(Output output, RunListener listener) throws IOException {
    Instant started = Instant.now();
    RunSpec spec = spec();
    Path directory = output.directory();
    try (RunDirectory run =
        RunDirectory.open(directory, spec, output.resume(), output.overwrite())) {
      if (output.resume() && !run.resumes()) {
        listener.notice("no checkpoint in " + directory + "; starting with the first image");
      }
      Optional<Calibration> calibrated =
          run.resumes() ? Optional.of(run.readCalibration()) : calibrate(spec, listener);
      if (calibrated.isEmpty()) {
        return Result.stopped(Outcome.STOPPED_CALIBRATING);
      }
      Calibration calibration = calibrated.get();
      Plan plan = plan(calibration, run.resumes() ? Optional.empty() : ranges.file());
      Optional<ErrorSources> sources = Optional.empty();
      if (SourcesSample.suits(method.recording())) {
        sources = new SourcesSample(this, plan).run(!run.resumes(), listener);
        if (sources.isEmpty()) {
          return Result.stopped(Outcome.STOPPED_CALIBRATING);
        }
      }
      if (!run.resumes()) {
        run.begin(plan, method.quantization().scheme(), calibration);
      }
      try (Program program = machine.backend().compile(plan, machine.batch())) {
        RunState state = new RunState(program.statistics(), plan);
        List<Prediction> predictions = new ArrayList<>();
        if (run.resumes()) {
          predictions.addAll(run.restore(state));
        } else {
          run.checkpoint(state); // before any image: the calibration is worth keeping
        }
        long before = state.images();
        Instant measured = Instant.now();
        boolean finished;
        try {
          finished = measure(run, program, plan, state, predictions, output, listener);
        } catch (BackendException e) { // there is a checkpoint: the first stands before any image
          throw new IOException(
              e.getMessage() + "; repeat the command with --out " + directory + " --resume", e);
        }
        if (!finished) {
          return Result.stopped(Outcome.STOPPED);
        }
        if (state.images() == 0) {
          throw new IOException(images.data().description() + ": no image could be read");
        }
        state.skipped().addAll(0, images.source().skipped()); // no checkpoint follows
        List<String> notices = new ArrayList<>(SelfAudit.of(subject, calibration, state));
        SelfAudit.calibratedOn(ranges.among(images), images.count()).ifPresent(notices::add);
        notices.forEach(listener::notice);
        RunManifest manifest =
            RunManifest.of(spec.withRanges(calibration.source(), calibration.images()))
                .with(
                    "skippedImages",
                    state.skipped().stream().map(u -> u.name() + ": " + u.reason()).toList())
                .with("notices", notices)
                .with(
                    RunSetting.SOURCE_IMAGES,
                    sources.map(ErrorSources::images).orElse(state.images()))
                .withTimes(started, measured, Instant.now(), state.images() - before);
        Run result =
            new RunAssembly(
                    plan,
                    subject.model().family(),
                    method.quantization().scheme(),
                    calibration.images())
                .run(RunDirectory.name(directory), state, sources, predictions, manifest.entries());
        DiagnosedRun diagnosed = diagnosed(result, directory);
        run.finish(result); // last: it ends what can be resumed
        return new Result(Outcome.FINISHED, Optional.of(diagnosed));
      }
    }
  }

  /** Writes what the run says beside it. */
  private static DiagnosedRun diagnosed(Run run, Path directory) throws IOException {
    DiagnosedRun finished = DiagnosedRun.of(run);
    AtomicFile.write(
        directory.resolve(RunDirectory.FINDINGS),
        out -> FindingsJson.write(finished.run(), finished.findings(), out));
    return finished;
  }

  /**
   * The plan of both streams.
   *
   * @param file what the calibration was just read from
   */
  Plan plan(Calibration calibration, Optional<Path> file) throws IOException {
    try {
      QuantSpec spec = method.quantization().spec(subject.model().network(), calibration);
      return subject.plan(spec, method.feed(), method.recording());
    } catch (IllegalArgumentException e) {
      // A file's calibration may be that of another network, or hold ranges beyond float32.
      throw new IOException(file.map(f -> f + ": ").orElse("") + e.getMessage(), e);
    }
  }

  private boolean measure(
      RunDirectory run,
      Program program,
      Plan plan,
      RunState state,
      List<Prediction> predictions,
      Output output,
      RunListener listener)
      throws IOException {
    try (Batches batches =
        batches(
            images.data(),
            Math.min(state.next(), images.count()),
            images.count(),
            u -> {
              state.skipped().add(u);
              listener.notice("skipped " + u.name() + ": " + u.reason());
            })) {
      PairedRun.Labels labels =
          new PairedRun.Labels(images.labelled(), subject.model().firstClass());
      return new PairedRun(program, plan, state, labels)
          .run(
              batches,
              images.count(),
              output.checkpointEvery(),
              new PairedRun.Observer(
                  images.data()::name,
                  p -> {
                    run.addPrediction(p);
                    predictions.add(p);
                  },
                  run::checkpoint),
              listener);
    }
  }

  /** Empty if it was stopped. */
  Optional<Calibration> calibrate(RunSpec spec, RunListener listener) throws IOException {
    if (ranges.file().isPresent()) {
      return Optional.of(read(ranges.file().get(), spec));
    }
    try (CalibrationSource.Taken taken = ranges.open();
        Batches batches =
            batches(
                taken.data(),
                0,
                taken.count(),
                u ->
                    listener.notice(
                        "skipped while calibrating: " + u.name() + ": " + u.reason()))) {
      return new CalibrationPass(machine.backend(), subject.fp32Plan(Recording.CALIBRATION))
          .run(batches, machine.batch(), taken.text(), taken.count(), listener)
          .map(c -> c.withInputs(spec.calibrationInputs()));
    }
  }

  /** Of what is decoded and prepared, or read as it is. */
  Batches batches(Samples data, int from, int to, Consumer<UnreadableImage> skipped)
      throws IOException {
    return switch (data) {
      case TensorInput tensors -> tensors.batches(from, to, machine.batch());
      case Dataset decoded ->
          new BatchLoader(
              decoded,
              subject.preprocessing(),
              from,
              to,
              machine.batch(),
              machine.threads(),
              images.strict(),
              skipped);
      default -> throw new IllegalArgumentException(data.description() + " cannot be read");
    };
  }

  private static Calibration read(Path file, RunSpec spec) throws IOException {
    Calibration read = QuantizationJson.readCalibration(file);
    for (Map.Entry<String, String> e : spec.calibrationInputs().entrySet()) {
      if (!e.getValue().equals(read.inputs().get(e.getKey()))) {
        throw new IOException(file + ": calibrated with other " + e.getKey() + "; calibrate anew");
      }
    }
    return read;
  }

  /** All that the numbers will depend on, as far as it is known before the calibration. */
  RunSpec spec() {
    LoadedModel model = subject.model();
    TestImages.Source source = images.source();
    return new RunSpec(
        BuildInfo.load(),
        new RunSpec.Network(
            model.graph().name(),
            model.family(),
            model.naming(),
            model.file().toString(),
            model.sha256(),
            model.configuration(),
            model.settings().stream().map(Setting::text).toList(),
            NetworkFile.remedies(model)),
        new RunSpec.Images(
            source.description(),
            source.fingerprint(),
            images.count(),
            images.labelled(),
            source.notices()),
        subject.images(),
        method.quantization().scheme(),
        method.quantization().policy(),
        method.feed(),
        method.recording(),
        new RunSpec.Ranges(ranges.text(), method.quantization().fingerprint(), Optional.empty()),
        new RunSpec.Engine(
            machine.backend().name(),
            machine.backend().numerics(),
            machine.backend().description(),
            machine.choice()),
        new RunSpec.Circumstances(
            machine.threads(),
            machine.batch(),
            images.strict(),
            images.seed(),
            MemoryEstimate.ceiling(Runtime.getRuntime().maxMemory())));
  }
}
