package io.depthscope.dataset;

import io.depthscope.file.FileErrors;
import io.depthscope.file.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A folder of class folders with image files, at any depth below a class folder; or, where no class
 * folder holds an image, of images without labels.
 *
 * <p>Images are sorted by their path relative to the folder, written with '/' and compared byte by
 * byte in UTF-8. A label is the rank of the class folder's name among all class folders (compared
 * the same way, empty ones included), or the name's line in a synsets file. Files count as images
 * by the endings of their names: jpg, jpeg, jpe, jfif, png, gif, bmp, dib, tif, tiff, ppm, pgm,
 * pbm, pnm. Their content, not the ending, decides how they are decoded. Links are followed. Names
 * that start with a dot, other files, and images outside the class folders are left out; {@link
 * #notices} counts them.
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
  private final boolean labelled;
  private final List<Entry> entries;
  private final List<String> notices;

  private final DecodeBudget budget = new DecodeBudget(decodingBytes());

  // One decoder a thread: ImageIO's readers are stateful and costly to make.
  private final ThreadLocal<ImageDecoder> decoders =
      ThreadLocal.withInitial(() -> new ImageDecoder(budget));

  /**
   * Lists the folder; no image is opened.
   *
   * @param options what gives the classes, and whether photographs are turned upright
   * @throws IOException if a folder cannot be listed, there are no images, or a class folder is not
   *     in the synsets file
   */
  public ImageFolder(Path root, Datasets.Options options) throws IOException {
    this.root = root;
    this.applyOrientation = options.applyExif();
    List<String> folders = classFolders(root);
    Map<String, Integer> labels = new HashMap<>();
    if (options.synsets().isPresent()) {
      SynsetFile synsets = SynsetFile.read(options.synsets().get());
      boolean background = synsets.lineCount() == options.linesWithBackground();
      labels = synsets.labels(root, folders, background);
      classCount = synsets.classes(background);
    } else {
      for (int i = 0; i < folders.size(); i++) {
        labels.put(folders.get(i), i);
      }
      classCount = Math.max(1, folders.size());
    }
    List<Entry> found = new ArrayList<>();
    FolderListing listing = new FolderListing();
    for (String folder : folders) {
      int label = labels.get(folder);
      listing.walk(
          root.resolve(folder), true, (file, bytes) -> found.add(entry(file, label, bytes)));
    }
    boolean inClasses = !found.isEmpty();
    if (options.labelled() && (inClasses || options.synsets().isPresent())) {
      new FolderListing().walk(root, false, (file, bytes) -> listing.countOutside());
    } else {
      listing.walk(root, false, (file, bytes) -> found.add(entry(file, 0, bytes)));
    }
    labelled = inClasses;
    notices = listing.notices();
    if (found.isEmpty()) {
      String where = options.synsets().isPresent() ? " in class folders" : "";
      throw new IOException(
          root
              + ": no images"
              + where
              + (notices.isEmpty() ? "" : " (" + String.join("; ", notices) + ")"));
    }
    found.sort((a, b) -> compareBytes(a.name(), b.name()));
    entries = List.copyOf(found);
  }

  private static List<String> classFolders(Path root) throws IOException {
    try (Stream<Path> children = Files.list(root)) {
      List<String> names =
          children
              .filter(child -> Files.isDirectory(child) && !FolderListing.isHidden(child))
              .map(child -> child.getFileName().toString())
              .sorted(ImageFolder::compareBytes)
              .toList();
      for (String name : names) {
        if (FileErrors.isUndecoded(name)) { // it is looked for by name, in vain
          throw new IOException("class folder " + name + ": " + FileErrors.undecoded());
        }
      }
      return names;
    } catch (IOException | UncheckedIOException e) {
      throw new IOException(root + ": cannot be listed: " + FileErrors.reason(e), e);
    }
  }

  private Entry entry(Path file, int label, long bytes) {
    return new Entry(unixPath(root.relativize(file)), label, bytes);
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
  public List<String> notices() {
    return notices;
  }

  @Override
  public String description() {
    return root.toString();
  }

  @Override
  public String fingerprint() {
    MessageDigest digest = Sha256.begin();
    for (Entry entry : entries) {
      Fingerprints.addLine(digest, entry.name());
      Fingerprints.addLine(digest, entry.label() + " " + entry.bytes());
    }
    if (applyOrientation) {
      Fingerprints.addLine(digest, "orientation applied");
    }
    return Sha256.hex(digest.digest());
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public boolean labelled() {
    return labelled;
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
        throw new IOException(whyNotRegular(file));
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

  private static String whyNotRegular(Path file) {
    if (Files.isDirectory(file)) {
      return "a folder, not a file";
    }
    if (Files.exists(file)) {
      return "not a regular file";
    }
    return Files.isSymbolicLink(file)
        ? "a link that leads nowhere: " + FileErrors.whyMissing(file)
        : FileErrors.whyMissing(file);
  }

  @Override
  public void close() {
    decoders.remove();
  }
}
