package io.depthscope.run;

import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.onnx.OnnxModel;
import java.nio.file.Path;
import java.util.Locale;

/** Reads a file of a network, whatever its format. */
public final class ModelReader {
  private static final String ONNX = ".onnx";

  private ModelReader() {}

  /**
   * Loads a network: an ONNX file by its name or its first bytes, anything else as safetensors.
   *
   * @throws ModelFormatException if it cannot be read or run; the message is one line
   */
  public static LoadedModel load(Path file, LoadOptions options) throws ModelFormatException {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return name.endsWith(ONNX) || ModelFile.looksLikeOnnx(file)
        ? OnnxModel.load(file, options)
        : ModelFile.load(file, options);
  }

  /** A file's name without what tells its format. */
  public static String nameOf(Path file) {
    return String.valueOf(file.getFileName()).replaceFirst("\\.(safetensors|onnx)$", "");
  }
}
