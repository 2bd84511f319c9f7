package io.depthscope.record;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The folder of a study: {@code runs/NETWORK/SETTING} are run directories, and a finished study has
 * {@code study.json}.
 *
 * @param path of the folder
 */
public record StudyDirectory(Path path) {
  public static final String RESULTS = "study.json";
  private static final String RUNS = "runs";
  private static final String MENDED = "mended";
  private static final String IMAGES = "images-";
  private static final String PACKED = ".packed";

  /** The run directory of a network at a setting. */
  public Path run(String network, String setting) {
    return path.resolve(RUNS).resolve(network).resolve(setting);
  }

  /** The folder of a network that is mended for a setting. */
  public Path mended(String network, String setting) {
    return path.resolve(MENDED).resolve(network).resolve(setting);
  }

  /** Where the study keeps images of an input size while it decodes them. */
  public Path images(String shape) {
    return path.resolve(IMAGES + shape + PACKED);
  }

  /** True if a study was begun there. */
  public boolean isBegun() {
    return Files.exists(path.resolve(RUNS));
  }

  /**
   * Refuses a folder that is neither a study nor empty.
   *
   * @throws RefusedOutputException if it is somebody else's
   * @throws IOException if it cannot be listed
   */
  public void requireOurs() throws IOException {
    OutputFolder.requireOurs(path, StudyDirectory::isRecord, StudyDirectory::isLeftover);
  }

  private static boolean isRecord(Path file) {
    return switch (file.getFileName().toString()) {
      case RESULTS -> OutputFolder.begins(file, "data");
      case RUNS -> runs(file).stream().anyMatch(RunDirectory::isRun);
      default -> false;
    };
  }

  private static boolean isLeftover(Path file) {
    String name = file.getFileName().toString();
    if (name.equals(RUNS)) {
      return holdsNoFile(file);
    }
    return name.startsWith(IMAGES) && name.endsWith(PACKED)
        || name.startsWith("." + IMAGES) && name.endsWith(".partial");
  }

  /** The folders two levels below. */
  private static List<Path> runs(Path folder) {
    return children(folder, Files::isDirectory).stream()
        .flatMap(network -> children(network, Files::isDirectory).stream())
        .toList();
  }

  /** Of a first run that was killed before it recorded anything, there are empty folders. */
  private static boolean holdsNoFile(Path folder) {
    return Files.isDirectory(folder)
        && children(folder, f -> true).stream()
            .allMatch(network -> Files.isDirectory(network) && holdsOnlyEmptyRuns(network));
  }

  private static boolean holdsOnlyEmptyRuns(Path network) {
    return children(network, f -> true).stream().allMatch(RunDirectory::holdsOnlyLeftovers);
  }

  private static List<Path> children(Path folder, Predicate<Path> wanted) {
    try (Stream<Path> list = Files.list(folder)) {
      return list.filter(wanted).sorted().toList();
    } catch (IOException e) {
      return List.of(folder); // what cannot be listed is not empty, and no run
    }
  }
}
