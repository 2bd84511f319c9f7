package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.dataset.Datasets.Options;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a folder holds beside images, which folder has which class, and flat folders. */
class FolderContentsTest {
  private static final Options UNLABELLED = new Options(Optional.empty(), false, 1, false, 0);

  @TempDir Path root;
  private final byte[] image = TestImages.encode("png", 2, 2, 1);

  private void put(String... names) throws IOException {
    for (String name : names) {
      TestImages.write(root, name, image);
    }
  }

  private Path synsets(String text) throws IOException {
    Path file = root.resolve("synsets.txt");
    return Files.writeString(file, text);
  }

  private List<Integer> labels(String text, int linesWithBackground) throws IOException {
    Options options = new Options(Optional.of(synsets(text)), false, 1, true, linesWithBackground);
    try (ImageFolder folder = new ImageFolder(root, options)) {
      return IntStream.range(0, folder.size()).mapToObj(folder::label).toList();
    }
  }

  private void labelsFail(String text, int linesWithBackground, String reason) {
    String message =
        assertThrows(IOException.class, () -> labels(text, linesWithBackground)).getMessage();
    assertTrue(message.contains(reason), message);
  }

  @Test
  void everyEndingOfADecodedFormatIsTaken() throws IOException {
    put("a/1.JFIF", "a/2.jpe", "a/3.bmp", "a/4.dib", "a/5.gif", "a/6.ppm", "a/7.pgm", "a/8.pbm");
    put("a/9.pnm", "b/1.tif", "b/2.TIFF", "b/3.jpg", "b/4.jpeg", "b/5.png");
    try (ImageFolder folder = new ImageFolder(root, Options.defaults())) {
      assertEquals(14, folder.size());
      assertEquals(List.of(), folder.notices());
      for (int i = 0; i < folder.size(); i++) {
        assertEquals(2, folder.read(i).width()); // a PNG each, whatever its name
      }
    }
  }

  @Test
  void whatIsLeftOutIsCountedAndNamed() throws IOException {
    put("a/x.png", "a/1.webp", "a/deep/2.webp", "b/3.WEBP", "b/4.avif", "b/README");
    put("stray.png", "a/.DS_Store", "a/._x.png", "b/Thumbs.db", "a/.cache/z.png", "notes.txt");
    try (ImageFolder folder = new ImageFolder(root, Options.defaults())) {
      assertEquals(1, folder.size());
      assertEquals(
          List.of(
              "5 files are no images this program reads: 3 .webp, 1 .avif, 1 without an ending",
              "1 image lies in no class folder",
              "4 hidden files or folders"),
          folder.notices());
    }
  }

  @Test
  void theReasonForNoImagesSaysWhatIsThere() throws IOException {
    put("a/1.webp", "b/.x.png");
    String message =
        assertThrows(IOException.class, () -> new ImageFolder(root, Options.defaults()))
            .getMessage();
    assertTrue(
        message.endsWith(
            "no images (1 file is no image this program reads: 1 .webp; 1 hidden file or folder)"),
        message);
  }

  /** Images in class folders are what is meant, wherever others lie; without them, the others. */
  @Test
  void imagesInNoClassFolderHaveNoLabels() throws IOException {
    put("b.png", "a.png", "notes.txt", "empty/readme.txt");
    try (ImageFolder folder = new ImageFolder(root, Options.defaults())) {
      assertEquals(List.of("a.png", "b.png"), List.of(folder.name(0), folder.name(1)));
      assertEquals(2, folder.size());
      assertFalse(folder.labelled());
      assertEquals(List.of("2 files are no images this program reads: 2 .txt"), folder.notices());
    }
    put("empty/x.png");
    try (ImageFolder folder = new ImageFolder(root, Options.defaults())) {
      assertEquals(1, folder.size());
      assertTrue(folder.labelled());
    }
    Options any = new Options(Optional.empty(), false, 1, false, 0);
    try (ImageFolder folder = new ImageFolder(root, any)) {
      assertEquals(3, folder.size());
    }
  }

  @Test
  void anotherFormatUnderAKnownNameIsNamed() throws IOException {
    byte[] webp = "RIFF\0\0\0\0WEBPVP8 ".getBytes(StandardCharsets.ISO_8859_1);
    byte[] avif = "\0\0\0\u0020ftypavif\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);
    TestImages.write(root, "a/1.png", webp);
    TestImages.write(root, "a/2.jpg", avif);
    TestImages.write(root, "a/3.jpg", "<!DOCTYPE html>".getBytes(StandardCharsets.UTF_8));
    try (ImageFolder folder = new ImageFolder(root, Options.defaults())) {
      List<String> kinds = List.of("a WebP image", "an AVIF image", "a text in HTML, SVG or XML");
      for (int i = 0; i < 3; i++) {
        int index = i;
        assertEquals(
            folder.name(i) + ": " + kinds.get(i) + ", which this program does not read",
            assertThrows(IOException.class, () -> folder.read(index)).getMessage());
      }
    }
  }

