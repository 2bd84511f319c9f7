package io.depthscope.cli;

import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.record.Sensitivity;
import io.depthscope.record.SensitivityDirectory;
import io.depthscope.run.Analysis;
import io.depthscope.run.MemoryEstimate;
import io.depthscope.run.SensitivityAim;
import io.depthscope.run.SensitivityAnalysis;
import io.depthscope.run.Subject;
import io.depthscope.stats.Confidence;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Ranks the layers of a network by what their quantization does. */
@Command(
    name = "sensitivity",
    mixinStandardHelpOptions = true,
    description = {
      "Quantize each layer alone, and all layers but this one, and rank the layers by what that does"
          + " to the network's outputs.",
      "Runs share what they have in common, and end when the ranking is settled or --passes are"
          + " spent."
    })
final class SensitivityCommand implements Callable<Integer> {
  private static final double MOST_PASSES = 1e6;

  @Spec private CommandSpec spec;
  @Mixin private MeasurementOptions measurement;

  @Option(
      names = "--images",
      paramLabel = "N",
      defaultValue = "500",
      description =
          "Most images to run, the first of --data, in an order that takes every class in turn."
              + " Default: ${DEFAULT-VALUE}.")
  private int images;

  @Option(
      names = "--confidence",
      paramLabel = "P",
      defaultValue = "0.95",
      description =
          "Of intervals, and at which two layers are told apart, 0.5 to 0.9999. Default:"
              + " ${DEFAULT-VALUE}.")
  private double confidence;

  @Option(
      names = "--precision",
      paramLabel = "S",
      defaultValue = "0.02",
      description =
          "Layers that lie this close for certain need not be told apart: a share of the distance"
              + " between the first and the last of their ranking. Default: ${DEFAULT-VALUE}.")
  private double precision;

  @Option(
      names = "--passes",
      paramLabel = "N",
      defaultValue = "15",
      description =
          "What it may cost: evaluations of the whole network on all images. Default:"
              + " ${DEFAULT-VALUE}.")
  private double passes;

  @Option(names = "--exhaustive", description = "Run everything on all images.")
  private boolean exhaustive;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the results. Default: runs/MODEL-sensitivity-TIME.")
  private Path out;

  @Option(names = "--resume", description = "Continue the interrupted measurement in --out.")
  private boolean resume;

  @Option(names = "--overwrite", description = "Replace the results in --out.")
  private boolean overwrite;

  @Option(names = "--explain-memory", description = "Say how much memory it will take, and end.")
  private boolean explainMemory;

  @Option(names = "--quiet", description = "No progress, no tables.")
  private boolean quiet;

  @Override
  public Integer call() throws IOException {
    measurement.check();
    UsageException.requirePositive("--images", images);
    SensitivityAim aim = aim();
    if (resume && out == null) {
      throw new UsageException("--resume needs --out DIR, the interrupted measurement");
    }
    if (resume && overwrite) {
      throw new UsageException("--resume and --overwrite contradict each other");
    }
    measurement.checkCalibration();
    PrintWriter text = spec.commandLine().getOut();
    if (out != null) {
      SensitivityDirectory.requireOurs(out);
      OutputFile.checkApart("--out", SensitivityDirectory.files(out), measurement.inputs());
    }
    if (resume && SensitivityDirectory.isComplete(out)) {
      text.println(out + " holds finished results; nothing to resume");
      return 0;
    }
    Subject subject = measurement.subject();
    if (!quiet && !explainMemory) {
      measurement.lines(subject).forEach(text::println);
    }
    try (MeasurementOptions.Opened opened =
        measurement.open(subject, Feed.ACCUMULATED, Recording.PAIRED)) {
      Analysis of = opened.analysis();
      SensitivityAnalysis analysis =
          new SensitivityAnalysis(
              new Analysis(
                  of.subject(), of.images().first(images), of.method(), of.ranges(), of.machine()),
              aim);
      MemoryEstimate memory = analysis.memory();
      if (explainMemory) {
        memory.lines().forEach(text::println);
        return 0;
      }
      memory.check();
      analysis.of().checkDevice();
      return run(analysis);
    }
  }

  private SensitivityAim aim() {
    if (!(confidence >= 0.5 && confidence <= 0.9999)) {
      throw new UsageException("--confidence must be 0.5 to 0.9999, got " + confidence);
    }
    if (!(precision >= 0 && precision <= 1)) {
      throw new UsageException("--precision must be 0 to 1, got " + precision);
    }
    if (!(passes >= 1 && passes <= MOST_PASSES)) {
      throw new UsageException("--passes must be at least 1, got " + passes);
    }
    if (exhaustive && spec.commandLine().getParseResult().hasMatchedOption("--passes")) {
      throw new UsageException("--exhaustive and --passes contradict each other");
    }
    return new SensitivityAim(
        new Confidence(confidence), precision, exhaustive ? Double.POSITIVE_INFINITY : passes);
  }

  private int run(SensitivityAnalysis analysis) throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Path directory =
        out != null
            ? out
            : TimedFolder.below(
                Path.of("runs"), analysis.of().subject().model().graph().name() + "-sensitivity");
    try (Interruption interruption = Interruption.install(err)) {
      SensitivityAnalysis.Result result =
          analysis.run(
              new SensitivityAnalysis.Output(directory, resume, overwrite),
              new Terminal(err, quiet, interruption::requested));
      if (result.finished().isEmpty()) {
        err.println(
            result.calibrated()
                ? "depthscope: interrupted; repeat the command with --out "
                    + directory
                    + " --resume to continue"
                : "depthscope: interrupted while calibrating; there is nothing to resume");
        return Main.INTERRUPTED;
      }
      print(result.finished().get(), directory);
      return 0;
    }
  }

  private void print(Sensitivity result, Path directory) {
    PrintWriter text = spec.commandLine().getOut();
    if (!quiet) {
      SensitivityText.print(result, text);
      text.println();
    }
    text.println("results: " + directory);
    text.printf(
        Locale.ROOT,
        "cost: %.1f passes over %d images, of %.0f one by one%n",
        result.cost().passes(),
        result.images(),
        result.cost().bruteForcePasses());
  }
}
