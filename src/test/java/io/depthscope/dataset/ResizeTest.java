package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.file.Sha256;
import io.depthscope.testkit.Noise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Resizing gives PIL's bytes; tools/golden/resize.py made the file. */
class ResizeTest {
  private static final Path FILE = Path.of("test-data/frameworks/resize.txt");

  static Stream<String> lines() throws IOException {
    return Files.readAllLines(FILE).stream();
  }

  private static RgbImage image(int width, int height, boolean hard) {
    byte[] rgb = Noise.pixels(1, 3 * width * height);
    for (int i = 0; hard && i < rgb.length; i++) {
      rgb[i] = (byte) ((rgb[i] & 0x80) == 0 ? 0 : 255);
    }
    return new RgbImage(width, height, rgb);
  }

  private static byte[] whole(Interpolation filter, RgbImage image, int width, int height) {
    return AntialiasedResize.resize(filter, image, width, height, 0, 0, width, height).rgb();
  }

  @ParameterizedTest
  @MethodSource("lines")
  void equalsPil(String line) {
    List<String> f = List.of(line.split(" "));
    int[] n = f.subList(1, 5).stream().mapToInt(Integer::parseInt).toArray();
    RgbImage image = image(n[0], n[1], f.get(0).equals("hard"));
    for (Interpolation filter : Interpolation.values()) {
      byte[] resized = whole(filter, image, n[2], n[3]);
      String sha256 = Sha256.of(resized);
      assertEquals(f.get(5 + filter.ordinal()), sha256, filter.word());
    }
  }

  @Test
  void theFileHasEnlargedAndReducedImages() throws IOException {
    assertTrue(lines().count() >= 40);
    assertEquals(lines().count(), lines().distinct().count());
  }

  /** A crop computes no other values than the whole. */
  @ParameterizedTest
  @EnumSource(Interpolation.class)
  void aCropIsAPartOfTheWhole(Interpolation filter) {
    RgbImage image = image(37, 23, true);
    int[][] sizes = {{20, 50}, {37, 12}, {60, 23}, {11, 9}};
    for (int[] size : sizes) {
      byte[] all = whole(filter, image, size[0], size[1]);
      byte[] crop = AntialiasedResize.resize(filter, image, size[0], size[1], 3, 2, 7, 6).rgb();
      byte[] expected = new byte[crop.length];
      for (int y = 0; y < 6; y++) {
        System.arraycopy(all, ((2 + y) * size[0] + 3) * 3, expected, y * 21, 21);
      }
      assertArrayEquals(expected, crop, size[0] + "x" + size[1]);
    }
  }
}
