package io.depthscope.cli;

import io.depthscope.dataset.Dataset;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.run.Packing;
import io.depthscope.run.Subject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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
    OutputFile.check("--out", out, true, overwrite);
    OutputFile.checkApart(
        "--out",
        out,
        Stream.concat(modelOptions.inputs().stream(), dataOptions.inputs().stream()).toList());
    Subject subject = modelOptions.load();
    LoadedModel model = subject.model();
    if (subject.preprocessing().channels() == 1) {
      throw new IOException(
          model.file() + ": reads one channel, the images of a packed file have three");
    }
    if (!quiet) {
      modelOptions.lines(subject).forEach(spec.commandLine().getOut()::println);
    }
    int packed;
    try (Dataset data = dataOptions.openLabelled(dataOptions.spec(model), model)) {
      dataOptions.checkClasses(data, model);
      packed =
          new Packing(dataOptions.images(data), subject.preprocessing(), workers)
              .run(out, u -> {}, new Terminal(spec.commandLine().getErr(), quiet, () -> false));
    }
    spec.commandLine()
        .getOut()
        .printf(
            Locale.ROOT,
            "packed %d images of %s into %s%n",
            packed,
            subject.preprocessing().inputShape(),
            out);
    return 0;
  }
}
