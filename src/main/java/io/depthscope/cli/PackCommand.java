package io.depthscope.cli;

import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.PackedWriter;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.model.format.LoadedModel;
import io.depthscope.store.StoreErrors;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Decodes and resizes a data set once. */
@Command(
    name = "pack",
    mixinStandardHelpOptions = true,
    description =
        "Decode and resize images once, for the network given by --model, into one file that later"
            + " runs read at full speed.")
final class PackCommand implements Callable<Integer> {
  private static final int BATCH = 64;

  @Spec private CommandSpec spec;
  @Mixin private ModelOptions modelOptions;
  @Mixin private DataOptions dataOptions;

  @Option(names = "--out", paramLabel = "FILE", required = true, description = "File to write.")
  private Path out;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Decoding threads. Default: all processors.")
  private Integer threads;

  @Option(names = "--overwrite", description = "Replace --out.")
  private boolean overwrite;

  @Option(names = "--quiet", description = "No progress.")
  private boolean quiet;

  @Override
  public Integer call() throws IOException {
    dataOptions.check();
    int workers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    UsageException.requirePositive("--threads", workers);
    if (Files.exists(out) && !overwrite) {
      throw new IOException(out + " exists; choose another --out or add --overwrite");
    }
    LoadedModel model = modelOptions.load();
    Preprocessing preprocessing = ModelOptions.preprocessing(model);
    PrintWriter err = spec.commandLine().getErr();
    long packed = 0;
    try (Dataset data = dataOptions.open(dataOptions.spec(model))) {
      dataOptions.checkClasses(data, model);
      int count = dataOptions.count(data);
      try (PackedWriter writer = writer(data, preprocessing);
          BatchLoader loader =
              new BatchLoader(
                  data,
                  preprocessing,
                  0,
                  count,
                  BATCH,
                  workers,
                  dataOptions.strict(),
                  u -> err.println("depthscope: skipped " + u.name() + ": " + u.reason()));
          Progress progress = Progress.start("pack", 0, count, quiet, err)) {
        int size = preprocessing.inputShape().size();
        for (ImageBatch batch = loader.next(); batch != null; batch = loader.next()) {
          for (int i = 0; i < batch.count(); i++) {
            String name = data.name(batch.datasetIndices()[i]);
            writer.add(name, batch.labels()[i], batch.pixels(), i * size);
          }
          packed += batch.count();
          progress.at(packed);
        }
        if (packed == 0) {
          throw new IOException(data.description() + ": no image could be read");
        }
        writer.finish();
      }
    }
    spec.commandLine()
        .getOut()
        .printf("packed %d images of %s into %s%n", packed, preprocessing.inputShape(), out);
    return 0;
  }

  private PackedWriter writer(Dataset data, Preprocessing preprocessing) throws IOException {
    try {
      return new PackedWriter(
          out,
          preprocessing.inputShape(),
          data.classCount(),
          data.description(),
          data.fingerprint(),
          preprocessing.geometryText());
    } catch (FileSystemException e) {
      throw new IOException("cannot write " + out + ": " + StoreErrors.reason(e), e);
    }
  }
}
