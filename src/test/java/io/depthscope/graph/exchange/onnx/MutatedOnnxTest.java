package io.depthscope.graph.exchange.onnx;

import io.depthscope.testkit.DamagedFiles;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** A damaged file is either understood or refused in one line; nothing else comes of it. */
class MutatedOnnxTest {
  @Test
  void damagedFilesAreRefusedInOneLine() throws IOException {
    DamagedFiles.check("test-data/onnx", ".onnx", 1, OnnxModel::load);
  }
}
