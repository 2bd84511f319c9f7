package io.depthscope.cli;

import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.PackedWriter;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.dataset.UnreadableImage;
import io.depthscope.file.FileErrors;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Decodes and resizes images once, into a file.
 *
 * @param count images to pack, from the first on
 * @param strict fail on an image that cannot be read instead of skipping it
 */
record PackJob(Dataset data, Preprocessing preprocessing, int count, int threads, boolean strict) {
  private static final int BATCH = 64;

  /**
   * Writes the file.
   *
   * @param stop asked after each batch; true ends the job with an InterruptedIOException
   * @param skipped told of images that cannot be read
   * @return number of images in it
   * @throws IOException if no image can be read or the file cannot be written; it is then not there
   */
  int run(
      Path out,
      boolean quiet,
      BooleanSupplier stop,
      Consumer<UnreadableImage> skipped,
      PrintWriter err)
      throws IOException {
    int packed = 0;
    try (PackedWriter writer = writer(out);
        BatchLoader loader =
            new BatchLoader(
                data,
                preprocessing,
                0,
                count,
                BATCH,
                threads,
                strict,
                u -> {
                  skipped.accept(u);
                  err.println(Main.oneLine("depthscope: skipped " + u.name() + ": " + u.reason()));
                });
        Progress progress = Progress.start("pack", 0, count, quiet, err)) {
      int size = preprocessing.inputShape().size();
      for (ImageBatch batch = loader.next(); batch != null; batch = loader.next()) {
        for (int i = 0; i < batch.count(); i++) {
          String name = data.name(batch.datasetIndices()[i]);
          writer.add(name, batch.labels()[i], batch.pixels(), i * size);
        }
        packed += batch.count();
        progress.at(packed);
        if (stop.getAsBoolean()) {
          throw new InterruptedIOException("interrupted while packing the images");
        }
      }
      if (packed == 0) {
        throw new IOException(data.description() + ": no image could be read");
      }
      writer.finish();
    }
    return packed;
  }

  private PackedWriter writer(Path out) throws IOException {
    try {
      return new PackedWriter(
          out,
          preprocessing.inputShape(),
          data.classCount(),
          data.description(),
          data.fingerprint(),
          preprocessing.geometryText());
    } catch (FileSystemException e) {
      throw new IOException("cannot write " + out + ": " + FileErrors.reason(e), e);
    }
  }
}
