package io.depthscope.graph.exchange.keras;

import io.depthscope.file.Sha256;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelBytes;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.lowering.FileGraph;
import io.depthscope.graph.exchange.lowering.ModelImport;
import java.nio.file.Path;
import java.util.List;

/** Loads a network with its weights from a Keras file. */
public final class KerasModel {
  /** The family of networks that are as their Keras file has them. */
  public static final String FAMILY = "keras";

  private KerasModel() {}

  /**
   * Loads a file on disk.
   *
   * @throws ModelFormatException if it cannot be read, is no sound Keras model, or holds what
   *     cannot be run; the message is one line
   */
  public static LoadedModel load(Path path, LoadOptions options) throws ModelFormatException {
    return load(path.toString(), ModelBytes.read(path), options);
  }

  /**
   * Loads a file in memory.
   *
   * @param name stands for the file in messages
   * @throws ModelFormatException as the other
   */
  public static LoadedModel load(String name, byte[] bytes, LoadOptions options)
      throws ModelFormatException {
    FileGraph graph;
    try (KerasFile file = KerasFile.open(name, bytes)) {
      graph = new Models(name, file).graph();
    }
    return ModelImport.load(
        graph,
        new ModelImport.Origin(
            FAMILY, "a Keras model", Path.of(name), Sha256.of(bytes), "", List.of()),
        options);
  }
}
