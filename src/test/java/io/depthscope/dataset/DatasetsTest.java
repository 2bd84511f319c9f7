package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.dataset.Datasets.Options;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatasetsTest {
  @TempDir Path folder;

  private static byte[] cifarRecords(int count, int seed) {
    byte[] bytes = new byte[3073 * count];
    new Random(seed).nextBytes(bytes);
    for (int i = 0; i < count; i++) {
      bytes[i * 3073] = (byte) ((i + seed) % 10);
    }
    return bytes;
  }

  private static Dataset open(Object spec) throws IOException {
    return Datasets.open(spec.toString(), Options.defaults());
  }

  private static String failure(Object spec) {
    String message = assertThrows(IOException.class, () -> open(spec)).getMessage();
    assertTrue(message.startsWith(spec.toString()), message);
    return message;
  }

  @Test
  void synthetic() throws IOException {
    assertEquals("test:0", open("synthetic:12").name(0));
    assertEquals("train:11", open("synthetic:12:train").name(11));
    assertEquals("test:0", open("synthetic:12:test").name(0));
    Options seeded = new Options(Optional.empty(), false, 3, true, 0);
    assertNotEquals(
        open("synthetic:12").fingerprint(), Datasets.open("synthetic:12", seeded).fingerprint());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "synthetic",
        "synthetic:",
        "synthetic:0",
        "synthetic:-3",
        "synthetic:9999999999",
        "synthetic:5:valid"
      })
  void badSyntheticSpecs(String spec) {
    assertTrue(failure(spec).contains("expected synthetic:N"));
  }

  @Test
  void cifarFileAndFolders() throws IOException {
    byte[] test = cifarRecords(7, 1);
    Path file = TestImages.write(folder, "test_batch.bin", test);
    TestImages.write(folder, "data_batch_1.bin", cifarRecords(4, 2));
    TestImages.write(folder, "data_batch_3.bin", cifarRecords(5, 3));
    for (Object spec : new Object[] {file, folder}) {
      try (Dataset data = open(spec)) {
        assertInstanceOf(Cifar10Binary.class, data);
        assertEquals(7, data.size());
        assertEquals(10, data.classCount());
        assertEquals(5, data.label(4));
        assertEquals("test_batch.bin:4", data.name(4));
        byte[] rgb = data.read(4).rgb();
        for (int c = 0; c < 3; c++) {
          for (int i = 0; i < 1024; i++) {
            assertEquals(test[4 * 3073 + 1 + c * 1024 + i], rgb[3 * i + c]);
          }
        }
      }
    }
    try (Dataset data = open(folder + ":train")) {
      assertEquals(9, data.size());
      assertEquals(
          List.of("not there: data_batch_2.bin, data_batch_4.bin, data_batch_5.bin"),
          data.notices());
      assertEquals("data_batch_1.bin:3", data.name(3));
      assertEquals("data_batch_3.bin:0", data.name(4));
      assertEquals(3, data.label(4));
      String before = data.fingerprint();
      byte[] changed = cifarRecords(5, 3);
      changed[changed.length - 1] ^= 1;
      TestImages.write(folder, "data_batch_3.bin", changed);
      try (Dataset again = open(folder + ":train")) {
        assertNotEquals(before, again.fingerprint());
      }
    }
  }

  @Test
  void badCifarFiles() throws IOException {
    Path file = TestImages.write(folder, "x.bin", new byte[3072]);
    assertTrue(failure(file).contains("multiple of 3073"));
    Files.write(file, new byte[0]);
    failure(file);
    byte[] records = cifarRecords(3, 1);
    records[2 * 3073] = 10;
    Files.write(file, records);
    assertTrue(failure(file).contains("label 10 of image 2"));
    records[2 * 3073] = -1;
    Files.write(file, records);
    assertTrue(failure(file).contains("label 255"));
    assertTrue(failure(folder + ":train").contains("no folder of CIFAR-10"));
  }

  @Test
  void foldersAndPackedFiles() throws IOException {
    TestImages.write(folder, "images/a/x.png", TestImages.encode("png", 2, 2, 1));
    assertInstanceOf(ImageFolder.class, open(folder.resolve("images")));
    Path packed = folder.resolve("packed.bin"); // the content decides, not the name
    try (PackedWriter writer = new PackedWriter(packed, new Shape(1, 1, 3), 1, "d", "f", "g")) {
      writer.add("x", 0, new byte[3], 0);
      writer.finish();
    }
    try (Dataset data = open(packed)) {
      assertInstanceOf(PackedDataset.class, data);
    }
  }

  @Test
  void whatIsNotThereOrNotUnderstoodIsSaid() throws IOException {
    assertTrue(failure(folder.resolve("gone")).contains("no such file"));
    assertTrue(failure(folder.resolve("gone") + ":train").contains("no folder"));
    Path text = TestImages.write(folder, "notes.txt", new byte[10]);
    assertTrue(failure(text).contains("neither a packed"));
    Options synsets = new Options(Optional.of(text), false, 1, true, 0);
    IOException error =
        assertThrows(IOException.class, () -> Datasets.open("synthetic:3", synsets));
    assertTrue(error.getMessage().contains("synsets"), error.getMessage());
    failure("a\0b");
  }
}
