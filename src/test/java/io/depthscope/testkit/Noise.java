package io.depthscope.testkit;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** The numbers of tools/golden/noise.py, which makes the same in Python. */
public final class Noise {
  private int state;

  private Noise(int seed) {
    this.state = seed;
  }

  private int next() {
    state = 1664525 * state + 1013904223;
    return state;
  }

  /** {@code count} bytes 0..255. */
  public static byte[] pixels(int seed, int count) {
    Noise noise = new Noise(seed);
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (noise.next() >>> 24);
    }
    return bytes;
  }

  /** Values offset + scale * u, u in [-1, 1) by steps of 2^-15; the seed is the name's CRC-32. */
  public static float[] values(String name, int count, double offset, double scale) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    Noise noise = new Noise((int) crc.getValue());
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (offset + scale * ((noise.next() >>> 16) / 32768.0 - 1));
    }
    return values;
  }
}
