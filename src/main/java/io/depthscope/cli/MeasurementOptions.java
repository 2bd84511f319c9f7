package io.depthscope.cli;

import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Samples;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.record.QuantizationJson;
import io.depthscope.run.Analysis;
import io.depthscope.run.BackendChoice;
import io.depthscope.run.CalibrationSource;
import io.depthscope.run.Machine;
import io.depthscope.run.Method;
import io.depthscope.run.Quantization;
import io.depthscope.run.Subject;
import io.depthscope.run.TensorInput;
import io.depthscope.run.TestImages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What is measured, on what, how it is quantized and what runs it. */
final class MeasurementOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

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
      names = "--calibrate",
      paramLabel = "N",
      defaultValue = "100",
      description = "Images the ranges are taken from. Default: ${DEFAULT-VALUE}.")
  private int calibrate;

  @Option(
      names = "--calibrate-data",
      paramLabel = "DATA",
      description =
          "Where they come from. Default: --data; for synthetic images, the training split.")
  private String calibrateData;

  @Option(
      names = "--calibration-order",
      paramLabel = "O",
      defaultValue = "spread",
      description =
          "Which images of it: at equal distances (spread) or the first ones (first). The samples of"
              + " a NumPy file are the first ones. Default: ${DEFAULT-VALUE}.")
  private CalibrationSource.Order calibrationOrder;

  @Option(
      names = "--exclude-calibration",
      description = "Leave the images of the calibration out of those that are run.")
  private boolean excludeCalibration;

  @Option(
      names = "--quantization",
      paramLabel = "FILE",
      description = {
        "Quantize by the parameters in this quantization.json of an earlier run, whoever changed"
            + " them; tensors it leaves out stay in float32. With --scheme, --granularity,"
            + " --symmetric, --asymmetric, --range or --weight-range, use its calibration alone."
      })
  private Path quantization;

  /**
   * What is to be measured, opened.
   *
   * @param labelled whether it counts what the images show
   */
  record Opened(
      BackendChoice.Opened backend,
      Machine machine,
      Samples data,
      boolean labelled,
      Measuring measuring)
      implements AutoCloseable {

    /** Makes the analysis, whose images and network must then fit. */
    interface Measuring {
      Analysis analysis(Samples data, Machine machine) throws IOException;
    }

    /**
     * The analysis.
     *
     * @throws IOException if labels and outputs do not speak of the same classes
     */
    Analysis analysis() throws IOException {
      return measuring.analysis(data, machine);
    }

    @Override
    public void close() throws IOException {
      try (backend) {
        data.close();
      }
    }
  }

  /**
   * Checks what can be checked before anything is opened.
   *
   * @throws UsageException if a value is out of range
   */
  void check() {
    schemeOptions.scheme();
    backendOptions.check();
    dataOptions.check();
    UsageException.requirePositive("--calibrate", calibrate);
  }

  /**
   * Checks that a file with parameters stands alone.
   *
   * @throws UsageException if images to calibrate with are named, too
   */
  void checkCalibration() {
    if (quantization != null) {
      requireNoCalibration();
    }
  }

  /**
   * Loads the network.
   *
   * @throws IOException if it cannot be read or run
   * @throws UsageException if options contradict each other
   */
  Subject subject() throws IOException {
    Optional<Path> tensors = dataOptions.tensors();
    requireOneKind(tensors.isPresent());
    return tensors.isPresent()
        ? modelOptions.loadFor(TensorInput.extents(tensors.get()))
        : modelOptions.load();
  }

  /** What is used beside the weights and where it is from, a line each. */
  List<String> lines(Subject subject) {
    return modelOptions.lines(subject);
  }

  /** Opens the backend and the images; the caller closes them. */
  Opened open(Subject subject, Feed feed, Recording recording) throws IOException {
    LoadedModel model = subject.model();
    Method method = new Method(quantization(model), feed, recording);
    String dataSpec = dataOptions.spec(model);
    boolean labelled = model.graph().isClassifier() && !unlabelled;
    BackendChoice.Opened backend = backendOptions.choice().open();
    try {
      return new Opened(
          backend,
          backendOptions.machine(backend),
          open(dataSpec, model, dataOptions.tensors(), labelled),
          labelled,
          (data, machine) -> {
            CalibrationSource ranges = ranges(dataSpec, model);
            TestImages<?> all = dataOptions.images(data);
            TestImages<?> images = excludeCalibration ? others(ranges, all) : all;
            if (labelled && images.labelled()) {
              dataOptions.checkClasses(data, model);
            }
            return new Analysis(
                subject, labelled ? images : images.withoutLabels(), method, ranges, machine);
          });
    } catch (IOException | RuntimeException e) {
      backend.close();
      throw e;
    }
  }

  /**
   * Checks that labels and outputs speak of the same classes.
   *
   * @throws IOException if they do not
   */
  void checkClasses(Samples images, LoadedModel model) throws IOException {
    dataOptions.checkClasses(images, model);
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

  /** A quantization file brings its own. */
  private void requireNoCalibration() {
    for (String option :
        List.of(
            "--calibrate", "--calibrate-data", "--calibration-order", "--exclude-calibration")) {
      if (command.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new UsageException(
            "--quantization and "
                + option
                + " contradict each other: the file holds a calibration, no image is read for one");
      }
    }
  }

  /** Files and folders that are read. */
  List<Path> inputs() {
    return Stream.of(
            modelOptions.inputs(),
            dataOptions.inputs(),
            DataOptions.inputsOf(calibrateData),
            Stream.of(quantization, labels).filter(Objects::nonNull).toList())
        .flatMap(List::stream)
        .toList();
  }

  /** By the parameters of a file, if one is given and no scheme beside it. */
  private Quantization quantization(LoadedModel model) throws IOException {
    return quantization == null || schemeOptions.isGiven()
        ? Quantization.of(
            model, schemeOptions.scheme(), schemeOptions.policy(), schemeOptions.isGiven())
        : new Quantization.AsWritten(QuantizationJson.read(quantization));
  }

  /**
   * The images that are not calibrated with.
   *
   * @throws UsageException if none is left, or they cannot be told apart
   */
  private static TestImages<?> others(CalibrationSource ranges, TestImages<?> all)
      throws IOException {
    return ranges
        .others(all)
        .orElseThrow(
            () ->
                new UsageException(
                    "--exclude-calibration leaves no image: "
                        + (all.data() instanceof Dataset
                            ? "all of " + all.count() + " are calibrated with"
                            : "the samples of a NumPy file cannot be told apart")));
  }

  private CalibrationSource ranges(String dataSpec, LoadedModel model) {
    String images =
        Optional.ofNullable(calibrateData)
            .or(() -> DataOptions.trainingSplit(dataSpec, calibrate))
            .orElse(dataSpec);
    return CalibrationSource.of(
        images,
        calibrate,
        calibrationOrder,
        Optional.ofNullable(quantization),
        () ->
            TensorInput.isOne(images)
                ? TensorInput.open(Path.of(images), Optional.empty(), model.tensors())
                : dataOptions.openUnlabelled(images));
  }
}
