package io.depthscope.cli;

import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Samples;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.record.RunDirectory;
import io.depthscope.run.Analysis;
import io.depthscope.run.DiagnosedRun;
import io.depthscope.run.Machine;
import io.depthscope.run.MemoryEstimate;
import io.depthscope.run.PreprocessingSearch;
import io.depthscope.run.Subject;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
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
  @Mixin private MeasurementOptions measurement;

  @Option(
      names = "--suggest-preprocessing",
      description =
          "Try the usual ranges, channel orders and places of the first class in float32 on the"
              + " first 64 labelled images, say which makes the network right most often, and end.")
  private boolean suggest;

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
          "Split each layer's error into inherited, weights, clipping and rounding on all images"
              + " (about three times as slow). Default: on 8 to 32 of them, one in 32.")
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
    measurement.check();
    UsageException.requirePositive("--checkpoint-every", checkpointEvery);
    if (resume && out == null) {
      throw new UsageException("--resume needs --out DIR, the interrupted run");
    }
    if (resume && overwrite) {
      throw new UsageException("--resume and --overwrite contradict each other");
    }
    measurement.checkCalibration();
    PrintWriter text = spec.commandLine().getOut();
    if (out != null) {
      RunDirectory.requireOurs(out);
    }
    if (resume && RunDirectory.isComplete(out)) {
      text.println(out + " holds a finished run; nothing to resume");
      return 0;
    }
    if (out != null) {
      OutputFile.checkApart("--out", RunDirectory.files(out), measurement.inputs());
    }
    Subject subject = measurement.subject();
    if (!quiet && !explainMemory) {
      measurement.lines(subject).forEach(text::println);
    }
    Recording recording = errorSources ? Recording.ERROR_SOURCES : Recording.STATISTICS;
    try (MeasurementOptions.Opened opened = measurement.open(subject, feed, recording)) {
      if (suggest) {
        return suggest(subject, opened.data(), opened.labelled(), opened.machine());
      }
      Analysis analysis = opened.analysis();
      MemoryEstimate memory = analysis.memory();
      if (explainMemory) {
        memory.lines().forEach(text::println);
        return 0;
      }
      memory.check();
      analysis.checkDevice();
      return run(analysis);
    }
  }

  private int suggest(Subject subject, Samples data, boolean labelled, Machine machine)
      throws IOException {
    if (!labelled || !data.labelled() || !(data instanceof Dataset images)) {
      throw new UsageException(
          "--suggest-preprocessing needs a classifier and images whose classes are known");
    }
    int outputs = subject.model().graph().outputShape().channels();
    if (images.classCount() + 1 != outputs) { // else one output may be of no class
      measurement.checkClasses(images, subject.model());
    }
    PreprocessingSearch search = new PreprocessingSearch(subject, images, machine);
    PrintWriter err = spec.commandLine().getErr();
    try (Interruption interruption = Interruption.install(err)) {
      List<PreprocessingSearch.Outcome> outcomes =
          search.run(new Terminal(err, quiet, interruption::requested));
      SuggestionText.print(search, outcomes, spec.commandLine().getOut());
      return 0;
    } catch (InterruptedIOException e) {
      err.println("depthscope: " + e.getMessage());
      return Main.INTERRUPTED;
    }
  }

  private int run(Analysis analysis) throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Path directory =
        out != null
            ? out
            : TimedFolder.below(
                Path.of("runs"),
                analysis.subject().model().graph().name()
                    + "-"
                    + analysis.method().quantization().scheme().name());
    try (Interruption interruption = Interruption.install(err)) {
      Analysis.Result result =
          analysis.run(
              new Analysis.Output(directory, resume, overwrite, checkpointEvery),
              new Terminal(err, quiet, interruption::requested));
      return switch (result.outcome()) {
        case FINISHED -> {
          print(result.finished().orElseThrow(), directory, spec.commandLine().getOut());
          if (!noReport) {
            report(result.finished().get(), directory, spec.commandLine().getOut(), err);
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

  private void print(DiagnosedRun finished, Path directory, PrintWriter to) {
    if (!quiet) {
      Summary.print(finished.run(), to);
      to.println();
      FindingsText.print(finished, false, directory, to);
      to.println();
    }
    to.println("results: " + directory);
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
