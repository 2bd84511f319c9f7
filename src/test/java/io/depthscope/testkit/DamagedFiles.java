package io.depthscope.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Files of a format, damaged at random: each is understood or refused in one line, at no great
 * cost.
 */
public final class DamagedFiles {
  private static final int MUTATIONS = 20_000;

  /** How many; CONTRIBUTING.md says how to try more, and others. */
  private static final int COUNT = Integer.getInteger("depthscope.test.mutations", MUTATIONS);

  private static final long FIRST_SEED = Long.getLong("depthscope.test.firstSeed", 0);

  /** A long run goes on after a failure, to find several at once. */
  private static final int MOST_FAILURES = 20;

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
    int count = (int) (COUNT * share);
    Tally tally = new Tally();
    for (long seed = FIRST_SEED; seed < FIRST_SEED + count; seed++) {
      Random random = new Random(seed);
      tally.add(seed, mutated(good.get(random.nextInt(good.size())), random), reader);
    }
    System.out.println(count + " damaged " + ending + " files: " + tally.text());
    assertEquals(List.of(), tally.failures);
    // Most flips of a bit of a weight change nothing that can be told; both must come up often.
    assertTrue(tally.understood > count / 20 && tally.refused > count / 20, tally.text());
  }

  /** What came of the files so far. */
  private static final class Tally {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final List<String> failures = new ArrayList<>();
    private int understood;
    private int refused;
    private long mostBytes;
    private long mostNanos;
    private long greediest;
    private long slowest;

    void add(long seed, byte[] bytes, Reader reader) {
      long before = threads.getCurrentThreadAllocatedBytes();
      long start = System.nanoTime();
      try {
        reader.load("mutated", bytes, LoadOptions.NONE);
        understood++;
      } catch (ModelFormatException e) {
        refused++;
        String message = e.getMessage();
        if (!message.startsWith("mutated: ") || message.contains("\n")) {
          fail(seed, "is refused with " + message);
        }
      } catch (RuntimeException | Error e) {
        fail(seed, "ends with " + e + " at " + places(e));
      }
      long nanos = System.nanoTime() - start;
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      if (allocated > MOST_BYTES) {
        fail(seed, "allocates " + allocated);
      }
      slowest = nanos > mostNanos ? seed : slowest;
      mostNanos = Math.max(mostNanos, nanos);
      greediest = allocated > mostBytes ? seed : greediest;
      mostBytes = Math.max(mostBytes, allocated);
    }

    /** The first places of a stack trace; the rest is the test's own. */
    private static List<StackTraceElement> places(Throwable e) {
      return Arrays.stream(e.getStackTrace()).limit(8).toList();
    }

    private void fail(long seed, String what) {
      failures.add("seed " + seed + " " + what);
      if (failures.size() == MOST_FAILURES) {
        throw new AssertionError(String.join("\n", failures));
      }
    }

    String text() {
      return String.format(
          Locale.ROOT,
          "%d understood, %d refused; the slowest took %.2f s (seed %d), the largest %d MB (%d)",
          understood,
          refused,
          1e-9 * mostNanos,
          slowest,
          mostBytes / 1_000_000,
          greediest);
    }
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
