package io.depthscope.cli;

import io.depthscope.dataset.Preprocessing;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.zoo.MobileNetV1;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
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

  @Option(
      names = "--family",
      paramLabel = "NAME",
      description =
          "mobilenet-v1, dws-cnn, regular-cnn or resnet; needed only if the file does not tell.")
  private String family;

  @Option(
      names = "--resolution",
      paramLabel = "N",
      description = "Input height and width. Default: what the file or its name says, else 224.")
  private Integer resolution;

  /**
   * @throws IOException if the file cannot be read or holds no network of a known family
   * @throws UsageException if the family is unknown or the resolution out of range
   */
  LoadedModel load() throws IOException {
    LoadOptions options;
    try {
      options =
          new LoadOptions(
              Optional.ofNullable(family),
              resolution == null ? OptionalInt.empty() : OptionalInt.of(resolution));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    if (file != null) {
      return ModelFile.load(file, options);
    }
    return Zoo.load(EMBEDDED, options);
  }

  /**
   * How images become this network's input.
   *
   * @throws IOException if the network does not read images
   */
  static Preprocessing preprocessing(LoadedModel model) throws IOException {
    if (model.family().equals(MobileNetV1.FAMILY)
        && model.graph().inputShape().height() == model.graph().inputShape().width()
        && model.graph().inputShape().height() >= 96) {
      return Preprocessing.imageNet(model.graph().inputShape().height());
    }
    try {
      return Preprocessing.exact(model.graph().inputShape());
    } catch (IllegalArgumentException e) {
      throw new IOException(model.file() + ": " + e.getMessage(), e);
    }
  }
}
