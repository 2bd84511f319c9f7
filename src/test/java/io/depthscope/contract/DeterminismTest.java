package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.Recording;
import io.depthscope.testkit.Digests;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same bytes for any number of threads, any batch size, and across a checkpoint. */
class DeterminismTest {
  private static final int IMAGES = 45;

  static Stream<Backend> backends() {
    return Stream.of(
        new ReferenceBackend(), new CpuBackend(1), new CpuBackend(2), new CpuBackend(3));
  }

  /** A random network on more images than the largest batch. */
  static PlanCase manyImages(long seed) {
    PlanCase c = RandomCases.network(seed);
    byte[] pixels = new byte[IMAGES * c.graph().inputShape().size()];
    new Random(seed).nextBytes(pixels);
    int[] indices = new int[IMAGES];
    Arrays.setAll(indices, i -> 3 * i);
    return new PlanCase(
        c.text(),
        c.network(),
        c.inputTable(),
        c.scheme(),
        c.calibration(),
        c.params(),
        c.feed(),
        new InputBatch(IMAGES, indices, pixels, null));
  }

  @ParameterizedTest
  @ValueSource(longs = {20_001, 20_002, 20_003, 20_004})
  void threadsAndBatchesDoNotShow(long seed) {
    PlanCase c = manyImages(seed);
    for (Recording recording :
        List.of(Recording.CALIBRATION, Recording.STATISTICS, Recording.ERROR_TERMS)) {
      byte[] expected = Digests.run(new CpuBackend(1), c, recording, 1);
      for (int threads = 1; threads <= 3; threads++) {
        for (int batch : new int[] {1, 7, 32}) {
          assertArrayEquals(
              expected,
              Digests.run(new CpuBackend(threads), c, recording, batch),
              threads + " threads, batch " + batch + ", " + recording + ", " + c.text());
        }
      }
    }
    assertArrayEquals(
        Digests.run(new ReferenceBackend(), c, Recording.STATISTICS, 1),
        Digests.run(new ReferenceBackend(), c, Recording.STATISTICS, 7),
        c.text());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void checkpointDoesNotShow(Backend backend) throws IOException {
    for (long seed = 20_010; seed < 20_014; seed++) {
      PlanCase c = manyImages(seed);
      byte[] whole = Digests.run(backend, c, Recording.ERROR_TERMS, 7);
      assertArrayEquals(
          whole, Digests.interrupted(backend, c, Recording.ERROR_TERMS, 7, 20), c.text());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void otherImagesDoShow(Backend backend) {
    PlanCase c = manyImages(20_001);
    byte[] whole = Digests.run(backend, c, Recording.STATISTICS, 7);
    byte[] pixels = c.batch().pixels().clone();
    pixels[pixels.length / 2] ^= 64;
    PlanCase other =
        new PlanCase(
            c.text(),
            c.network(),
            c.inputTable(),
            c.scheme(),
            c.calibration(),
            c.params(),
            c.feed(),
            new InputBatch(IMAGES, c.batch().indices(), pixels, null));
    assertFalse(Arrays.equals(whole, Digests.run(backend, other, Recording.STATISTICS, 7)));
  }
}
