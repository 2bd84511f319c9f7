package io.depthscope.dataset;

import io.depthscope.file.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A text file whose line number - 1 is the class of the folder that the line names first. */
final class SynsetFile {
  private static final long MAX_BYTES = 16L << 20;

  private SynsetFile() {}

  /**
   * @throws IOException if it cannot be read, has an empty line in the middle, or a name twice
   */
  static Map<String, Integer> read(Path file) throws IOException {
    List<String> lines;
    try {
      if (!Files.isRegularFile(file)) {
        throw new IOException(
            Files.exists(file) ? "not a regular file" : FileErrors.whyMissing(file));
      }
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException("too large for a synsets file");
      }
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
    int count = lines.size();
    while (count > 0 && lines.get(count - 1).isBlank()) {
      count--;
    }
    if (count == 0) {
      throw new IOException(file + ": no synsets in it");
    }
    Map<String, Integer> labels = new HashMap<>();
    for (int i = 0; i < count; i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty()) {
        throw new IOException(file + ": line " + (i + 1) + " is empty");
      }
      String name = line.split("\\s+", 2)[0];
      if (labels.put(name, i) != null) {
        throw new IOException(file + ": " + name + " stands in it twice");
      }
    }
    return labels;
  }
}
