package io.depthscope.cli;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.PairedProgram;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.experiment.Calibration;
import io.depthscope.experiment.PairedRun;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.ExecutionPlan;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantScheme;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures speed. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measure speed.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {BenchCommand.Run.class, BenchKernelsCommand.class})
final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    return Main.commandMissing(spec.commandLine());
  }

  /** How much work is measured. */
  @SuppressWarnings("ImmutableEnumChecker") // Recording is a record of booleans
  enum Level {
    /** The fp32 network alone. */
    plain(Recording.PLAIN),
    /** Both streams, logits only. */
    paired(Recording.PAIRED),
    /** Both streams with all statistics and histograms. */
    statistics(Recording.STATISTICS),
    /** The same with the sources of error. */
    sources(Recording.ERROR_TERMS);

    private final Recording recording;

    Level(Recording recording) {
      this.recording = recording;
    }

    Recording recording() {
      return recording;
    }
  }

  /** Images a second of a whole network. */
  @Command(
      name = "run",
      mixinStandardHelpOptions = true,
      description =
          "Run a network over images again and again, after a warm-up, and print the images a"
              + " second as one line of JSON. Loading and decoding are not measured.")
  static final class Run implements Callable<Integer> {

    private static final int LONGEST = 86_400;

    @Spec private CommandSpec spec;
    @Mixin private ModelOptions modelOptions;
    @Mixin private DataOptions dataOptions;
    @Mixin private SchemeOptions schemeOptions;
    @Mixin private BackendOptions backendOptions;

    @Option(
        names = "--level",
        defaultValue = "statistics",
        description = "plain, paired, statistics or sources. Default: ${DEFAULT-VALUE}.")
    private Level level;

    @Option(
        names = "--seconds",
        defaultValue = "10",
        description = "Time to measure for. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Option(
        names = "--warm-up",
        defaultValue = "5",
        description = "Seconds before that. Default: ${DEFAULT-VALUE}.")
    private double warmUp;

    @Override
    public Integer call() throws IOException {
      QuantScheme scheme = schemeOptions.scheme();
      backendOptions.check();
      dataOptions.check();
      if (!(seconds > 0 && seconds <= LONGEST) || !(warmUp >= 0 && warmUp <= LONGEST)) {
        throw new UsageException(
            "--seconds must be above 0, --warm-up not below 0, both at most " + LONGEST);
      }
      LoadedModel model = modelOptions.load();
      Preprocessing preprocessing = modelOptions.preprocessing(model);
      // Standard output is one line of JSON.
      modelOptions.lines(model, preprocessing).forEach(spec.commandLine().getErr()::println);
      try (BackendOptions.Opened opened = backendOptions.open();
          Dataset data = dataOptions.open(dataOptions.spec(model), model)) {
        Backend backend = opened.backend();
        int batch = backendOptions.batch(backend);
        ImageBatch images = firstBatch(data, preprocessing, batch);
        ExecutionPlan plan = plan(backend, model, preprocessing, scheme, images);
        try (PairedProgram program = backend.compile(plan, batch)) {
          InputBatch input = InputBatch.of(images);
          repeat(program, input, warmUp);
          long start = System.nanoTime();
          long done = repeat(program, input, seconds);
          double elapsed = (System.nanoTime() - start) / 1e9;
          spec.commandLine()
              .getOut()
              .printf(
                  Locale.ROOT,
                  "{\"images\":%d,\"seconds\":%.4f,\"imagesPerSecond\":%.3f,\"level\":\"%s\","
                      + "\"backend\":\"%s\"}%n",
                  done,
                  elapsed,
                  done / elapsed,
                  level,
                  backend.description());
        }
      }
      return 0;
    }

    private static ImageBatch firstBatch(Dataset data, Preprocessing preprocessing, int batch)
        throws IOException {
      int n = Math.min(batch, data.size());
      try (BatchLoader loader = new BatchLoader(data, preprocessing, 0, n, n, 1, true, u -> {})) {
        return loader.next();
      }
    }

    private ExecutionPlan plan(
        Backend backend,
        LoadedModel model,
        Preprocessing preprocessing,
        QuantScheme scheme,
        ImageBatch images)
        throws IOException {
      if (!level.recording.quantizedStream()) {
        return AnalyzeJob.fp32Plan(model, preprocessing, level.recording);
      }
      ExecutionPlan fp32 = AnalyzeJob.fp32Plan(model, preprocessing, Recording.CALIBRATION);
      Calibration calibration = Calibration.of(backend, fp32, images);
      return ExecutionPlan.paired(
          fp32, scheme, calibration.tensors(), Feed.ACCUMULATED, level.recording);
    }

    /** Keeps two batches under way, as a real run does, for at least the given time. */
    private static long repeat(PairedProgram program, InputBatch input, double seconds)
        throws IOException {
      long end = System.nanoTime() + (long) (seconds * 1e9);
      long done = 0;
      var previous = program.submit(input);
      while (System.nanoTime() < end) {
        var next = program.submit(input);
        PairedRun.await(previous);
        done += input.count();
        previous = next;
      }
      PairedRun.await(previous);
      return done + input.count();
    }
  }
}
