package io.depthscope.graph.exchange;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Model formats that people hand over by mistake, told by their first bytes. */
final class ForeignFormat {
  /** How many leading bytes {@link #recognise} looks at. */
  static final int PREFIX = 64;

  /** Where the name of a zip archive's first entry begins. */
  private static final int FIRST_NAME = 30;

  private static final List<String> KERAS_ENTRIES =
      List.of("metadata.json", "config.json", "model.weights.h5");

  private ForeignFormat() {}

  /** The format of a file that holds a graph; empty if it seems to be none of these. */
  static Optional<GraphFormat> graph(byte[] head) {
    if (head.length > 7 && startsWith(Arrays.copyOfRange(head, 4, 8), "TFL3")) {
      return Optional.of(GraphFormat.TFLITE);
    }
    if (startsWith(head, 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n') || isKerasArchive(head)) {
      return Optional.of(GraphFormat.KERAS);
    }
    return isOnnx(head) ? Optional.of(GraphFormat.ONNX) : Optional.empty();
  }

  /** True for a zip archive whose first entry is one of those of a Keras 3 file. */
  private static boolean isKerasArchive(byte[] head) {
    if (!isArchive(head) || head.length < FIRST_NAME) {
      return false;
    }
    String first = new String(head, FIRST_NAME, head.length - FIRST_NAME, ISO_8859_1);
    return KERAS_ENTRIES.stream().anyMatch(first::startsWith);
  }

  private static boolean isArchive(byte[] head) {
    return startsWith(head, 'P', 'K', 3, 4);
  }

  /** What a file that is no safetensors file seems to be, in words that say what to do. */
  static Optional<String> recognise(byte[] head) {
    Optional<GraphFormat> graph = graph(head);
    if (graph.isPresent()) {
      return Optional.of(
          "this is "
              + switch (graph.get()) {
                case ONNX -> "an ONNX model";
                case TFLITE -> "a TFLite model";
                case KERAS -> "a Keras model";
              }
              + ", not weights in safetensors");
    }
    if (isArchive(head)) {
      return advise("a zip archive (PyTorch .pt or .pth)");
    }
    if (head.length > 1 && head[0] == (byte) 0x80 && head[1] >= 2 && head[1] <= 5) {
      return advise("a Python pickle (old PyTorch checkpoint)");
    }
    if (startsWith(head, "GGUF")) {
      return advise("a GGUF file");
    }
    if (startsWith(head, 0x1f, 0x8b)) {
      return Optional.of("this is a gzip file; unpack it first");
    }
    if (startsWith(head, "version https://")) {
      return Optional.of("this is a Git LFS pointer; fetch the file it stands for");
    }
    if (startsWith(head, "<")) {
      return Optional.of("this is a web page or XML, not weights");
    }
    return Optional.empty();
  }

  /**
   * True for what begins as an ONNX model: a protobuf with field 1 (ir_version) as a small varint,
   * then producer_name, doc_string, graph or opset_import.
   */
  private static boolean isOnnx(byte[] head) {
    return head.length > 2
        && head[0] == 0x08
        && head[1] > 0
        && head[1] < 32
        && (head[2] == 0x12 || head[2] == 0x32 || head[2] == 0x3a || head[2] == 0x42);
  }

  private static Optional<String> advise(String what) {
    return Optional.of("this is " + what + "; convert its weights to safetensors");
  }

  private static boolean startsWith(byte[] head, String ascii) {
    return startsWith(head, ascii.chars().toArray());
  }

  private static boolean startsWith(byte[] head, int... expected) {
    if (head.length < expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if ((head[i] & 0xff) != expected[i]) {
        return false;
      }
    }
    return true;
  }
}
