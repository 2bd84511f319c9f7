package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackedDatasetTest {
  private static final Shape SHAPE = new Shape(3, 5, 3);

  @TempDir Path folder;

  private static byte[] pixels(int count) {
    byte[] pixels = new byte[count * SHAPE.size()];
    new Random(count).nextBytes(pixels);
    return pixels;
  }

  private Path pack(int count) throws IOException {
    Path file = folder.resolve("data.packed");
    try (PackedWriter writer = new PackedWriter(file, SHAPE, 7, "some source", "abc", "none")) {
      byte[] pixels = pixels(count);
      for (int i = 0; i < count; i++) {
        writer.add("n/ü" + i, i % 7, pixels, i * SHAPE.size());
      }
      writer.finish();
    }
    return file;
  }

  private long filesInFolder() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 100, 1500})
  void givesBackWhatWasPacked(int count) throws IOException {
    Path file = pack(count);
    assertEquals(1, filesInFolder());
    assertTrue(PackedDataset.isPacked(file));
    byte[] pixels = pixels(count);
    try (PackedDataset data = new PackedDataset(file)) {
      assertEquals(count, data.size());
      assertEquals(7, data.classCount());
      assertEquals(SHAPE, data.shape());
      assertEquals("some source", data.sourceDescription());
      assertEquals("abc", data.sourceFingerprint());
      assertEquals("none", data.geometryText());
      data.verifyPixels();
      for (int i = 0; i < count; i++) {
        assertEquals("n/ü" + i, data.name(i));
        assertEquals(i % 7, data.label(i));
        assertArrayEquals(
            Arrays.copyOfRange(pixels, i * SHAPE.size(), (i + 1) * SHAPE.size()),
            data.read(i).rgb());
      }
    }
  }

  @Test
  void offsetsAreTheDocumentedOnes() throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(pack(9))).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(9, bytes.getInt(12));
    assertEquals(3, bytes.getInt(16));
    assertEquals(5, bytes.getInt(20));
    assertEquals(4096, bytes.getLong(32));
    byte[] first = new byte[SHAPE.size()];
    bytes.get(4096, first);
    assertArrayEquals(Arrays.copyOf(pixels(9), SHAPE.size()), first);
    int labels = (int) bytes.getLong(40);
    assertEquals(0, labels % 8);
    assertEquals(1, bytes.getInt(labels + 8 * 4), "label of image 8");
    assertEquals(labels + 36, bytes.getLong(48));
    assertEquals(bytes.capacity(), bytes.getLong(48) + bytes.getLong(56));
  }

  @Test
  void fingerprintFollowsThePixels() throws IOException {
    String before;
    try (PackedDataset data = new PackedDataset(pack(4))) {
      before = data.fingerprint();
    }
    Path other = folder.resolve("other");
    try (PackedWriter writer = new PackedWriter(other, SHAPE, 7, "some source", "abc", "none")) {
      byte[] pixels = pixels(4);
      pixels[pixels.length - 1] ^= 1;
      for (int i = 0; i < 4; i++) {
        writer.add("n/ü" + i, i % 7, pixels, i * SHAPE.size());
      }
      writer.finish();
    }
    try (PackedDataset data = new PackedDataset(other)) {
      assertFalse(before.equals(data.fingerprint()));
    }
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(pack(10));
    Path cut = folder.resolve("cut");
    for (int length : new int[] {0, 1, 8, 159, 4095, 4096, 4200, bytes.length - 1}) {
      Files.write(cut, Arrays.copyOf(bytes, length));
      IOException error = assertThrows(IOException.class, () -> new PackedDataset(cut));
      assertTrue(error.getMessage().startsWith(cut.toString()), error.getMessage());
    }
    Files.write(cut, Arrays.copyOf(bytes, bytes.length + 1));
    assertThrows(IOException.class, () -> new PackedDataset(cut), "longer by a byte");
  }

  @ParameterizedTest
  @CsvSource({
    "8, 2, version 2",
    "12, 0, image count 0",
    "12, -1, image count 4294967295",
    "12, 16777216, truncated",
    "16, 0, image shape 0x5x3",
    "20, 2147483647, image shape 3x2147483647x3",
    "24, 4, image shape 3x5x4",
    "28, 0, class count 0",
    "28, 2, damaged",
    "32, 0, pixels",
    "40, 7, labels",
    "48, -9, text",
    "56, 100000, text",
    "100, 5, damaged"
  })
  void hostileHeadersAreRefusedWithTheReason(int offset, int value, String reason)
      throws IOException {
    Path file = pack(10);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(offset, value);
    Files.write(file, bytes.array());
    IOException error = assertThrows(IOException.class, () -> new PackedDataset(file));
    assertTrue(error.getMessage().contains(reason), error.getMessage());
  }

  @Test
  void noMutationGoesUnnoticed() throws IOException {
    byte[] good = Files.readAllBytes(pack(10));
    int pixelsEnd = 4096 + 10 * SHAPE.size();
    Path file = folder.resolve("mutant");
    Random random = new Random(5);
    for (int round = 0; round < 600; round++) {
      int at = random.nextInt(160 + good.length - 4096);
      at = at < 160 ? at : at - 160 + 4096; // bytes between header and pixels mean nothing
      if (at >= pixelsEnd && at < (pixelsEnd + 7) / 8 * 8) {
        continue; // nor does the padding before the labels
      }
      byte[] bad = good.clone();
      bad[at] ^= (byte) (1 + random.nextInt(255));
      Files.write(file, bad);
      assertThrows(
          IOException.class,
          () -> {
            try (PackedDataset data = new PackedDataset(file)) {
              data.verifyPixels();
            }
          },
          "byte " + at + " of round " + round);
    }
  }

  @Test
  void anUnfinishedWriterLeavesNothingAndKeepsTheOldFile() throws IOException {
    Path file = pack(3);
    byte[] before = Files.readAllBytes(file);
    try (PackedWriter writer = new PackedWriter(file, SHAPE, 7, "d", "f", "g")) {
      writer.add("a", 0, pixels(1), 0);
    }
    assertEquals(1, filesInFolder());
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  @Test
  void anEmptyPackIsAnErrorAndLeavesNothing() throws IOException {
    try (PackedWriter writer = new PackedWriter(folder.resolve("x"), SHAPE, 7, "d", "f", "g")) {
      IOException error = assertThrows(IOException.class, writer::finish);
      assertTrue(error.getMessage().contains("no image"), error.getMessage());
      assertEquals(0, filesInFolder());
    }
  }

  @Test
  void badImagesAreRefused() throws IOException {
    try (PackedWriter writer = new PackedWriter(folder.resolve("x"), SHAPE, 7, "d", "f", "g")) {
      byte[] image = pixels(1);
      assertThrows(IllegalArgumentException.class, () -> writer.add("a", 7, image, 0));
      assertThrows(IllegalArgumentException.class, () -> writer.add("a", -1, image, 0));
      assertThrows(IllegalArgumentException.class, () -> writer.add("", 0, image, 0));
      assertThrows(IllegalArgumentException.class, () -> writer.add("a\0b", 0, image, 0));
      assertThrows(IndexOutOfBoundsException.class, () -> writer.add("a", 0, image, 1));
    }
    assertThrows(
        IOException.class, () -> new PackedWriter(folder.resolve("no/x"), SHAPE, 7, "d", "f", "g"));
    assertThrows(IOException.class, () -> new PackedWriter(folder, SHAPE, 7, "d", "f", "g"));
  }
}
