package io.depthscope.cli;

import io.depthscope.file.FileErrors;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.tensor.Shape;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A list of layers to benchmark, one a line: name, kind, input height, width and channels, output
 * channels, kernel, stride, padding (same, symmetric or none). Lines that begin with # are
 * comments.
 */
final class ShapeFile {
  private static final int FIELDS = 9;
  private static final int LARGEST = 1 << 16;

  private ShapeFile() {}

  /** The layers of MobileNet-V1 1.0 at 224x224. */
  static List<Graph> mobileNet() throws IOException {
    String name = "/io/depthscope/shapes/mobilenet_v1.txt";
    try (InputStream in = ShapeFile.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new FileNotFoundException("the shape file is missing in this build");
      }
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList(), name);
    }
  }

  /**
   * Reads a file.
   *
   * @throws IOException naming the file, if it cannot be read or a line is not a layer
   */
  static List<Graph> read(Path file) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": is no text", e);
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
    return parse(lines, file.toString());
  }

  private static List<Graph> parse(List<String> lines, String file) throws IOException {
    List<Graph> layers = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      try {
        layers.add(layer(line.split("\\s+")));
      } catch (IllegalArgumentException e) {
        throw new IOException(file + " line " + (i + 1) + ": " + e.getMessage(), e);
      }
    }
    if (layers.isEmpty()) {
      throw new IOException(file + ": no layers");
    }
    return layers;
  }

  private static Graph layer(String[] fields) {
    if (fields.length != FIELDS) {
      throw new IllegalArgumentException(fields.length + " fields, expected " + FIELDS);
    }
    Shape in = new Shape(number(fields[2]), number(fields[3]), number(fields[4]));
    int outputs = number(fields[5]);
    int kernel = number(fields[6]);
    int stride = number(fields[7]);
    Window window =
        switch (fields[8]) {
          case "same" -> Window.same(in, kernel, stride);
          case "symmetric" -> Window.square(kernel, stride, Padding.symmetric((kernel - 1) / 2));
          case "none" -> Window.square(kernel, stride, Padding.NONE);
          default -> throw new IllegalArgumentException("padding '" + fields[8] + "' is unknown");
        };
    if (fields[1].equals("depthwise") && outputs != in.channels()) {
      throw new IllegalArgumentException(
          "depthwise from " + in.channels() + " to " + outputs + " channels");
    }
    if (fields[1].equals("pointwise") && (kernel != 1 || stride != 1)) {
      throw new IllegalArgumentException(
          "pointwise with kernel " + kernel + " and stride " + stride);
    }
    boolean connected = fields[1].equals("fully-connected");
    if (connected && in.positions() != 1) {
      throw new IllegalArgumentException("fully connected layer on a " + in + " input");
    }
    Op op =
        switch (fields[1]) {
          case "conv", "pointwise" -> Op.Convolution.dense(window, outputs);
          case "depthwise" -> Op.Convolution.depthwise(window, outputs);
          case "fully-connected" -> Op.Convolution.pointwise(outputs);
          default -> throw new IllegalArgumentException("kind '" + fields[1] + "' is unknown");
        };
    Clamp clamp = connected ? Clamp.NONE : Clamp.RELU6;
    return new Graph(
        fields[0],
        List.of(
            new Node("input", new Op.Input(in), List.of()),
            new Node(fields[0], op, clamp, List.of(0))));
  }

  private static int number(String text) {
    int n;
    try {
      n = Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is no number", e);
    }
    if (n < 1 || n > LARGEST) {
      throw new IllegalArgumentException(n + " is not in 1.." + LARGEST);
    }
    return n;
  }
}
