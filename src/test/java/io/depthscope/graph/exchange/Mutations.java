package io.depthscope.graph.exchange;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** Random damage to a safetensors file, most of it in the header. */
final class Mutations {
  private static final byte[] TELLING =
      "0123456789-{}[]\",:.eE\\ \u0000".getBytes(java.nio.charset.StandardCharsets.UTF_8);

  private Mutations() {}

  static byte[] mutate(byte[] good, Random random) {
    int headerEnd =
        8 + Math.toIntExact(ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong());
    byte[] bytes = good.clone();
    int changes = 1 + random.nextInt(3);
    for (int c = 0; c < changes; c++) {
      int at = random.nextInt(random.nextInt(8) == 0 ? bytes.length : headerEnd);
      if (at >= bytes.length) {
        continue;
      }
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        case 2, 3 -> bytes[at] = TELLING[random.nextInt(TELLING.length)];
        case 4 -> bytes = splice(bytes, at, random, headerEnd);
        default -> {
          if (random.nextInt(4) == 0) {
            bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
          } else {
            bytes[at] = (byte) ('0' + random.nextInt(10));
          }
        }
      }
      if (bytes.length < 8) {
        break;
      }
    }
    return bytes;
  }

  /** Moves a piece of the header elsewhere within it, so that tokens repeat and go missing. */
  private static byte[] splice(byte[] bytes, int at, Random random, int headerEnd) {
    int end = Math.min(headerEnd, bytes.length);
    if (end < 16) {
      return bytes;
    }
    byte[] result = bytes.clone();
    int from = 8 + random.nextInt(end - 8);
    int to = Math.min(Math.max(8, at), end - 1);
    int length = Math.min(1 + random.nextInt(60), end - Math.max(from, to));
    System.arraycopy(bytes, from, result, to, Math.max(0, length));
    return result;
  }
}
