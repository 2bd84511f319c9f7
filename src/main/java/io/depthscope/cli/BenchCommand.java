package io.depthscope.cli;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.record.Calibration;
import io.depthscope.run.BackendChoice;
import io.depthscope.run.CalibrationPass;
import io.depthscope.run.Subject;
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

  /** What {@code --level} may be. */
  static final String LEVELS = "plain, calibration, paired, statistics or sources";

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
        description = LEVELS + ". Default: ${DEFAULT-VALUE}.")
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
      Subject subject = modelOptions.load();
      // Standard output is one line of JSON.
      modelOptions.lines(subject).forEach(spec.commandLine().getErr()::println);
      try (BackendChoice.Opened opened = backendOptions.choice().open();
          Dataset data =
              dataOptions.open(dataOptions.spec(subject.model()), subject.model(), false)) {
        Backend backend = opened.backend();
        int batch = backendOptions.batch(opened);
        ImageBatch images = firstBatch(data, subject.preprocessing(), batch);
        Plan plan = plan(backend, subject, scheme, images);
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

    private Plan plan(Backend backend, Subject subject, QuantScheme scheme, ImageBatch images)
        throws IOException {
      if (!level.paired()) {
        return subject.fp32Plan(level);
      }
      Plan fp32 = subject.fp32Plan(Recording.CALIBRATION);
      Calibration calibration = new CalibrationPass(backend, fp32).run(images);
      QuantSpec spec =
          SchemePolicy.spec(
              subject.model().network(), scheme, schemeOptions.policy(), calibration.tensors());
      return subject.plan(spec, Feed.ACCUMULATED, level);
    }

    /** Keeps two batches under way, as a real run does, for at least the given time. */
    private static long repeat(Program program, InputBatch input, double seconds)
        throws IOException {
      long end = System.nanoTime() + (long) (seconds * 1e9);
      long done = 0;
      var previous = program.submit(input);
      while (System.nanoTime() < end) {
        var next = program.submit(input);
        Program.await(previous);
        done += input.count();
        previous = next;
      }
      Program.await(previous);
      return done + input.count();
    }
  }
}
