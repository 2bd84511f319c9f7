package io.depthscope.cli;

import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.run.Subject;
import io.depthscope.run.Zoo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which network to run. */
final class ModelOptions {
  static final String EMBEDDED = "dws-cnn-synthetic.safetensors";

  @Option(
      names = "--model",
      paramLabel = "FILE",
      description = {
        "Trained weights (safetensors): MobileNet-V1 in Keras, Hugging Face or timm names, or a"
            + " file of this project. Default: a small network that comes with the program."
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
    LoadOptions options = network.loadOptions();
    LoadedModel model = file != null ? ModelFile.load(file, options) : Zoo.load(EMBEDDED, options);
    return new Subject(model, network.images().preprocessing(model));
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
