package io.depthscope.graph.exchange;

import java.util.Optional;

/** Model formats that people hand over by mistake, told by their first bytes. */
final class ForeignFormat {
  /** How many leading bytes {@link #recognise} looks at. */
  static final int PREFIX = 16;

  private ForeignFormat() {}

  /** What the file seems to be, in words that say what to do; empty if unknown. */
  static Optional<String> recognise(byte[] head) {
    if (startsWith(head, 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n')) {
      return advise("an HDF5 file (Keras .h5)");
    }
    if (startsWith(head, 'P', 'K', 3, 4)) {
      return advise("a zip archive (PyTorch .pt, .pth or Keras .keras)");
    }
    if (head.length > 1 && head[0] == (byte) 0x80 && head[1] >= 2 && head[1] <= 5) {
      return advise("a Python pickle (old PyTorch checkpoint)");
    }
    if (head.length > 7 && startsWith(new byte[] {head[4], head[5], head[6], head[7]}, "TFL3")) {
      return advise("a TFLite model");
    }
    if (startsWith(head, "GGUF")) {
      return advise("a GGUF file");
    }
    if (startsWith(head, 0x1f, 0x8b)) {
      return Optional.of("this is a gzip file; unpack it first");
    }
    if (isOnnx(head)) {
      return advise("an ONNX model");
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
  static boolean isOnnx(byte[] head) {
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
