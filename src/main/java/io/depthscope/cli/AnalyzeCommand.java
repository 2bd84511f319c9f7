package io.depthscope.cli;

import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.RunDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs a network in fp32 and quantized form side by side and records what differs. */
@Command(
    name = "analyze",
    mixinStandardHelpOptions = true,
    description = {
      "Run a network in fp32 and quantized form side by side over a data set, and record the"
          + " distributions and the error of every layer and channel.",
      "Without options: a small trained network on synthetic images."
    })
final class AnalyzeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ModelOptions modelOptions;
  @Mixin private DataOptions dataOptions;
  @Mixin private SchemeOptions schemeOptions;
  @Mixin private BackendOptions backendOptions;

  @Option(
      names = "--calibrate",
      paramLabel = "N",
      defaultValue = "100",
      description = "Images the ranges are taken from. Default: ${DEFAULT-VALUE}.")
  private int calibrate;

  @Option(
      names = "--calibrate-data",
      paramLabel = "DATA",
      description =
          "Where they come from. Default: the first images of --data; for synthetic images, the"
              + " training split.")
  private String calibrateData;

  @Option(
      names = "--quantization",
      paramLabel = "FILE",
      description = "Use the calibration in an earlier run's quantization.json instead.")
  private Path quantization;

  @Option(
      names = "--feed",
      paramLabel = "F",
      defaultValue = "accumulated",
      description =
          "What a quantized layer reads: the quantized network's values (accumulated) or the fp32"
              + " network's (local). Default: ${DEFAULT-VALUE}.")
  private Feed feed;

  @Option(
      names = "--error-sources",
      description =
          "Split each layer's error into inherited, weights, clipping and rounding (about twice as"
              + " slow).")
  private boolean errorSources;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Run directory. Default: runs/MODEL-SCHEME-TIME.")
  private Path out;

  @Option(names = "--resume", description = "Continue the interrupted run in --out.")
  private boolean resume;

  @Option(names = "--overwrite", description = "Replace the run in --out; other files there stay.")
  private boolean overwrite;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Images between checkpoints. Default: ${DEFAULT-VALUE}.")
  private int checkpointEvery;

  @Option(
      names = "--explain-memory",
      description = "Say how much memory the run will take, and end.")
  private boolean explainMemory;

  @Option(names = "--no-report", description = "Write no report.html.")
  private boolean noReport;

  @Option(names = "--quiet", description = "No progress, no tables.")
  private boolean quiet;

  @Override
  public Integer call() throws IOException {
    QuantScheme scheme = schemeOptions.scheme();
    backendOptions.check();
    dataOptions.check();
    UsageException.requirePositive("--calibrate", calibrate);
    UsageException.requirePositive("--checkpoint-every", checkpointEvery);
    if (resume && out == null) {
      throw new UsageException("--resume needs --out DIR, the interrupted run");
    }
    if (resume && overwrite) {
      throw new UsageException("--resume and --overwrite contradict each other");
    }
    PrintWriter text = spec.commandLine().getOut();
    if (out != null) {
      RunDirectory.requireOurs(out);
    }
    if (resume && RunDirectory.isComplete(out)) {
      text.println(out + " holds a finished run; nothing to resume");
      return 0;
    }
    LoadedModel model = modelOptions.load();
    Preprocessing preprocessing = modelOptions.preprocessing(model);
    if (!quiet && !explainMemory) {
      modelOptions.lines(model, preprocessing).forEach(text::println);
    }
    String dataSpec = dataOptions.spec(model);
    try (BackendOptions.Opened opened = backendOptions.open();
        Dataset data = dataOptions.open(dataSpec, model)) {
      dataOptions.checkClasses(data, model);
      String calibrationSpec =
          Optional.ofNullable(calibrateData)
              .or(() -> DataOptions.trainingSplit(dataSpec, calibrate))
              .orElse(dataSpec);
      AnalyzeJob job =
          new AnalyzeJob(
              opened.backend(),
              opened.choice(),
              model,
              preprocessing,
              scheme,
              feed,
              errorSources ? Recording.ERROR_TERMS : Recording.STATISTICS,
              data,
              dataOptions.count(data),
              backendOptions.threads(),
              backendOptions.batch(opened.backend()),
              dataOptions.strict(),
              AnalyzeJob.Source.of(data));
      MemoryEstimate memory = job.memory();
      if (explainMemory) {
        memory.lines().forEach(text::println);
        return 0;
      }
      memory.check();
      job.checkDevice();
      Path directory =
          out != null
              ? out
              : TimedFolder.below(Path.of("runs"), model.graph().name() + "-" + scheme.name());
      try (Interruption interruption = Interruption.install(spec.commandLine().getErr())) {
        CalibrationSource source =
            CalibrationSource.of(
                calibrationSpec,
                calibrate,
                quantization,
                () -> dataOptions.openUnlabelled(calibrationSpec));
        AnalyzeJob.Result result =
            job.run(
                directory,
                source,
                new AnalyzeJob.Mode(resume, overwrite, checkpointEvery, quiet, dataOptions.seed()),
                interruption::requested,
                text,
                spec.commandLine().getErr());
        PrintWriter err = spec.commandLine().getErr();
        return switch (result.outcome()) {
          case FINISHED -> {
            if (!noReport) {
              report(result.finished().orElseThrow(), directory, text, err);
            }
            yield 0;
          }
          case STOPPED_CALIBRATING -> {
            err.println("depthscope: interrupted while calibrating; there is nothing to resume");
            yield Main.INTERRUPTED;
          }
          case STOPPED -> {
            err.println(
                "depthscope: interrupted; repeat the command with --out "
                    + directory
                    + " --resume to continue");
            yield Main.INTERRUPTED;
          }
        };
      }
    }
  }

  /** The results are complete without their page: what prevents it is said and no more. */
  private void report(DiagnosedRun finished, Path directory, PrintWriter out, PrintWriter err) {
    Path page = directory.resolve(RunDirectory.REPORT);
    try {
      ReportFile.write(finished, page);
      if (!quiet) {
        out.println("report: " + page);
      }
    } catch (IOException e) {
      err.println(
          "depthscope: no report: "
              + Main.oneLine(e.getMessage())
              + "; the results are complete, depthscope report "
              + directory
              + " tries again");
    }
  }
}
