package io.depthscope.cli;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BackendException;
import io.depthscope.backend.Program;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageFolder;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.dataset.UnreadableImage;
import io.depthscope.diagnosis.FindingsJson;
import io.depthscope.experiment.Calibration;
import io.depthscope.experiment.PairedRun;
import io.depthscope.experiment.RunState;
import io.depthscope.graph.Node;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.Setting;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.Range;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.BuildInfo;
import io.depthscope.record.QuantizationJson;
import io.depthscope.record.Run;
import io.depthscope.record.RunAssembly;
import io.depthscope.record.RunDirectory;
import io.depthscope.record.RunManifest;
import io.depthscope.record.RunReader;
import io.depthscope.record.RunSetting;
import io.depthscope.record.RunSpec;
import io.depthscope.stats.Prediction;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * One analysis, from calibration to the written results.
 *
 * @param backendChoice why it is this backend, for the manifest
 * @param count images to run, from the first on
 */
record AnalyzeJob(
    Backend backend,
    String backendChoice,
    LoadedModel model,
    Preprocessing preprocessing,
    QuantScheme scheme,
    Feed feed,
    Recording recording,
    Dataset data,
    int count,
    int threads,
    int batch,
    boolean strict,
    Source source) {

  /**
   * Where the images really come from, if {@code data} is a copy of them.
   *
   * @param notices what lies beside them and was left out
   * @param skipped images that could not be copied
   */
  record Source(
      String description, String fingerprint, List<String> notices, List<UnreadableImage> skipped) {
    static Source of(Dataset data) {
      return of(data, List.of());
    }

    static Source of(Dataset data, List<UnreadableImage> skipped) {
      return new Source(data.description(), data.fingerprint(), data.notices(), skipped);
    }
  }

  /** How a run ended. */
  enum Outcome {
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
  record Result(Outcome outcome, Optional<DiagnosedRun> finished) {
    static Result stopped(Outcome outcome) {
      return new Result(outcome, Optional.empty());
    }
  }

  /** How the run treats its directory and its terminal. */
  record Mode(boolean resume, boolean overwrite, int checkpointEvery, boolean quiet, long seed) {}

  private static final int BATCHES_HELD = 4;
  private static final int PIECE_IMAGES = 8;

  MemoryEstimate memory() {
    Plan shape = shapeOfPlan();
    long network = backend.memoryBytes(shape, batch);
    long image = preprocessing.inputShape().size();
    boolean decodes = data instanceof ImageFolder;
    long images =
        image * ((long) BATCHES_HELD * batch + (2L * threads + 2) * PIECE_IMAGES)
            + (decodes ? ImageFolder.decodingBytes() : 0);
    return new MemoryEstimate(
        network, images, backend.deviceBytes(shape, batch), Runtime.getRuntime().maxMemory());
  }

  /**
   * Checks that the run fits on the device: its calibration needs less, and would fit for longer.
   *
   * @throws io.depthscope.backend.BackendException if it does not, with a batch that would
   */
  void checkDevice() {
    backend.checkDevice(shapeOfPlan(), batch);
  }

  /** A plan as large as the real one, made without a calibration and without quantizing weights. */
  private Plan shapeOfPlan() {
    Map<String, QuantParams> outputs = new HashMap<>();
    for (Node node : model.graph().nodes()) {
      if (node.op().quantizesOutput() && scheme.activations().isPresent()) {
        outputs.put(node.name(), QuantParams.of(new Range(0, 1), scheme.activations().get()));
      }
    }
    QuantSpec spec = new QuantSpec(outputs, Map.of());
    return Plan.of(model.network(), preprocessing.normalizationTable(), spec, feed, recording);
  }

  /**
   * Reads a finished run that must have measured what this job would measure.
   *
   * @throws IOException naming what differs
   */
  Run readSame(Path directory, CalibrationSource calibration, long seed) throws IOException {
    Run recorded = RunReader.read(directory);
    List<String> differences = RunSetting.differences(spec(calibration, seed), recorded);
    if (!differences.isEmpty()) {
      throw new IOException(directory + " was made with " + String.join("; ", differences));
    }
    return recorded;
  }

  /**
   * Runs it.
   *
   * @param stop asked after each batch; true ends the run
   * @throws IOException if anything fails; what was recorded before stays
   */
  Result run(
      Path directory,
      CalibrationSource calibrationSource,
      Mode mode,
      BooleanSupplier stop,
      PrintWriter out,
      PrintWriter err)
      throws IOException {
    Instant started = Instant.now();
    RunSpec spec = spec(calibrationSource, mode.seed());
    try (RunDirectory run = RunDirectory.open(directory, spec, mode.resume(), mode.overwrite())) {
      if (mode.resume() && !run.resumes()) {
        err.println(
            "depthscope: no checkpoint in " + directory + "; starting with the first image");
      }
      Optional<Calibration> calibrated =
          run.resumes()
              ? Optional.of(run.readCalibration())
              : calibrate(spec, calibrationSource, mode.quiet(), stop, err);
      if (calibrated.isEmpty()) {
        return Result.stopped(Outcome.STOPPED_CALIBRATING);
      }
      Calibration calibration = calibrated.get();
      Plan plan = plan(calibration, run.resumes() ? null : calibrationSource.file());
      if (!run.resumes()) {
        run.begin(plan, scheme, calibration);
      }
      try (Program program = backend.compile(plan, batch)) {
        RunState state = new RunState(program.statistics());
        List<Prediction> predictions = new ArrayList<>();
        if (run.resumes()) {
          predictions.addAll(run.restore(state));
        } else {
          firstCheckpoint(run, state);
        }
        long before = state.figures().images();
        Instant measured = Instant.now();
        boolean finished;
        try {
          finished = images(run, program, state, predictions, mode, stop, err);
        } catch (BackendException e) { // there is a checkpoint: the first stands before any image
          throw new IOException(
              e.getMessage() + "; repeat the command with --out " + directory + " --resume", e);
        }
        if (!finished) {
          return Result.stopped(Outcome.STOPPED);
        }
        if (state.figures().images() == 0) {
          throw new IOException(data.description() + ": no image could be read");
        }
        state.skipped().addAll(0, source.skipped()); // no checkpoint follows
        RunManifest manifest =
            RunManifest.of(spec.withRanges(calibration.source(), calibration.images()))
                .with(
                    "skippedImages",
                    state.skipped().stream().map(u -> u.name() + ": " + u.reason()).toList())
                .withTimes(started, measured, Instant.now(), state.figures().images() - before);
        Run result =
            new RunAssembly(plan, model.family(), scheme, calibration.images())
                .run(RunDirectory.name(directory), state, predictions, manifest.entries());
        run.finish(result);
        if (!mode.quiet()) {
          Summary.print(result, out);
          out.println();
        }
        DiagnosedRun diagnosed = diagnose(result, directory);
        if (!mode.quiet()) {
          FindingsText.print(diagnosed.findings(), false, directory, out);
          out.println();
        }
        out.println("results: " + directory);
        return new Result(Outcome.FINISHED, Optional.of(diagnosed));
      }
    }
  }

  /** Writes what the run says beside it. */
  private static DiagnosedRun diagnose(Run run, Path directory) throws IOException {
    DiagnosedRun finished = DiagnosedRun.of(run);
    AtomicFile.write(
        directory.resolve(RunDirectory.FINDINGS),
        out -> FindingsJson.write(finished.run(), finished.findings(), out));
    return finished;
  }

  /** Before any image has run: the calibration is worth keeping. */
  private static void firstCheckpoint(RunDirectory run, RunState state) throws IOException {
    try {
      run.checkpoint(state);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private Plan plan(Calibration calibration, Path file) throws IOException {
    try {
      QuantSpec spec = SchemePolicy.spec(model.network(), scheme, calibration.tensors());
      return Plan.of(model.network(), preprocessing.normalizationTable(), spec, feed, recording);
    } catch (IllegalArgumentException e) {
      // A file's calibration may be that of another network, or hold ranges beyond float32.
      throw new IOException((file == null ? "" : file + ": ") + e.getMessage(), e);
    }
  }

  private boolean images(
      RunDirectory run,
      Program program,
      RunState state,
      List<Prediction> predictions,
      Mode mode,
      BooleanSupplier stop,
      PrintWriter err)
      throws IOException {
    int classes = model.graph().outputShape().size();
    try (BatchLoader loader =
            new BatchLoader(
                data,
                preprocessing,
                Math.min(state.next(), count),
                count,
                batch,
                threads,
                strict,
                u -> {
                  state.skipped().add(u);
                  err.println(Main.oneLine("depthscope: skipped " + u.name() + ": " + u.reason()));
                });
        Progress progress =
            Progress.start("analyze", state.figures().images(), count, mode.quiet(), err)) {
      return new PairedRun(program, state, classes, model.firstClass())
          .run(
              loader,
              mode.checkpointEvery(),
              new PairedRun.Observer(
                  data::name,
                  p -> {
                    run.addPrediction(p);
                    predictions.add(p);
                  },
                  run::checkpoint,
                  progress::at,
                  stop));
    }
  }

  /** Empty if it was stopped. */
  private Optional<Calibration> calibrate(
      RunSpec spec,
      CalibrationSource calibrationSource,
      boolean quiet,
      BooleanSupplier stop,
      PrintWriter err)
      throws IOException {
    if (calibrationSource.file() != null) {
      Calibration read = QuantizationJson.readCalibration(calibrationSource.file());
      for (Map.Entry<String, String> e : spec.calibrationInputs().entrySet()) {
        if (!e.getValue().equals(read.inputs().get(e.getKey()))) {
          throw new IOException(
              calibrationSource.file()
                  + ": calibrated with other "
                  + e.getKey()
                  + "; calibrate anew");
        }
      }
      return Optional.of(read);
    }
    try (Dataset images = calibrationSource.opener().open()) {
      int n = Math.min(calibrationSource.images(), images.size());
      try (BatchLoader loader =
              new BatchLoader(
                  images,
                  preprocessing,
                  0,
                  n,
                  batch,
                  threads,
                  strict,
                  u ->
                      err.println(
                          "depthscope: skipped while calibrating: "
                              + u.name()
                              + ": "
                              + u.reason()));
          Progress progress = Progress.start("calibrate", 0, n, quiet, err)) {
        return Calibration.run(
                backend,
                fp32Plan(Recording.CALIBRATION),
                loader,
                batch,
                calibrationText(images, n),
                progress::at,
                stop)
            .map(c -> c.withInputs(spec.calibrationInputs()));
      }
    }
  }

  private static String calibrationText(Dataset images, int n) {
    String which = n < images.size() ? "the first " : "all ";
    return which + n + " images of data " + images.fingerprint();
  }

  private Plan fp32Plan(Recording recording) {
    return fp32Plan(model, preprocessing, recording);
  }

  /** The plan of a loaded network's fp32 stream. */
  static Plan fp32Plan(LoadedModel model, Preprocessing preprocessing, Recording recording) {
    return Plan.fp32(model.network(), preprocessing.normalizationTable(), recording);
  }

  /** All that the numbers will depend on, as far as it is known before the calibration. */
  private RunSpec spec(CalibrationSource calibration, long seed) {
    return new RunSpec(
        BuildInfo.load(),
        new RunSpec.Network(
            model.graph().name(),
            model.family(),
            model.naming(),
            model.file().toString(),
            model.sha256(),
            model.configuration(),
            model.settings().stream().map(Setting::text).toList()),
        new RunSpec.Images(source.description(), source.fingerprint(), count, source.notices()),
        preprocessing,
        scheme,
        feed,
        recording,
        new RunSpec.Ranges(calibration.text(), Optional.empty()),
        new RunSpec.Engine(
            backend.name(), backend.numerics(), backend.description(), backendChoice),
        new RunSpec.Circumstances(
            threads,
            batch,
            strict,
            seed,
            MemoryEstimate.ceiling(Runtime.getRuntime().maxMemory())));
  }
}
