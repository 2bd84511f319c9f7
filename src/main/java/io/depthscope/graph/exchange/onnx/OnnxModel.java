package io.depthscope.graph.exchange.onnx;

import io.depthscope.file.Sha256;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelBytes;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.lowering.FileGraph;
import io.depthscope.graph.exchange.lowering.ModelImport;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/** Loads a network with its weights from an ONNX file. */
public final class OnnxModel {
  /** The family of networks that are as their ONNX file has them. */
  public static final String FAMILY = "onnx";

  private OnnxModel() {}

  /**
   * Loads a file on disk; tensors kept in other files are read from its folder.
   *
   * @throws ModelFormatException if it cannot be read, is no sound ONNX model, or holds what cannot
   *     be run; the message is one line
   */
  public static LoadedModel load(Path path, LoadOptions options) throws ModelFormatException {
    Path folder = path.toAbsolutePath().normalize().getParent();
    return load(path.toString(), ModelBytes.read(path), Optional.ofNullable(folder), options);
  }

  /**
   * Loads a file in memory.
   *
   * @param name stands for the file in messages
   * @throws ModelFormatException as the other
   */
  public static LoadedModel load(String name, byte[] bytes, LoadOptions options)
      throws ModelFormatException {
    return load(name, bytes, Optional.empty(), options);
  }

  private static LoadedModel load(
      String name, byte[] bytes, Optional<Path> folder, LoadOptions options)
      throws ModelFormatException {
    MessageDigest external = Sha256.begin();
    TensorData tensors = new TensorData(folder, external);
    FileGraph file = OnnxFile.parse(name, bytes, tensors);
    String beside = tensors.readExternal() ? " external data " + Sha256.hex(external.digest()) : "";
    return ModelImport.load(
        file,
        new ModelImport.Origin(
            FAMILY, "an ONNX model", Path.of(name), Sha256.of(bytes), beside, List.of()),
        options);
  }
}
