package io.depthscope.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordingTest {

  @ParameterizedTest
  @CsvSource({
    "STATISTICS, 0, 0",
    "STATISTICS, 5, 5",
    "STATISTICS, 100, 8",
    "STATISTICS, 500, 15",
    "STATISTICS, 1024, 32",
    "STATISTICS, 50000, 32",
    "ERROR_SOURCES, 50000, 50000",
    "PAIRED, 500, 0",
    "CALIBRATION, 500, 0"
  })
  void sourcesAreRecordedOnSomeImagesOrOnAll(Recording recording, int images, int expected) {
    assertEquals(expected, recording.sourceImages(images));
  }
}
