package io.depthscope.testkit;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Files of a format, damaged at random: each is understood or refused in one line, at no great
 * cost.
 */
public final class DamagedFiles {
  private static final int MUTATIONS = 20_000;

  /** Depthscope's own run takes more of them in: -Ddepthscope.test.mutations=N. */
  private static final int COUNT = Integer.getInteger("depthscope.test.mutations", MUTATIONS);

  /** A file may say that values are made of nothing; so many bytes are they at most. */
  private static final long MOST_BYTES = 10L * NdArray.MOST_MADE;

  private DamagedFiles() {}

  /** What reads a file in memory. */
  public interface Reader {
    LoadedModel load(String name, byte[] bytes, LoadOptions options) throws ModelFormatException;
  }

  /**
   * Damages the files of a folder.
   *
   * @param share of all mutations that is tried
   */
  public static void check(String folder, String ending, double share, Reader reader)
      throws IOException {
    List<byte[]> good;
    try (Stream<Path> files = Files.list(Path.of(folder))) {
      good =
          files
              .filter(f -> f.toString().endsWith(ending))
              .sorted()
              .map(DamagedFiles::bytes)
              .toList();
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int count = (int) (COUNT * share);
    int understood = 0;
    int refused = 0;
    for (int seed = 0; seed < count; seed++) {
      Random random = new Random(seed);
      byte[] bytes = mutated(good.get(random.nextInt(good.size())), random);
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        reader.load("mutated", bytes, LoadOptions.NONE);
        understood++;
      } catch (ModelFormatException e) {
        refused++;
        assertTrue(e.getMessage().startsWith("mutated: "), "seed " + seed + ": " + e.getMessage());
        assertFalse(e.getMessage().contains("\n"), "seed " + seed);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed, e);
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < MOST_BYTES, "seed " + seed + " allocates " + allocated);
    }
    // Most flips of a bit of a weight change nothing that can be told; both must come up often.
    assertTrue(understood > count / 20 && refused > count / 20, understood + " and " + refused);
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] mutated(byte[] good, Random random) {
    byte[] bytes = good.clone();
    int changes = 1 + random.nextInt(4);
    for (int c = 0; c < changes && bytes.length > 4; c++) {
      // Names, attributes and extents stand in front of and behind the weights.
      int at =
          switch (random.nextInt(3)) {
            case 0 -> random.nextInt(Math.min(bytes.length, 400));
            case 1 -> bytes.length - 1 - random.nextInt(Math.min(bytes.length, 200));
            default -> random.nextInt(bytes.length);
          };
      switch (random.nextInt(7)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        case 2 -> bytes[at] = (byte) 0xff;
        case 3 -> bytes[at] = 0;
        case 4 -> bytes[at]++;
        case 5 -> {
          int length = Math.min(1 + random.nextInt(40), bytes.length - at);
          int from = random.nextInt(bytes.length - length + 1);
          System.arraycopy(bytes, from, bytes, at, length);
        }
        default ->
            bytes =
                random.nextInt(6) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
      }
    }
    return bytes;
  }
}
