package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.dataset.Datasets.Options;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFolderTest {
  @TempDir Path root;

  private ImageFolder open() throws IOException {
    return new ImageFolder(root, Options.defaults());
  }

  private static List<String> names(Dataset data) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < data.size(); i++) {
      names.add(data.name(i) + "=" + data.label(i));
    }
    return names;
  }

  private IOException readingFails(byte[] file) throws IOException {
    TestImages.write(root, "a/bad.jpg", file);
    ImageFolder folder = open();
    IOException error = assertThrows(IOException.class, () -> folder.read(0));
    assertTrue(error.getMessage().startsWith("a/bad.jpg: "), error.getMessage());
    return error;
  }

  @Test
  void sortsByThePathsBytesAndRanksTheFolders() throws IOException {
    byte[] image = TestImages.encode("png", 2, 2, 1);
    for (String name :
        List.of(
            "b/é.png", "b/z.JPEG", "b/Z.jpg", "a/x.png", "a-b/x.png", "é/1.png", "a/sub/w.png")) {
      TestImages.write(root, name, image);
    }
    TestImages.write(root, "a/.hidden.png", image);
    TestImages.write(root, ".hidden/x.png", image);
    TestImages.write(root, "a/.sub/x.png", image);
    TestImages.write(root, "a/readme.txt", image);
    TestImages.write(root, "stray.png", image);
    Files.createDirectories(root.resolve("az"));
    try (ImageFolder folder = open()) {
      // '-' sorts before '/'; az is an empty class; accents sort after ASCII.
      assertEquals(
          List.of(
              "a-b/x.png=1",
              "a/sub/w.png=0",
              "a/x.png=0",
              "b/Z.jpg=3",
              "b/z.JPEG=3",
              "b/é.png=3",
              "é/1.png=4"),
          names(folder));
      assertEquals(5, folder.classCount());
    }
  }

  @Test
  void synsetsGiveTheLabels() throws IOException {
    byte[] image = TestImages.encode("png", 2, 2, 1);
    TestImages.write(root, "data/n3/x.png", image);
    TestImages.write(root, "data/n1/x.png", image);
    Path synsets = root.resolve("synsets.txt");
    Files.writeString(synsets, "n0\nn1 tench, fish\nn2\nn3\n\n");
    try (ImageFolder folder =
        new ImageFolder(root.resolve("data"), Options.defaults().withSynsets(synsets))) {
      assertEquals(List.of("n1/x.png=1", "n3/x.png=3"), names(folder));
      assertEquals(4, folder.classCount());
    }
    synsetsFail(synsets, "n0\nn1\n", "n3 is not in");
    synsetsFail(synsets, "n0\nn1\nn1\n", "n1 stands in it twice, in lines 2 and 3");
    synsetsFail(synsets, "n0\n\nn1\nn3\n", "line 2 is empty");
    synsetsFail(synsets, "\n", "no synsets");
    Files.write(synsets, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertThrows(
        IOException.class,
        () -> new ImageFolder(root.resolve("data"), Options.defaults().withSynsets(synsets)));
  }

  private void synsetsFail(Path synsets, String text, String reason) throws IOException {
    Files.writeString(synsets, text);
    IOException error =
        assertThrows(
            IOException.class,
            () -> new ImageFolder(root.resolve("data"), Options.defaults().withSynsets(synsets)));
    assertTrue(error.getMessage().contains(reason), error.getMessage());
  }

  @Test
  void noImagesAndNoFolderAreErrors() throws IOException {
    assertTrue(assertThrows(IOException.class, this::open).getMessage().contains("no images"));
    TestImages.write(root, "a/note.txt", new byte[1]);
    assertThrows(IOException.class, this::open);
    IOException error =
        assertThrows(
            IOException.class, () -> new ImageFolder(root.resolve("gone"), Options.defaults()));
    assertTrue(error.getMessage().contains("no such file or directory"), error.getMessage());
  }

  @Test
  void aLinkBackUpIsAnErrorNotAnEndlessWalk() throws IOException {
    TestImages.write(root, "a/x.png", TestImages.encode("png", 2, 2, 1));
    Files.createSymbolicLink(root.resolve("a/loop"), root.resolve("a"));
    assertTrue(assertThrows(IOException.class, this::open).getMessage().contains("link"));
  }

  @Test
  void fingerprintFollowsNamesLabelsAndSizes() throws IOException {
    byte[] image = TestImages.encode("png", 2, 2, 1);
    TestImages.write(root, "b/x.png", image);
    String first = open().fingerprint();
    assertEquals(first, open().fingerprint());
    Files.createDirectories(root.resolve("a")); // b becomes class 1
    String relabelled = open().fingerprint();
    assertNotEquals(first, relabelled);
    TestImages.write(root, "b/x.png", Arrays.copyOf(image, image.length + 1));
    String longer = open().fingerprint();
    assertNotEquals(relabelled, longer);
    Files.move(root.resolve("b/x.png"), root.resolve("b/y.png"));
    assertNotEquals(longer, open().fingerprint());
  }

  @Test
  void orientationIsAppliedOnlyWhenAsked() throws IOException {
    byte[] sideways = Files.readAllBytes(TestImages.GOLDEN.resolve("orientation-6.jpg"));
    TestImages.write(root, "a/x.jpg", sideways);
    assertEquals(21, open().read(0).width());
    ImageFolder upright = new ImageFolder(root, new Options(Optional.empty(), true, 1, true, 0));
    assertEquals(34, upright.read(0).width());
    assertNotEquals(open().fingerprint(), upright.fingerprint());
  }

  @Test
  void whatIsNoImageIsNamed() throws IOException {
    byte[] text = "this is no picture".getBytes(StandardCharsets.UTF_8);
    assertTrue(readingFails(text).getMessage().contains("not an image of a known format"));
    assertTrue(readingFails(new byte[0]).getMessage().contains("empty"));
    readingFails(new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff});
    readingFails(new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xe0});
  }

  @ParameterizedTest
  @ValueSource(strings = {"jpg", "png"})
  void truncatedFilesAreRefused(String format) throws IOException {
    byte[] whole = TestImages.encode(format, 40, 30, 3);
    for (int tenth = 0; tenth < 10; tenth++) {
      readingFails(Arrays.copyOf(whole, whole.length * tenth / 10));
    }
    String reason = readingFails(Arrays.copyOf(whole, whole.length * 6 / 10)).getMessage();
    assertTrue(reason.contains("truncated") || reason.contains("too early"), reason);
  }

  @Test
  void contentCountsNotTheExtension() throws IOException {
    TestImages.write(root, "a/x.jpg", TestImages.encode("png", 5, 4, 9));
    assertEquals(5, open().read(0).width());
  }

  @ParameterizedTest
  @ValueSource(strings = {"jpg", "png"})
  void verySmallAndVeryWideImagesWork(String format) throws IOException {
    TestImages.write(root, "a/1." + format, TestImages.encode(format, 1, 1, 1));
    TestImages.write(root, "a/2." + format, TestImages.encode(format, 20_000, 2, 2));
    ImageFolder folder = open();
    assertEquals(3, folder.read(0).rgb().length);
    RgbImage wide = folder.read(1);
    assertEquals(20_000, wide.width());
    Preprocessing preprocessing = Preprocessing.imageNet(224);
    assertEquals(224 * 224 * 3, preprocessing.toInput(wide).length);
    byte[] single = preprocessing.toInput(folder.read(0));
    for (int i = 3; i < single.length; i++) {
      assertEquals(single[i % 3], single[i], "one pixel enlarged is one colour");
    }
  }

  @Test
  void claimsOfHugeSizesAreRefusedBeforeDecoding() throws IOException {
    byte[] jpeg = TestImages.encode("jpg", 8, 8, 1);
    int frame = 0;
    while (jpeg[frame] != (byte) 0xff || jpeg[frame + 1] != (byte) 0xc0) {
      frame++;
    }
    Arrays.fill(jpeg, frame + 5, frame + 9, (byte) 0xff);
    assertTrue(readingFails(jpeg).getMessage().contains("65535x65535"));
    Arrays.fill(jpeg, frame + 5, frame + 9, (byte) 0);
    assertTrue(readingFails(jpeg).getMessage().contains("no pixels"));
    byte[] png = TestImages.encode("png", 8, 8, 1);
    Arrays.fill(png, 16, 24, (byte) 0x7f);
    TestImages.mendHeaderChecksum(png);
    assertTrue(readingFails(png).getMessage().contains("limit"));
    Arrays.fill(png, 16, 24, (byte) 0xff);
    TestImages.mendHeaderChecksum(png);
    assertTrue(readingFails(png).getMessage().contains("no pixels"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"420.jpg", "progressive.jpg", "cmyk.jpg", "mode-P.png", "mode-RGBA.png"})
  void damagedFilesGiveAnImageOrAnIoExceptionOnly(String name) throws IOException {
    byte[] good = Files.readAllBytes(TestImages.GOLDEN.resolve(name));
    Random random = new Random(17);
    Path file = TestImages.write(root, "a/x.jpg", good);
    int read = 0;
    for (int round = 0; round < 200; round++) {
      byte[] bad = good.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      Files.write(file, bad);
      try (ImageFolder folder = open()) {
        RgbImage image = folder.read(0);
        assertEquals(3 * image.width() * image.height(), image.rgb().length);
        read++;
      } catch (IOException e) {
        assertTrue(e.getMessage().startsWith("a/x.jpg: "), "round " + round + ": " + e);
      }
    }
    boolean checksums = name.endsWith(".png"); // they stop nearly everything
    assertTrue(read > 0 || checksums, "some damage does not stop a decoder");
    Files.write(file, good);
    open().read(0);
  }

  @Test
  void aFileThatVanishedIsNamed() throws IOException {
    Path file = TestImages.write(root, "a/x.png", TestImages.encode("png", 2, 2, 1));
    ImageFolder folder = open();
    Files.delete(file);
    IOException error = assertThrows(IOException.class, () -> folder.read(0));
    assertEquals("a/x.png: no such file or directory", error.getMessage());
    Files.createDirectories(file);
    error = assertThrows(IOException.class, () -> folder.read(0));
    assertEquals("a/x.png: a folder, not a file", error.getMessage());
  }

  @Test
  void readsAllPhotographs() throws IOException {
    Path photographs = Path.of("../shared/data/imagenet-dev");
    Path synsets = Path.of("../shared/data/imagenet_synsets.txt");
    Assumptions.assumeTrue(Files.isDirectory(photographs), "no photographs at " + photographs);
    try (ImageFolder folder =
            new ImageFolder(photographs, Options.defaults().withSynsets(synsets));
        BatchLoader loader =
            new BatchLoader(
                folder, Preprocessing.imageNet(224), 0, folder.size(), 64, 2, true, image -> {})) {
      assertEquals(500, folder.size());
      assertEquals(1000, folder.classCount());
      int count = 0;
      for (ImageBatch batch = loader.next(); batch != null; batch = loader.next()) {
        for (int label : batch.labels()) {
          assertEquals(2 * count, label, "every second class has one photograph");
          count++;
        }
      }
      assertEquals(500, count);
    }
  }
}
