package io.depthscope.cli;

import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Samples;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.QuantizationJson;
import io.depthscope.record.RunDirectory;
import io.depthscope.run.Analysis;
import io.depthscope.run.BackendChoice;
import io.depthscope.run.CalibrationSource;
import io.depthscope.run.DiagnosedRun;
import io.depthscope.run.Machine;
import io.depthscope.run.MemoryEstimate;
import io.depthscope.run.Method;
import io.depthscope.run.PreprocessingSearch;
import io.depthscope.run.Quantization;
import io.depthscope.run.Subject;
import io.depthscope.run.TensorInput;
import io.depthscope.run.TestImages;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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
      names = "--unlabelled",
      description =
          "Take all images of --data, in class folders or not, as images of which nobody knows what"
              + " they show.")
  private boolean unlabelled;

  @Option(
      names = "--labels",
      paramLabel = "Y.npy",
      description =
          "With --data X.npy, the network's inputs as they are, images first and axes as in the"
              + " model's file: the class of each, one integer an image.")
  private Path labels;

  @Option(
      names = "--suggest-preprocessing",
      description =
          "Try the usual ranges, channel orders and places of the first class in float32 on the"
              + " first 64 labelled images, say which makes the network right most often, and end.")
  private boolean suggest;

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
      description = {
        "Quantize by the parameters in this quantization.json of an earlier run, whoever changed"
            + " them; tensors it leaves out stay in float32. With --scheme, --granularity,"
            + " --symmetric, --asymmetric, --range or --weight-range, use its calibration alone."
      })
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
    if (quantization != null) {
      requireNoCalibration();
    }
    PrintWriter text = spec.commandLine().getOut();
    if (out != null) {
      RunDirectory.requireOurs(out);
    }
    if (resume && RunDirectory.isComplete(out)) {
      text.println(out + " holds a finished run; nothing to resume");
      return 0;
    }
    if (out != null) {
      OutputFile.checkApart("--out", RunDirectory.files(out), inputs());
    }
    Optional<Path> tensors = dataOptions.tensors();
    requireOneKind(tensors.isPresent());
    Subject subject =
        tensors.isPresent()
            ? modelOptions.loadFor(TensorInput.extents(tensors.get()))
            : modelOptions.load();
    if (!quiet && !explainMemory) {
      modelOptions.lines(subject).forEach(text::println);
    }
    Method method = method(subject.model(), scheme);
    String dataSpec = dataOptions.spec(subject.model());
    boolean labelled = subject.model().graph().isClassifier() && !unlabelled;
    try (BackendChoice.Opened opened = backendOptions.choice().open();
        Samples data = open(dataSpec, subject.model(), tensors, labelled)) {
      if (suggest) {
        return suggest(subject, data, labelled, backendOptions.machine(opened));
      }
      TestImages<?> images = dataOptions.images(data);
      if (labelled && images.labelled()) {
        dataOptions.checkClasses(data, subject.model());
      }
      Analysis analysis =
          new Analysis(
              subject,
              labelled ? images : images.withoutLabels(),
              method,
              ranges(dataSpec, subject.model()),
              backendOptions.machine(opened));
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

  /**
   * Inputs as they are and images do not mix.
   *
   * @param tensors whether the former are run
   */
  private void requireOneKind(boolean tensors) {
    if (labels != null && (!tensors || unlabelled)) {
      throw new UsageException(
          tensors
              ? "--labels and --unlabelled contradict each other"
              : "--labels goes with --data X.npy; images have theirs from class folders");
    }
    if (calibrateData != null && TensorInput.isOne(calibrateData) != tensors) {
      throw new UsageException(
          tensors
              ? "--calibrate-data must be a NumPy file (.npy) as --data is"
              : "--calibrate-data is a NumPy file, --data is none; they must be of one kind");
    }
  }

  private Samples open(String spec, LoadedModel model, Optional<Path> tensors, boolean labelled)
      throws IOException {
    if (labels != null && !labelled) {
      throw new UsageException(
          "--labels is of no use: " + model.graph().name() + " is no classifier");
    }
    return tensors.isPresent()
        ? TensorInput.open(tensors.get(), Optional.ofNullable(labels), model.tensors())
        : dataOptions.open(spec, model, labelled);
  }

  private int suggest(Subject subject, Samples data, boolean labelled, Machine machine)
      throws IOException {
    if (!labelled || !data.labelled() || !(data instanceof Dataset images)) {
      throw new UsageException(
          "--suggest-preprocessing needs a classifier and images whose classes are known");
    }
    int outputs = subject.model().graph().outputShape().channels();
    if (images.classCount() + 1 != outputs) { // else one output may be of no class
      dataOptions.checkClasses(images, subject.model());
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

  /** A quantization file brings its own. */
  private void requireNoCalibration() {
    for (String option : List.of("--calibrate", "--calibrate-data")) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new UsageException(
            "--quantization and "
                + option
                + " contradict each other: the file holds a calibration, no image is read for one");
      }
    }
  }

  /** Files and folders that are read. */
  private List<Path> inputs() {
    return Stream.of(
            modelOptions.inputs(),
            dataOptions.inputs(),
            DataOptions.inputsOf(calibrateData),
            Stream.of(quantization, labels).filter(Objects::nonNull).toList())
        .flatMap(List::stream)
        .toList();
  }

  /** By the parameters of a file, if one is given and no scheme beside it. */
  private Method method(LoadedModel model, QuantScheme scheme) throws IOException {
    Quantization by =
        quantization == null || schemeOptions.isGiven()
            ? Quantization.of(model, scheme, schemeOptions.policy(), schemeOptions.isGiven())
            : new Quantization.AsWritten(QuantizationJson.read(quantization));
    return new Method(by, feed, errorSources ? Recording.ERROR_SOURCES : Recording.STATISTICS);
  }

  private CalibrationSource ranges(String dataSpec, LoadedModel model) {
    String images =
        Optional.ofNullable(calibrateData)
            .or(() -> DataOptions.trainingSplit(dataSpec, calibrate))
            .orElse(dataSpec);
    return CalibrationSource.of(
        images,
        calibrate,
        Optional.ofNullable(quantization),
        () ->
            TensorInput.isOne(images)
                ? TensorInput.open(Path.of(images), Optional.empty(), model.tensors())
                : dataOptions.openUnlabelled(images));
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
      FindingsText.print(finished.findings(), false, directory, to);
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
