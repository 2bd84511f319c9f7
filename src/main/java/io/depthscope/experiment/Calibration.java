package io.depthscope.experiment;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.Plan;
import io.depthscope.quant.Range;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.TensorStatistics;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * What one pass of the fp32 network over the calibration images saw: enough for every range
 * estimator at every bit width.
 *
 * @param images number of images seen
 * @param source description of the images, for provenance
 * @param inputs what else the ranges depend on: the weights, the preprocessing; by name
 * @param tensors by node name
 */
public record Calibration(
    long images, String source, Map<String, String> inputs, Map<String, CalibratedTensor> tensors) {

  /**
   * Runs the pass.
   *
   * @param fp32 a plan that records {@link io.depthscope.plan.Recording#CALIBRATION}
   * @param progress told the number of images done
   * @param stop asked after each batch; true ends the pass
   * @return empty if it was stopped
   * @throws IOException if an image cannot be read and the loader is strict, no image could be
   *     read, or an activation is NaN or infinite
   */
  public static Optional<Calibration> run(
      Backend backend,
      Plan fp32,
      BatchLoader loader,
      int maxBatch,
      String source,
      LongConsumer progress,
      BooleanSupplier stop)
      throws IOException {
    try (Program program = backend.compile(fp32, maxBatch)) {
      long done = 0;
      for (ImageBatch batch = loader.next(); batch != null; batch = loader.next()) {
        Future<?> result = program.submit(InputBatch.of(batch));
        PairedRun.await(result);
        done += batch.count();
        progress.accept(done);
        if (stop.getAsBoolean()) {
          return Optional.empty();
        }
      }
      if (done == 0) {
        throw new IOException(source + ": no image to calibrate with");
      }
      return Optional.of(of(fp32, program.statistics(), source));
    }
  }

  /** Calibrates on one batch of images. */
  public static Calibration of(Backend backend, Plan fp32, ImageBatch images) throws IOException {
    try (Program program = backend.compile(fp32, images.count())) {
      PairedRun.await(program.submit(InputBatch.of(images)));
      return of(fp32, program.statistics(), images.count() + " images");
    }
  }

  private static Calibration of(Plan plan, NetworkAccumulator seen, String source)
      throws IOException {
    Map<String, CalibratedTensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < seen.size(); i++) {
      LayerAccumulator layer = seen.layer(i);
      String name = plan.step(i).node().name();
      TensorStatistics s = layer.baseline().layer();
      if (s.nans() + s.infinities() > 0) {
        throw new IOException(
            "layer "
                + name
                + " has "
                + (s.nans() + s.infinities())
                + " NaN or infinite activations in float32; it cannot be calibrated");
      }
      tensors.put(name, new CalibratedTensor(new Range(s.min(), s.max()), layer.histogram()));
    }
    return new Calibration(seen.images(), source, Map.of(), tensors);
  }

  /** The same calibration with what it depends on. */
  public Calibration withInputs(Map<String, String> inputs) {
    return new Calibration(images, source, Map.copyOf(inputs), tensors);
  }
}