  @Test
  void linksAreFollowedAndBrokenOnesSaySo() throws IOException {
    put("a/x.png");
    Files.createSymbolicLink(root.resolve("a/link.png"), root.resolve("a/x.png"));
    Files.createSymbolicLink(root.resolve("a/broken.png"), root.resolve("gone.png"));
    Files.createSymbolicLink(root.resolve("a/self.png"), root.resolve("a/self.png"));
    try (ImageFolder folder = new ImageFolder(root, Options.defaults())) {
      assertEquals(4, folder.size());
      assertEquals(
          "a/broken.png: a link that leads nowhere: no such file or directory",
          assertThrows(IOException.class, () -> folder.read(0)).getMessage());
      assertEquals(2, folder.read(1).width());
      String loop = assertThrows(IOException.class, () -> folder.read(2)).getMessage();
      assertTrue(loop.startsWith("a/self.png: a link that leads nowhere: Too many"), loop);
    }
  }

  @Test
  void aFlatFolderServesWhereLabelsDoNotMatter() throws IOException {
    put("x.png", "y.jpg", "deep/er/z.png", "1.webp");
    try (Dataset flat = Datasets.open(root.toString(), UNLABELLED)) {
      assertEquals(3, flat.size());
      assertEquals("deep/er/z.png", flat.name(0));
      assertEquals(1, flat.classCount());
      assertEquals(List.of("1 file is no image this program reads: 1 .webp"), flat.notices());
    }
    put("classes/a/x.png", "classes/b/x.png");
    String folder = root.resolve("classes").toString();
    try (Dataset labelled = Datasets.open(folder, Options.defaults());
        Dataset unlabelled = Datasets.open(folder, UNLABELLED)) {
      assertEquals(labelled.fingerprint(), unlabelled.fingerprint());
    }
  }

  @Test
  void aLineIsAFoldersNameBlanksAndAll() throws IOException {
    put("hot dog/x.png", "n02 x/x.png", "n1/x.png");
    assertEquals(List.of(1, 3, 2), labels("cat\nhot dog\nn1 tench, Tinca tinca\nn02 x\n", 0));
    assertEquals(List.of(0, 2, 1), labels("\uFEFFhot dog \r\n n1\tfish\r\nn02 x\r\n\r\n", 0));
    assertEquals(List.of(0, 2, 1), labels("hot dog\rn1\rn02 x", 0));
  }

  @Test
  void ambiguousAndUselessLinesAreSaid() throws IOException {
    put("hot/x.png");
    labelsFail("hot dog\nhot pot\n", 0, "lines 1 and 2 both begin with the name of folder hot");
    assertEquals(List.of(1), labels("hot dog\nhot\n", 0)); // the whole line counts first
    labelsFail("dog\ncat\n", 0, "folder hot is not in");
    labelsFail("0 hot\n", 0, "whose first line is: 0 hot");
    labelsFail("hot\ntrain/hot\n", 0, "line 2, train/hot, is no name of a folder");
    labelsFail("/data/hot dog\n", 0, "is no name of a folder");
    put("hot dog/x.png");
    labelsFail("hot dog\n", 0, "folder hot is not in");
    Files.write(root.resolve("synsets.txt"), "hot".getBytes(StandardCharsets.UTF_16));
    Options utf16 = Options.defaults().withSynsets(root.resolve("synsets.txt"));
    String message =
        assertThrows(IOException.class, () -> new ImageFolder(root, utf16)).getMessage();
    assertTrue(message.contains("UTF-16 text; save it as UTF-8"), message);
  }

  @Test
  void aNetworksBackgroundMayBeTheFirstLine() throws IOException {
    put("a/x.png", "b/x.png");
    assertEquals(List.of(0, 1), labels("background\na\nb\n", 3));
    assertEquals(List.of(0, 1), labels("a\nb\n", 3));
    assertEquals(List.of(1, 2), labels("background\na\nb\n", 0));
    labelsFail("a\nb\nc\n", 3, "folder a is line 1 of");
    Options options = new Options(Optional.of(synsets("x\na\nb")), false, 1, true, 3);
    try (ImageFolder folder = new ImageFolder(root, options)) {
      assertEquals(2, folder.classCount());
    }
  }
}
