package io.depthscope.graph.exchange.tflite;

import io.depthscope.file.Sha256;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelBytes;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.lowering.ModelImport;
import java.nio.file.Path;

/** Loads a network with its weights from a TFLite file. */
public final class TfliteModel {
  /** The family of networks that are as their TFLite file has them. */
  public static final String FAMILY = "tflite";

  private TfliteModel() {}

  /**
   * Loads a file on disk.
   *
   * @throws ModelFormatException if it cannot be read, is no sound TFLite model, or holds what
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
    Translation.Translated translated = new Translation(TfliteFile.parse(name, bytes)).all();
    return ModelImport.load(
        translated.graph(),
        new ModelImport.Origin(
            FAMILY, "a TFLite model", Path.of(name), Sha256.of(bytes), "", translated.settings()),
        options);
  }
}
