package io.depthscope.run;

import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.dataset.Batches;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.Samples;
import io.depthscope.dataset.SelectedImages;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.record.ErrorSources;
import java.io.IOException;
import java.util.Optional;

/**
 * A pass over some of a run's images that splits the errors by their sources ({@link
 * Recording#sourceImages}). They lie evenly spread among the run's images; samples of a NumPy file
 * are the first ones.
 *
 * @param of the run, whose other figures are of all images
 * @param plan of the run
 */
record SourcesSample(Analysis of, Plan plan) {

  /** True if the run itself does not record them, though it records the errors. */
  static boolean suits(Recording recording) {
    return !recording.errorTerms() && recording.sourceImages(1) > 0;
  }

  /**
   * Runs it.
   *
   * @param stoppable whether it heeds a wish to stop: not where a run is resumed, which would never
   *     get on if it were stopped in this pass each time
   * @return empty if it was stopped
   */
  Optional<ErrorSources> run(boolean stoppable, RunListener listener) throws IOException {
    int count = of.images().count();
    int images = of.method().recording().sourceImages(count);
    Samples data =
        of.images().data() instanceof Dataset d
            ? SelectedImages.spread(SelectedImages.first(d, count), images)
            : of.images().data();
    // Which of them cannot be read is told where all are run.
    try (Batches batches = of.batches(data, 0, images, u -> {});
        Program program =
            of.machine()
                .backend()
                .compile(plan.with(plan.feed(), Recording.ERROR_SOURCES), of.machine().batch());
        RunListener.Progress progress = listener.begin("error sources", 0, images)) {
      int done = 0;
      for (ImageBatch b = batches.next(); b != null; b = batches.next()) {
        Program.await(program.submit(InputBatch.of(b)));
        done += b.count();
        progress.at(done);
        if (stoppable && listener.stop()) {
          return Optional.empty();
        }
      }
      return Optional.of(ErrorSources.of(program.statistics()));
    }
  }
}
