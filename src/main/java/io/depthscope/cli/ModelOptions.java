package io.depthscope.cli;

import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.run.ModelReader;
import io.depthscope.run.StatedImages;
import io.depthscope.run.Subject;
import io.depthscope.run.Zoo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which network to run. */
final class ModelOptions {
  static final String EMBEDDED = "dws-cnn-synthetic.safetensors";

  @Option(
      names = "--model",
      paramLabel = "FILE",
      description = {
        "A trained network: an ONNX, TFLite or Keras file of a float CNN, or weights (safetensors)"
            + " of MobileNet-V1 in Keras, Hugging Face or timm names, or a file of this project."
            + " Default: a small network that comes with the program."
      })
  private Path file;

  @Mixin private NetworkOptions network;

  /**
   * Loads it.
   *
   * @throws IOException if the file cannot be read or holds no network of a known family, or the
   *     network does not read images or asks for what cannot be done
   * @throws UsageException if something stated of it is unknown or out of range
   */
  Subject load() throws IOException {
    return subject(model(Optional.empty()));
  }

  /**
   * Loads the network alone, whatever it reads.
   *
   * @param inputExtents of the input, the images first, where its file leaves them open
   * @throws IOException if the file cannot be read or holds no network that can be run
   * @throws UsageException as {@link #load}
   */
  LoadedModel model(Optional<List<Integer>> inputExtents) throws IOException {
    LoadOptions stated = network.loadOptions();
    LoadOptions options = inputExtents.map(stated::withInputExtents).orElse(stated);
    return file != null ? ModelReader.load(file, options) : Zoo.load(EMBEDDED, options);
  }

  /**
   * A network with how it reads its images.
   *
   * @throws IOException if it reads none, or asks for what cannot be done
   */
  Subject subject(LoadedModel model) throws IOException {
    return new Subject(model, network.images().preprocessing(model));
  }

  /**
   * A network whose inputs are used as they are.
   *
   * @param extents of the inputs, the images first
   * @throws IOException as {@link #model}
   * @throws UsageException if something is stated of how it reads images
   */
  Subject loadFor(List<Integer> extents) throws IOException {
    network.requireNoImages();
    return new Subject(model(Optional.of(extents)), Optional.empty());
  }

  /** True if a file is named. */
  boolean isGiven() {
    return file != null;
  }

  /** The same options for a file that was found elsewhere. */
  void use(Path found) {
    file = found;
  }

  /** What is stated of how it reads images. */
  StatedImages stated() {
    return network.images();
  }

  /** Files that are read. */
  List<Path> inputs() {
    return file == null ? List.of() : List.of(file);
  }

  /** What is used beside the weights and where it is from, a line each. */
  List<String> lines(Subject subject) {
    return network.lines(subject);
  }
}
