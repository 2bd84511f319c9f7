package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.depthscope.backend.Backend;
import io.depthscope.plan.Recording;
import io.depthscope.testkit.Digests;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same bytes for any batch size, and across a checkpoint. */
@Tag("gpu")
class CudaDeterminismTest {

  @ParameterizedTest
  @ValueSource(longs = {20_001, 20_002, 20_003, 20_004})
  void batchesDoNotShow(long seed) {
    Backend cuda = GpuBackend.get();
    PlanCase c = DeterminismTest.manyImages(seed);
    for (Recording recording :
        List.of(Recording.CALIBRATION, Recording.STATISTICS, Recording.ERROR_SOURCES)) {
      byte[] expected = Digests.run(cuda, c, recording, 1);
      for (int batch : new int[] {7, 32, 45}) {
        assertArrayEquals(
            expected,
            Digests.run(cuda, c, recording, batch),
            "batch " + batch + ", " + recording + ", " + c.text());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {20_010, 20_011, 20_012})
  void checkpointDoesNotShow(long seed) throws IOException {
    Backend cuda = GpuBackend.get();
    PlanCase c = DeterminismTest.manyImages(seed);
    byte[] whole = Digests.run(cuda, c, Recording.ERROR_SOURCES, 7);
    assertArrayEquals(
        whole, Digests.interrupted(cuda, c, Recording.ERROR_SOURCES, 7, 20), c.text());
  }

  /** Several tiles a layer, and the fast depthwise kernels. */
  @ParameterizedTest
  @ValueSource(longs = {20_000, 20_003})
  void batchesDoNotShowOverSeveralTiles(long seed) {
    Backend cuda = GpuBackend.get();
    PlanCase c = RandomCases.separable(seed);
    assertArrayEquals(
        Digests.run(cuda, c, Recording.STATISTICS, 1),
        Digests.run(cuda, c, Recording.STATISTICS, c.batch().count()),
        c.text());
  }
}
