package io.depthscope.cli;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.experiment.Calibration;
import io.depthscope.experiment.PairedRun;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

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

  /** The word of a recording, as an option says how much work is measured. */
  static final class RecordingWord implements ITypeConverter<Recording> {
    static final String WORDS = "plain, calibration, paired, statistics or sources";

    @Override
    public Recording convert(String word) {
      for (Recording recording : Recording.values()) {
        if (recording.word().equals(word)) {
          return recording;
        }
      }
      throw new TypeConversionException("expected " + WORDS + " but was '" + word + "'");
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
        converter = RecordingWord.class,
        description = RecordingWord.WORDS + ". Default: ${DEFAULT-VALUE}.")
    private Recording level;

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
        Plan plan = plan(backend, model, preprocessing, scheme, images);
        try (Program program = backend.compile(plan, batch)) {
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
                  level.word(),
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

    private Plan plan(
        Backend backend,
        LoadedModel model,
        Preprocessing preprocessing,
        QuantScheme scheme,
        ImageBatch images)
        throws IOException {
      if (!level.paired()) {
        return AnalyzeJob.fp32Plan(model, preprocessing, level);
      }
      Plan fp32 = AnalyzeJob.fp32Plan(model, preprocessing, Recording.CALIBRATION);
      Calibration calibration = Calibration.of(backend, fp32, images);
      QuantSpec spec = SchemePolicy.spec(model.network(), scheme, calibration.tensors());
      return Plan.of(
          model.network(), preprocessing.normalizationTable(), spec, Feed.ACCUMULATED, level);
    }

    /** Keeps two batches under way, as a real run does, for at least the given time. */
    private static long repeat(Program program, InputBatch input, double seconds)
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
