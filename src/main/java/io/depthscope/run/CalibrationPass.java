package io.depthscope.run;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.dataset.Batches;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.plan.Plan;
import io.depthscope.record.Calibration;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Future;

/**
 * One pass of the fp32 network over the calibration images.
 *
 * @param fp32 a plan that records {@link io.depthscope.plan.Recording#CALIBRATION}
 */
public record CalibrationPass(Backend backend, Plan fp32) {

  /**
   * Runs it over every batch the loader gives.
   *
   * @param source description of the images
   * @param images how many there are
   * @return empty if it was stopped
   * @throws IOException if an image cannot be read and the loader is strict, no image could be
   *     read, or an activation is NaN or infinite
   */
  public Optional<Calibration> run(
      Batches loader, int maxBatch, String source, long images, RunListener listener)
      throws IOException {
    try (Program program = backend.compile(fp32, maxBatch);
        RunListener.Progress progress = listener.begin("calibrate", 0, images)) {
      long done = 0;
      for (ImageBatch batch = loader.next(); batch != null; batch = loader.next()) {
        Future<?> result = program.submit(InputBatch.of(batch));
        Program.await(result);
        done += batch.count();
        progress.at(done);
        if (listener.stop()) {
          return Optional.empty();
        }
      }
      if (done == 0) {
        throw new IOException(source + ": no image to calibrate with");
      }
      return Optional.of(Calibration.of(fp32, program.statistics(), source));
    }
  }

  /**
   * Runs it over every batch, untold and unstopped.
   *
   * @param source description of the images
   * @throws IOException as the other
   */
  public Calibration run(Batches batches, int maxBatch, String source) throws IOException {
    try (Program program = backend.compile(fp32, maxBatch)) {
      for (ImageBatch batch = batches.next(); batch != null; batch = batches.next()) {
        Program.await(program.submit(InputBatch.of(batch)));
      }
      return Calibration.of(fp32, program.statistics(), source);
    }
  }

  /** Runs it over one batch of images. */
  public Calibration run(ImageBatch images) throws IOException {
    try (Program program = backend.compile(fp32, images.count())) {
      Program.await(program.submit(InputBatch.of(images)));
      return Calibration.of(fp32, program.statistics(), images.count() + " images");
    }
  }
}
