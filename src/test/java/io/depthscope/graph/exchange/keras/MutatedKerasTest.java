package io.depthscope.graph.exchange.keras;

import io.depthscope.testkit.DamagedFiles;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A damaged file is either understood or refused in one line; nothing else comes of it. */
class MutatedKerasTest {
  @ParameterizedTest
  @ValueSource(strings = {".h5", ".keras"})
  void damagedFilesAreRefusedInOneLine(String ending) throws IOException {
    DamagedFiles.check("test-data/keras", ending, 0.2, KerasModel::load);
  }
}
