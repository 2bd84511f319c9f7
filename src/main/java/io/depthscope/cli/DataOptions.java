package io.depthscope.cli;

import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Datasets;
import io.depthscope.dataset.ImageFolder;
import io.depthscope.dataset.Samples;
import io.depthscope.dataset.SyntheticShapes;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.run.TensorInput;
import io.depthscope.run.TestImages;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Which images to run it on. */
final class DataOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  private static final String SYNTHETIC = "synthetic:";
  private static final String DEFAULT_SYNTHETIC = SYNTHETIC + 2000;

  @Option(
      names = "--data",
      paramLabel = "DATA",
      description = {
        "A folder of class folders with images, a folder of images alone, a CIFAR-10 folder or .bin"
            + " file, a file written by 'pack', synthetic:N, or (analyze) a NumPy file (.npy) of inputs"
            + " as they are. Default for 32x32 networks of ten classes: "
            + DEFAULT_SYNTHETIC
            + "."
      })
  private String data;

  @Option(
      names = "--synsets",
      paramLabel = "FILE",
      description = "Class folder names, one a line; line number - 1 is the class index.")
  private Path synsets;

  @Option(names = "--exif", description = "Apply EXIF orientations (evaluation scripts do not).")
  private boolean exif;

  @Option(names = "--strict", description = "Fail on an unreadable image instead of skipping it.")
  private boolean strict;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Run the first N images only, in the data set's order.")
  private Integer limit;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of synthetic images. Default: ${DEFAULT-VALUE}.",
      defaultValue = "" + SyntheticShapes.DEFAULT_SEED)
  private long seed;

  /** Data sets of which it was said what lies beside them. */
  private final Set<String> told = new HashSet<>();

  /**
   * Checks what can be checked before anything is opened.
   *
   * @throws UsageException if a value is out of range
   */
  void check() {
    if (limit != null) {
      UsageException.requirePositive("--limit", limit);
    }
  }

  /** Files and folders that are read. */
  List<Path> inputs() {
    List<Path> read = new ArrayList<>(inputsOf(data));
    if (synsets != null) {
      read.add(synsets);
    }
    return read;
  }

  /**
   * What is read of images: none if they are synthetic.
   *
   * @param spec as the option states it, or null
   */
  static List<Path> inputsOf(String spec) {
    return spec == null || spec.startsWith(SYNTHETIC) ? List.of() : List.of(Path.of(spec));
  }

  /**
   * The NumPy file that is to be run, if it is one.
   *
   * @throws UsageException if something is stated that speaks of images
   */
  Optional<Path> tensors() {
    if (data == null || !TensorInput.isOne(data)) {
      return Optional.empty();
    }
    if (synsets != null || exif) {
      throw new UsageException(
          (exif ? "--exif" : "--synsets") + " is about image files, --data is a NumPy file");
    }
    return Optional.of(Path.of(data));
  }

  /** The images to run. */
  <D extends Samples> TestImages<D> images(D dataset) {
    int count = limit == null ? dataset.size() : Math.min(limit, dataset.size());
    return new TestImages<>(dataset, count, strict, seed);
  }

  /**
   * What to open: the option, or the default for a network that fits the synthetic images.
   *
   * @throws UsageException if the option is missing and the network does not
   */
  String spec(LoadedModel model) {
    if (data != null) {
      return data;
    }
    Shape edge = new Shape(SyntheticShapes.EDGE, SyntheticShapes.EDGE, 3);
    if (model.graph().inputShape().equals(edge)
        && model.graph().outputShape().channels() == SyntheticShapes.CLASSES.size()) {
      return DEFAULT_SYNTHETIC;
    }
    throw new UsageException(
        "--data is needed: " + model.graph().name() + " does not fit the synthetic images");
  }

  /** True if the images are synthetic, by option or by default. */
  boolean isSynthetic() {
    return data == null || data.startsWith(SYNTHETIC);
  }

  /**
   * Where synthetic images are calibrated, so that no test image is seen twice.
   *
   * @return the training split, {@code images} of it; empty if other images are to be run
   */
  static Optional<String> trainingSplit(String spec, int images) {
    String training = ":" + SyntheticShapes.Split.TRAIN.text();
    return spec.startsWith(SYNTHETIC) && !spec.endsWith(training)
        ? Optional.of(SYNTHETIC + images + training)
        : Optional.empty();
  }

  /**
   * Opens the images and says what lies beside them and was left out.
   *
   * @param labelled whether it counts what they show; they may be without labels all the same
   * @throws UsageException if classes are stated that count for nothing
   */
  Dataset open(String spec, LoadedModel model, boolean labelled) throws IOException {
    if (synsets != null && !labelled) {
      throw new UsageException(
          model.graph().isClassifier()
              ? "--synsets and --unlabelled contradict each other"
              : "--synsets is of no use: " + model.graph().name() + " is no classifier");
    }
    int outputs = model.graph().outputShape().channels();
    int withBackground = model.firstClass() == 0 ? 0 : outputs;
    Dataset opened =
        Datasets.open(
            spec,
            new Datasets.Options(
                Optional.ofNullable(synsets), exif, seed, labelled, withBackground));
    tell(opened);
    return opened;
  }

  /**
   * Opens images for a command that is about what they show.
   *
   * @throws IOException if nothing tells
   */
  Dataset openLabelled(String spec, LoadedModel model) throws IOException {
    requireClassifier(model);
    Dataset opened = open(spec, model, true);
    if (!opened.labelled()) {
      opened.close();
      throw new IOException(
          spec + ": its images have no labels (there are no class folders); analyze alone can do");
    }
    return opened;
  }

  private void tell(Dataset opened) {
    if (!told.add(opened.description())) {
      return;
    }
    for (String notice : opened.notices()) {
      command
          .commandLine()
          .getErr()
          .println(Main.oneLine("depthscope: skipped in " + opened.description() + ": " + notice));
    }
  }

  /** Opens images whose labels do not matter. */
  Dataset openUnlabelled(String spec) throws IOException {
    Dataset opened =
        Datasets.open(spec, new Datasets.Options(Optional.empty(), exif, seed, false, 0));
    tell(opened);
    return opened;
  }

  /**
   * Checks that labels and outputs speak of the same classes.
   *
   * @throws IOException if they do not
   */
  void checkClasses(Samples dataset, LoadedModel model) throws IOException {
    requireClassifier(model);
    int outputs = model.graph().outputShape().channels() - model.firstClass();
    boolean partial = dataset instanceof ImageFolder && synsets == null;
    if (dataset.classCount() > outputs || (partial && dataset.classCount() != outputs)) {
      throw new IOException(
          dataset.description()
              + " has "
              + dataset.classCount()
              + " classes, the network "
              + outputs
              + (partial ? "; --synsets FILE tells which of them the folders are" : ""));
    }
  }

  private static void requireClassifier(LoadedModel model) throws IOException {
    if (!model.graph().isClassifier()) {
      throw new IOException(
          model.file()
              + ": is no classifier (one output of two classes or more); analyze takes it");
    }
  }
}
