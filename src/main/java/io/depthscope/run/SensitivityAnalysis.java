package io.depthscope.run;

import io.depthscope.backend.BackendException;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Samples;
import io.depthscope.dataset.SelectedImages;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantSpec;
import io.depthscope.record.Calibration;
import io.depthscope.record.RunManifest;
import io.depthscope.record.RunSpec;
import io.depthscope.record.Sensitivity;
import io.depthscope.record.SensitivityDirectory;
import io.depthscope.record.SensitivityState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Measures the sensitivity of a network's layers and records it.
 *
 * @param of the network, the images, how it is quantized and what it is computed on; what it
 *     records is not used
 */
public record SensitivityAnalysis(Analysis of, SensitivityAim aim) {

  /**
   * What came of it.
   *
   * @param finished empty if it was stopped
   */
  public record Result(boolean calibrated, Optional<Sensitivity> finished) {}

  /**
   * Where it is recorded.
   *
   * @param resume continue what was interrupted there
   * @param overwrite replace what is recorded there
   */
  public record Output(Path directory, boolean resume, boolean overwrite) {}

  /**
   * Measures a network by itself and records nothing.
   *
   * @param spec how it is quantized
   * @return empty if the listener stopped it
   */
  public static Optional<Sensitivity> measure(
      Subject subject,
      QuantSpec spec,
      TestImages<?> images,
      Machine machine,
      SensitivityAim aim,
      RunListener listener)
      throws IOException {
    Method method = new Method(new Quantization.AsStored(spec), Feed.ACCUMULATED, Recording.PAIRED);
    Analysis of =
        new Analysis(
            subject,
            images,
            method,
            CalibrationSource.of(
                "", 0, CalibrationSource.Order.SPREAD, Optional.empty(), images::data),
            machine);
    LayerSensitivity layers =
        new SensitivityAnalysis(of, aim)
            .layers(subject.plan(spec, method.feed(), method.recording()));
    SensitivityState state = layers.newState();
    return layers.run(state, opening(of, listener), s -> {}, listener)
        ? Optional.of(layers.result(state, Optional.empty(), 0))
        : Optional.empty();
  }

  private LayerSensitivity layers(Plan pair) {
    PairedRun.Labels labels =
        new PairedRun.Labels(of.images().labelled(), of.subject().model().firstClass());
    return new LayerSensitivity(pair, of.machine(), aim, of.images().count(), labels);
  }

  private static LayerSensitivity.Images opening(Analysis of, RunListener listener) {
    // Images sorted by class would make a sample of a few classes of the first ones.
    Samples data =
        of.images().data() instanceof Dataset decoded
            ? SelectedImages.interleaved(decoded, of.images().count())
            : of.images().data();
    return (from, to, skipped) ->
        of.batches(
            data,
            from,
            to,
            u -> {
              skipped.accept(u);
              listener.notice("skipped " + u.name() + ": " + u.reason());
            });
  }

  /** What it will hold in memory. */
  public MemoryEstimate memory() {
    Plan shape = paired(of.shapeOfPlan());
    int layers = CutRuns.quantizedLayers(shape).size();
    return of.memory(
        CutRuns.memoryBytes(shape, of.machine().backend(), of.machine().batch()),
        SensitivityState.bytes(of.images().count(), layers, shape.outputs().size()),
        of.machine().backend().deviceBytes(shape, of.machine().batch()));
  }

  private static Plan paired(Plan plan) {
    return plan.with(plan.feed(), Recording.PAIRED);
  }

  /**
   * Measures.
   *
   * @throws IOException if anything fails; what was kept before stays
   * @throws BackendException if the backend cannot run the network
   */
  public Result run(Output output, RunListener listener) throws IOException {
    Instant started = Instant.now();
    RunSpec spec = of.spec();
    Map<String, String> identity = SensitivityDirectory.identity(spec);
    identity.put("sensitivity", aim.text());
    try (SensitivityDirectory directory =
        SensitivityDirectory.open(
            output.directory(), identity, output.resume(), output.overwrite())) {
      if (output.resume() && !directory.resumes()) {
        listener.notice(
            "no checkpoint in " + output.directory() + "; starting with the first image");
      }
      // The same images give the same ranges: they are not kept, but taken again.
      Optional<Calibration> calibration = of.calibrate(spec, listener);
      if (calibration.isEmpty()) {
        return new Result(false, Optional.empty());
      }
      Plan pair = paired(of.plan(calibration.get(), of.ranges().file()));
      directory.requireParameters(pair.spec().fingerprint());
      LayerSensitivity layers = layers(pair);
      SensitivityState state = layers.newState();
      directory.restore(state);
      if (!directory.resumes()) {
        directory.checkpoint(state); // from now on the folder is known as ours
      }
      long before = state.images();
      Instant measured = Instant.now();
      try {
        if (!layers.run(state, opening(of, listener), directory::checkpoint, listener)) {
          return new Result(true, Optional.empty());
        }
      } catch (BackendException e) {
        throw new IOException(
            e.getMessage() + "; repeat the command with --out " + output.directory() + " --resume",
            e);
      }
      Sensitivity result =
          layers.result(
              state, Optional.of(of.method().quantization().scheme()), calibration.get().images());
      RunManifest manifest =
          RunManifest.of(spec.withRanges(calibration.get().source(), calibration.get().images()))
              .with("sensitivity", aim.text())
              .with(
                  "skippedImages",
                  state.skipped().stream().map(u -> u.name() + ": " + u.reason()).toList())
              .withTimes(started, measured, Instant.now(), state.images() - before);
      directory.finish(result, manifest);
      return new Result(true, Optional.of(result));
    }
  }
}
