package io.depthscope.record;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The folder of a mended network: what it is made of, and whose it is. */
public final class MendDirectory {
  /** The mended network. */
  public static final String NETWORK = "network.safetensors";

  /** How it is quantized. */
  public static final String QUANTIZATION = RunDirectory.QUANTIZATION;

  /** What was tried and what came of it; written last. */
  public static final String ACCOUNT = "mend.json";

  /** The first entry of the account behind its version. */
  public static final String MODEL = "mended";

  /** The run of the network as it was. */
  public static final String BEFORE = "before";

  /** The run of the mended network. */
  public static final String AFTER = "after";

  private MendDirectory() {}

  /** Files that are written, but for those of the two runs. */
  public static List<Path> files(Path folder) {
    return Stream.of(ACCOUNT, QUANTIZATION, NETWORK).map(folder::resolve).toList();
  }

  /**
   * Refuses a folder that holds something else, or results that are not to be replaced.
   *
   * @throws RefusedOutputException if it does
   * @throws IOException if it cannot be listed
   */
  public static void requireOurs(Path folder, boolean overwrite) throws IOException {
    OutputFolder.requireOurs(folder, MendDirectory::isRecord, MendDirectory::isLeftover);
    if (!overwrite
        && Stream.of(ACCOUNT, BEFORE).anyMatch(name -> Files.exists(folder.resolve(name)))) {
      throw new RefusedOutputException(
          folder + " holds results; choose another --out or add --overwrite");
    }
  }

  /**
   * Makes the folder ready; what an earlier mending left is deleted, the account first.
   *
   * @throws IOException if it cannot be written
   */
  public static void create(Path folder) throws IOException {
    OutputFolder.create(folder);
    for (Path old : files(folder)) {
      AtomicFile.delete(old);
    }
  }

  private static boolean isRecord(Path file) {
    return switch (file.getFileName().toString()) {
      case ACCOUNT -> OutputFolder.begins(file, MODEL);
      case BEFORE -> RunDirectory.isRun(file);
      default -> false;
    };
  }

  private static boolean isLeftover(Path file) {
    return OutputFolder.isPartial(file, files(file.resolveSibling("")));
  }
}
