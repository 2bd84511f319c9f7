package io.depthscope.run;

import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.PackedWriter;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.dataset.UnreadableImage;
import io.depthscope.file.FileErrors;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Decodes and resizes images once, into a file. */
public record Packing(TestImages<Dataset> images, Preprocessing preprocessing, int threads) {
  private static final int BATCH = 64;

  /**
   * Writes the file.
   *
   * @param skipped told of images that cannot be read, as the listener is
   * @return number of images in it
   * @throws InterruptedIOException if the listener stopped it
   * @throws IOException if no image can be read or the file cannot be written; it is then not there
   */
  public int run(Path out, Consumer<UnreadableImage> skipped, RunListener listener)
      throws IOException {
    int packed = 0;
    try (PackedWriter writer = writer(out);
        BatchLoader loader =
            new BatchLoader(
                images.data(),
                preprocessing,
                0,
                images.count(),
                BATCH,
                threads,
                images.strict(),
                u -> {
                  skipped.accept(u);
                  listener.notice("skipped " + u.name() + ": " + u.reason());
                });
        RunListener.Progress progress = listener.begin("pack", 0, images.count())) {
      int size = preprocessing.inputShape().size();
      for (ImageBatch batch = loader.next(); batch != null; batch = loader.next()) {
        for (int i = 0; i < batch.count(); i++) {
          String name = images.data().name(batch.datasetIndices()[i]);
          writer.add(name, batch.labels()[i], batch.pixels(), i * size);
        }
        packed += batch.count();
        progress.at(packed);
        if (listener.stop()) {
          throw new InterruptedIOException("interrupted while packing the images");
        }
      }
      if (packed == 0) {
        throw new IOException(images.data().description() + ": no image could be read");
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
          images.data().classCount(),
          images.data().description(),
          images.data().fingerprint(),
          preprocessing.geometryText());
    } catch (FileSystemException e) {
      throw new IOException("cannot write " + out + ": " + FileErrors.reason(e), e);
    }
  }
}
