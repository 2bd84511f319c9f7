package io.depthscope.dataset;

import io.depthscope.file.FileErrors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder of class folders with JPEG and PNG files, at any depth below a class folder.
 *
 * <p>Images are sorted by their path relative to the folder, written with '/' and compared byte by
 * byte in UTF-8. A label is the rank of the class folder's name among all class folders (compared
 * the same way, empty ones included), or the name's line in a synsets file. Names that start with a
 * dot are ignored, and so are files with other extensions. The file's content, not its extension,
 * decides how it is decoded.
 *
 * <p>The fingerprint is SHA-256 over relative path, label and file size of each image; changed
 * pixels in a file of the same size and name go unnoticed.
 *
 * <p>Images over 100 million pixels or 65,535 pixels an edge are refused. Reading one takes up to
 * its file's size twice plus 11 bytes a pixel; all threads together stay within {@link
 * #decodingBytes}.
 */
public final class ImageFolder implements Dataset {
  private record Entry(String name, int label, long bytes) {}

  private final Path root;
  private final boolean applyOrientation;
  private final int classCount;
  private final List<Entry> entries;

  private final DecodeBudget budget = new DecodeBudget(decodingBytes());

  // One decoder a thread: ImageIO's readers are stateful and costly to make.
  private final ThreadLocal<ImageDecoder> decoders =
      ThreadLocal.withInitial(() -> new ImageDecoder(budget));

  /**
   * Lists the folder; no image is opened.
   *
   * @param synsets file whose line number - 1 is the class of the folder named first on that line
   * @param applyOrientation whether photographs are turned upright by their EXIF orientation
   * @throws IOException if a folder cannot be listed, there are no images, or a class folder is not
   *     in the synsets file
   */
  public ImageFolder(Path root, Optional<Path> synsets, boolean applyOrientation)
      throws IOException {
    this.root = root;
    this.applyOrientation = applyOrientation;
    List<String> folders = classFolders(root);
    Map<String, Integer> labels = new HashMap<>();
    if (synsets.isPresent()) {
      labels = SynsetFile.read(synsets.get());
      for (String folder : folders) {
        if (!labels.containsKey(folder)) {
          throw new IOException(root + ": folder " + folder + " is not in " + synsets.get());
        }
      }
    } else {
      for (int i = 0; i < folders.size(); i++) {
        labels.put(folders.get(i), i);
      }
    }
    classCount = labels.size();
    List<Entry> found = new ArrayList<>();
    for (String folder : folders) {
      addImages(root.resolve(folder), labels.get(folder), found);
    }
    if (found.isEmpty()) {
      throw new IOException(root + ": no JPEG or PNG files in class folders");
    }
    found.sort((a, b) -> compareBytes(a.name(), b.name()));
    entries = List.copyOf(found);
  }

  private static List<String> classFolders(Path root) throws IOException {
    try (Stream<Path> children = Files.list(root)) {
      return children
          .filter(Files::isDirectory)
          .map(child -> child.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .peek(name -> requireDecoded(root, name))
          .sorted(ImageFolder::compareBytes)
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new IOException(root + ": cannot be listed: " + FileErrors.reason(e), e);
    }
  }

  /** Class folders are looked for by name; one that has none would have its images left out. */
  private static void requireDecoded(Path root, String folder) {
    if (FileErrors.isUndecoded(folder)) {
      throw new UncheckedIOException(
          new IOException("class folder " + folder + ": " + FileErrors.undecoded()));
    }
  }

  private void addImages(Path classFolder, int label, List<Entry> found) throws IOException {
    Files.walkFileTree(
        classFolder,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        Integer.MAX_VALUE,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return isHidden(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (!isHidden(file) && isImageName(file.getFileName().toString())) {
              // A broken link or a device is listed too, and fails when it is read.
              found.add(new Entry(unixPath(root.relativize(file)), label, attributes.size()));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException reason) throws IOException {
            throw new IOException(
                file + ": cannot be listed: " + FileErrors.reason(reason), reason);
          }
        });
  }

  private static boolean isHidden(Path path) {
    return path.getFileName().toString().startsWith(".");
  }

  private static boolean isImageName(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".jpg") || lower.endsWith(".jpeg") || lower.endsWith(".png");
  }

  private static String unixPath(Path relative) {
    StringBuilder path = new StringBuilder();
    for (Path part : relative) {
      path.append(path.isEmpty() ? "" : "/").append(part);
    }
    return path.toString();
  }

  private static int compareBytes(String a, String b) {
    return Arrays.compareUnsigned(
        a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }

  /** Memory that decoding takes at most: a quarter of the heap. */
  public static long decodingBytes() {
    return Runtime.getRuntime().maxMemory() / 4;
  }

  @Override
  public String description() {
    return root.toString();
  }

  @Override
  public String fingerprint() {
    MessageDigest digest = Fingerprints.sha256();
    for (Entry entry : entries) {
      Fingerprints.addLine(digest, entry.name());
      Fingerprints.addLine(digest, entry.label() + " " + entry.bytes());
    }
    if (applyOrientation) {
      Fingerprints.addLine(digest, "orientation applied");
    }
    return Fingerprints.hex(digest.digest());
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public int classCount() {
    return classCount;
  }

  @Override
  public int label(int index) {
    return entries.get(index).label();
  }

  @Override
  public String name(int index) {
    return entries.get(index).name();
  }

  @Override
  public RgbImage read(int index) throws IOException {
    String name = name(index);
    try {
      Path file = root.resolve(name);
      if (!Files.isRegularFile(file)) {
        throw new IOException(
            Files.exists(file) ? "not a regular file" : FileErrors.whyMissing(file));
      }
      long size = Files.size(file);
      if (size > decodingBytes() / 4) { // it is held twice while it is decoded
        throw new IOException(
            size
                + " bytes are more than the limit of "
                + decodingBytes() / 4
                + ", 1/16 of the heap");
      }
      return decoders.get().decode(Files.readAllBytes(file), applyOrientation);
    } catch (InvalidPathException e) {
      throw new IOException(name + ": " + FileErrors.undecoded(), e);
    } catch (IOException e) {
      throw new IOException(name + ": " + FileErrors.reason(e), e);
    }
  }

  @Override
  public void close() {
    decoders.remove();
  }
}
