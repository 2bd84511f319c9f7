package io.depthscope.graph.exchange.onnx;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.ModelFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A damaged file is either understood or refused in one line; nothing else comes of it. */
class MutatedOnnxTest {
  private static final int MUTATIONS = 20_000;

  /** Depthscope's own run takes more of them in: -Ddepthscope.test.mutations=N. */
  private static final int COUNT = Integer.getInteger("depthscope.test.mutations", MUTATIONS);

  @Test
  void damagedFilesAreRefusedInOneLine() throws IOException {
    List<byte[]> good;
    try (Stream<Path> files = Files.list(Path.of("test-data/onnx"))) {
      good =
          files
              .filter(f -> f.toString().endsWith(".onnx"))
              .sorted()
              .map(MutatedOnnxTest::bytes)
              .toList();
    }
    int understood = 0;
    int refused = 0;
    for (int seed = 0; seed < COUNT; seed++) {
      Random random = new Random(seed);
      byte[] bytes = mutated(good.get(random.nextInt(good.size())), random);
      try {
        OnnxModel.load("mutated", bytes, LoadOptions.NONE);
        understood++;
      } catch (ModelFormatException e) {
        refused++;
        assertTrue(e.getMessage().startsWith("mutated: "), "seed " + seed + ": " + e.getMessage());
        assertFalse(e.getMessage().contains("\n"), "seed " + seed);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
    // Most flips of a bit of a weight change nothing that can be told; both must come up often.
    assertTrue(understood > COUNT / 20 && refused > COUNT / 20, understood + " and " + refused);
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
