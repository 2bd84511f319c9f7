package io.depthscope.graph.exchange;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A format of files that hold a network's graph with its weights. */
public enum GraphFormat {
  ONNX(".onnx"),
  TFLITE(".tflite"),
  KERAS(".keras", ".h5", ".hdf5");

  private final List<String> endings;

  GraphFormat(String... endings) {
    this.endings = List.of(endings);
  }

  /**
   * What a file is by its first bytes, else by its name; empty if neither tells, as of safetensors.
   */
  public static Optional<GraphFormat> of(Path file) {
    Optional<GraphFormat> told = ForeignFormat.graph(head(file));
    if (told.isPresent()) {
      return told;
    }
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    for (GraphFormat f : values()) {
      if (f.endings.stream().anyMatch(name::endsWith)) {
        return Optional.of(f);
      }
    }
    return Optional.empty();
  }

  /** A file's name without what tells its format. */
  public static String bareName(Path file) {
    String name = String.valueOf(file.getFileName());
    for (GraphFormat f : values()) {
      for (String ending : f.endings) {
        if (name.endsWith(ending)) {
          return name.substring(0, name.length() - ending.length());
        }
      }
    }
    return name;
  }

  private static byte[] head(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(ForeignFormat.PREFIX);
    } catch (IOException e) {
      return new byte[0]; // whoever opens it next says why
    }
  }
}
