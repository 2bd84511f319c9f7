package io.depthscope.dataset;

import io.depthscope.file.FileErrors;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Goes through folders and keeps account of everything that is no image there: by the ending of its
 * name, as hidden, or as an image outside the class folders.
 */
final class FolderListing {
  /** What file managers leave behind; hidden in spirit. */
  private static final Set<String> LITTER = Set.of("thumbs.db", "desktop.ini", "icon\r");

  /** Told of each image. */
  interface Images {
    void add(Path file, long bytes);
  }

  private final Map<String, Integer> others = new TreeMap<>();
  private int hidden;
  private int outside;

  /**
   * Lists a folder and all below it; links are followed.
   *
   * @param below whether folders below are entered
   * @throws IOException if one cannot be listed or a link leads back up
   */
  void walk(Path top, boolean below, Images images) throws IOException {
    Files.walkFileTree(
        top,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        below ? Integer.MAX_VALUE : 1,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            if (folder.equals(top) || !isHidden(folder)) {
              return FileVisitResult.CONTINUE;
            }
            hidden++;
            return FileVisitResult.SKIP_SUBTREE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            String name = file.getFileName().toString();
            if (attributes.isDirectory()) {
              return FileVisitResult.CONTINUE; // not entered
            }
            if (isHidden(file)) {
              hidden++;
            } else if (ImageFormat.isImageName(name)) {
              // A broken link or a device is listed too, and fails when it is read.
              images.add(file, attributes.size());
            } else {
              String ending = ImageFormat.ending(name);
              others.merge(ending.isEmpty() ? "without an ending" : "." + ending, 1, Integer::sum);
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

  /** Counts an image that belongs to no class. */
  void countOutside() {
    outside++;
  }

  static boolean isHidden(Path path) {
    String name = path.getFileName().toString();
    return name.startsWith(".") || LITTER.contains(name.toLowerCase(Locale.ROOT));
  }

  /** One line for each kind of thing that was left out; none if nothing was. */
  List<String> notices() {
    List<String> lines = new ArrayList<>();
    int total = others.values().stream().mapToInt(Integer::intValue).sum();
    if (total > 0) {
      List<String> kinds =
          others.entrySet().stream()
              .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
              .map(e -> e.getValue() + " " + e.getKey())
              .toList();
      String which = String.join(", ", kinds.subList(0, Math.min(10, kinds.size())));
      lines.add(
          (total == 1 ? "1 file is no image" : total + " files are no images")
              + " this program reads: "
              + which
              + (kinds.size() > 10 ? ", ..." : ""));
    }
    if (outside > 0) {
      lines.add(
          outside == 1
              ? "1 image lies in no class folder"
              : outside + " images lie in no class folder");
    }
    if (hidden > 0) {
      lines.add(hidden == 1 ? "1 hidden file or folder" : hidden + " hidden files or folders");
    }
    return lines;
  }
}
