package io.depthscope.graph.exchange.tflite;

import io.depthscope.testkit.DamagedFiles;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** A damaged file is either understood or refused in one line; nothing else comes of it. */
class MutatedTfliteTest {
  @Test
  void damagedFilesAreRefusedInOneLine() throws IOException {
    DamagedFiles.check("test-data/tflite", ".tflite", 1, TfliteModel::load);
  }
}
