package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.dataset.SyntheticShapes.Split;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchLoaderTest {
  private static final Preprocessing TINY = Preprocessing.exact(new Shape(2, 3, 3));

  /** Images of one colour, their index; some cannot be read. */
  private record Numbered(int size, IntPredicate broken, AtomicInteger reads) implements Dataset {
    @Override
    public String description() {
      return "numbered";
    }

    @Override
    public String fingerprint() {
      return "";
    }

    @Override
    public int classCount() {
      return size;
    }

    @Override
    public int label(int index) {
      return size - 1 - index;
    }

    @Override
    public String name(int index) {
      return "image " + index;
    }

    @Override
    public RgbImage read(int index) throws IOException {
      reads.incrementAndGet();
      if (index % 5 == 3) {
        LockSupport.parkNanos(100_000); // so that threads overtake each other
      }
      if (broken.test(index)) {
        throw new IOException(name(index) + ": is broken");
      }
      byte[] rgb = new byte[3];
      Arrays.fill(rgb, (byte) index);
      return new RgbImage(1, 1, rgb);
    }

    @Override
    public void close() {}
  }

  private static Numbered numbered(int size, IntPredicate broken) {
    return new Numbered(size, broken, new AtomicInteger());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 4, 1",
    "0, 1, 4, 1",
    "0, 100, 1, 1",
    "0, 100, 7, 1",
    "0, 100, 7, 2",
    "13, 90, 7, 3",
    "5, 9, 32, 2",
    "0, 100, 100, 5",
    "64, 72, 8, 2"
  })
  void deliversEveryReadableImageInOrder(int from, int to, int batchSize, int threads)
      throws IOException {
    IntPredicate broken = i -> i % 7 == 2 || (i >= 40 && i < 60);
    List<UnreadableImage> skipped = new ArrayList<>();
    List<UnreadableImage> expectedSkips = new ArrayList<>();
    List<Integer> expected = new ArrayList<>();
    for (int i = from; i < to; i++) {
      if (broken.test(i)) {
        expectedSkips.add(new UnreadableImage(i, "image " + i, "is broken"));
      } else {
        expected.add(i);
      }
    }
    List<Integer> seen = new ArrayList<>();
    Numbered data = numbered(100, broken);
    try (BatchLoader loader =
        new BatchLoader(data, TINY, from, to, batchSize, threads, false, skipped::add)) {
      for (ImageBatch batch = loader.next(); batch != null; batch = loader.next()) {
        int left = expected.size() - seen.size();
        assertEquals(Math.min(batchSize, left), batch.count(), "only the last batch is short");
        for (int k = 0; k < batch.count(); k++) {
          int index = batch.datasetIndices()[k];
          seen.add(index);
          assertEquals(99 - index, batch.labels()[k]);
          for (int p = 0; p < 18; p++) {
            assertEquals((byte) index, batch.pixels()[k * 18 + p]);
          }
        }
      }
      assertNull(loader.next());
    }
    assertEquals(expected, seen);
    assertEquals(expectedSkips, skipped);
    assertEquals(to - from, data.reads().get());
  }

  @Test
  void strictMeansAnErrorThatNamesTheImage() throws IOException {
    try (BatchLoader loader =
        new BatchLoader(numbered(30, i -> i == 17), TINY, 0, 30, 4, 2, true, image -> {})) {
      IOException error =
          assertThrows(
              IOException.class,
              () -> {
                while (loader.next() != null) {}
              });
      assertEquals("image 17: is broken", error.getMessage());
      assertThrows(IllegalStateException.class, loader::next);
    }
  }

  @Test
  void anImageSmallerThanTheCropIsUnreadable() throws IOException {
    Preprocessing crop =
        new Preprocessing(
            Preprocessing.Mode.NONE,
            0,
            0,
            2,
            2,
            Preprocessing.ChannelOrder.RGB,
            List.of(0.0, 0.0, 0.0),
            List.of(1.0, 1.0, 1.0));
    List<UnreadableImage> skipped = new ArrayList<>();
    try (BatchLoader loader =
        new BatchLoader(numbered(3, i -> false), crop, 0, 3, 4, 2, false, skipped::add)) {
      assertNull(loader.next());
    }
    assertEquals(3, skipped.size());
    assertTrue(skipped.get(0).reason().contains("smaller than the crop"));
  }

  @Test
  void readsAheadOnlySoFar() throws IOException {
    Numbered data = numbered(10_000, i -> false);
    try (BatchLoader loader = new BatchLoader(data, TINY, 0, 10_000, 8, 2, false, image -> {})) {
      loader.next();
    }
    // Six pieces of eight wait at most, and one was taken.
    assertTrue(data.reads().get() <= 7 * 8, data.reads() + " images were read");
  }

  @Test
  void closingStopsTheThreads() throws IOException, InterruptedException {
    BatchLoader loader =
        new BatchLoader(numbered(10_000, i -> false), TINY, 0, 10_000, 8, 3, false, image -> {});
    loader.next();
    loader.close();
    loader.close();
    // A pool counts as terminated a moment before its last thread has ended.
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("image-loader-")) {
        assertTrue(thread.join(Duration.ofMinutes(1)), thread + " is alive");
      }
    }
    assertThrows(IllegalStateException.class, loader::next);
  }

  @Test
  void uncheckedFailuresReachTheCaller() throws IOException {
    IntPredicate bug =
        i -> {
          throw new IllegalStateException("bug");
        };
    try (BatchLoader loader = new BatchLoader(numbered(9, bug), TINY, 0, 9, 2, 2, false, u -> {})) {
      assertEquals("bug", assertThrows(IllegalStateException.class, loader::next).getMessage());
    }
  }

  @Test
  void nonsenseIsRefused() {
    Numbered data = numbered(5, i -> false);
    int[][] bad = {{-1, 5, 1, 1}, {3, 2, 1, 1}, {0, 6, 1, 1}, {0, 5, 0, 1}, {0, 5, 1, 0}};
    for (int[] b : bad) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new BatchLoader(data, TINY, b[0], b[1], b[2], b[3], false, image -> {}));
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new BatchLoader(data, Preprocessing.imageNet(10_000), 0, 5, 8, 1, false, image -> {}));
  }

  @Test
  void packingGivesTheSameBatchesAndChecksTheGeometry(@TempDir Path folder) throws IOException {
    SyntheticShapes source = new SyntheticShapes(Split.TEST, 37, 4);
    Preprocessing preprocessing = Preprocessing.imageNet(21);
    Path file = folder.resolve("packed");
    List<byte[]> batches = new ArrayList<>();
    try (PackedWriter writer =
            new PackedWriter(
                file,
                preprocessing.inputShape(),
                source.classCount(),
                source.description(),
                source.fingerprint(),
                preprocessing.geometryText());
        BatchLoader loader =
            new BatchLoader(source, preprocessing, 0, 37, 10, 2, true, image -> {})) {
      for (ImageBatch batch = loader.next(); batch != null; batch = loader.next()) {
        batches.add(batch.pixels());
        for (int k = 0; k < batch.count(); k++) {
          int index = batch.datasetIndices()[k];
          writer.add(
              source.name(index), batch.labels()[k], batch.pixels(), k * batch.shape().size());
        }
      }
      writer.finish();
    }
    try (PackedDataset packed = new PackedDataset(file);
        BatchLoader loader =
            new BatchLoader(packed, preprocessing, 0, 37, 10, 2, true, image -> {})) {
      for (byte[] expected : batches) {
        assertArrayEquals(expected, loader.next().pixels());
      }
      assertNull(loader.next());
      IOException error =
          assertThrows(
              IOException.class,
              () ->
                  new BatchLoader(
                      packed, Preprocessing.imageNet(20), 0, 37, 10, 2, true, image -> {}));
      assertTrue(error.getMessage().contains("was packed with"), error.getMessage());
      // Some of them were prepared before as well, and are not to be once more.
      SelectedImages some = SelectedImages.without(SelectedImages.from(packed, 10), new int[0]);
      try (BatchLoader later =
          new BatchLoader(some, preprocessing, 0, 10, 10, 2, true, image -> {})) {
        assertArrayEquals(batches.get(1), later.next().pixels());
      }
      assertThrows(
          IOException.class,
          () -> new BatchLoader(some, Preprocessing.imageNet(20), 0, 10, 10, 2, true, image -> {}));
    }
  }
}
