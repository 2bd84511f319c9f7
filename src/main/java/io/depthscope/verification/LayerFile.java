package io.depthscope.verification;

import io.depthscope.file.BoundedFile;
import io.depthscope.file.FileErrors;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Lists of layers, one a line as {@link LayerLine} says, for checks and benchmarks alike. Lines
 * that begin with # are comments. Those of bench/shapes are in the jar.
 */
public final class LayerFile {
  private static final int MAX_BYTES = 1 << 20;

  private LayerFile() {}

  /**
   * Layers of every kind: the one list that checks and tests of single layers start from, each
   * changing sizes as it needs to. A new operation, or a new way to compute one, adds its lines to
   * it.
   */
  public static List<LayerCase> everyKind() {
    return built("every_kind");
  }

  /** The layers of MobileNet-V1 1.0 at 224x224. */
  public static List<LayerCase> mobileNet() {
    return built("mobilenet_v1");
  }

  private static List<LayerCase> built(String name) {
    String resource = "/io/depthscope/shapes/" + name + ".txt";
    try (InputStream in = LayerFile.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new FileNotFoundException(resource + " is missing in this build");
      }
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList(), name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a file.
   *
   * @throws IOException naming the file, if it cannot be read, is larger than 1 MiB, or a line is
   *     not a layer
   */
  public static List<LayerCase> read(Path file) throws IOException {
    List<String> lines;
    try {
      byte[] text = BoundedFile.read(file, MAX_BYTES);
      CharBuffer decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text));
      lines = decoded.toString().lines().toList();
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": is no text", e);
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
    return parse(lines, file.toString());
  }

  private static List<LayerCase> parse(List<String> lines, String file) throws IOException {
    List<LayerCase> layers = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      try {
        layers.add(LayerLine.parse(line));
      } catch (IllegalArgumentException e) {
        throw new IOException(file + " line " + (i + 1) + ": " + e.getMessage(), e);
      }
    }
    if (layers.isEmpty()) {
      throw new IOException(file + ": no layers");
    }
    return layers;
  }
}
