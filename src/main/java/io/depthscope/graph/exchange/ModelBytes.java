package io.depthscope.graph.exchange;

import io.depthscope.file.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A model file as a whole. */
public final class ModelBytes {
  private ModelBytes() {}

  /**
   * All bytes of a file.
   *
   * @throws ModelFormatException if it is a directory or cannot be read
   */
  public static byte[] read(Path path) throws ModelFormatException {
    if (Files.isDirectory(path)) {
      throw new ModelFormatException(path.toString(), "is a directory");
    }
    try {
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw new ModelFormatException(path.toString(), FileErrors.reason(e), e);
    }
  }
}
