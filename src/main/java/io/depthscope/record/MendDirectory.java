package io.depthscope.record;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The folder of a mended network. While remedies are tried there is a checkpoint, and from the
 * first one that helps the best network so far; when it is finished {@code mend.json} and no
 * checkpoint.
 */
public final class MendDirectory implements AutoCloseable {
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

  /** The page. */
  public static final String REPORT = RunDirectory.REPORT;

  private static final String CHECKPOINT = "mend.bin";

  private final Path path;
  private final CheckpointFolder folder;

  private MendDirectory(Path path, CheckpointFolder folder) {
    this.path = path;
    this.folder = folder;
  }

  /** True if the folder holds a mended network. */
  public static boolean isComplete(Path folder) {
    return Files.exists(folder.resolve(ACCOUNT));
  }

  /** True if the folder holds a mending that can be continued. */
  public static boolean isInterrupted(Path folder) {
    return Files.exists(folder.resolve(CHECKPOINT));
  }

  /** Files that are written, but for those of the two runs. */
  public static List<Path> files(Path folder) {
    return Stream.of(ACCOUNT, REPORT, CHECKPOINT, QUANTIZATION, NETWORK)
        .map(folder::resolve)
        .toList();
  }

  /** Files and folders that its page is made from. */
  public static List<Path> inputs(Path folder) {
    return Stream.of(ACCOUNT, QUANTIZATION, NETWORK, BEFORE, AFTER).map(folder::resolve).toList();
  }

  /**
   * Refuses a folder that holds something else.
   *
   * @throws RefusedOutputException if it does
   * @throws IOException if it cannot be listed
   */
  public static void requireOurs(Path folder) throws IOException {
    OutputFolder.requireOurs(folder, MendDirectory::isRecord, MendDirectory::isLeftover);
  }

  /** What two parts of one mending must share, beside what is given. */
  public static Map<String, String> identity(RunSpec spec) {
    return RunSetting.identity(spec);
  }

  /**
   * Makes the folder ready.
   *
   * @param identity what two parts of one mending must share
   * @param resume continue from the checkpoint, if there is one
   * @param overwrite replace what an earlier one left; that is deleted at once
   * @throws RefusedOutputException if the folder holds another one, or something else
   * @throws IOException if it cannot be written, another process is writing there, or the
   *     checkpoint is damaged or was made with other settings
   */
  public static MendDirectory open(
      Path folder, Map<String, String> identity, boolean resume, boolean overwrite)
      throws IOException {
    requireOurs(folder);
    List<Path> all =
        Stream.of(
                files(folder),
                RunDirectory.files(folder.resolve(BEFORE)),
                RunDirectory.files(folder.resolve(AFTER)))
            .flatMap(List::stream)
            .toList();
    CheckpointFolder.Layout layout = new CheckpointFolder.Layout(CHECKPOINT, ACCOUNT, all);
    return new MendDirectory(
        folder, CheckpointFolder.open(folder, layout, identity, resume, overwrite));
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** True if {@link #restore} has something to restore. */
  public boolean resumes() {
    return folder.resumes();
  }

  /** Brings a fresh state to where the interrupted mending stopped. */
  public void restore(MendState state) throws IOException {
    folder.restore(state);
  }

  /** Writes a checkpoint; the one before stays until this one is complete. */
  public void checkpoint(MendState state) throws IOException {
    folder.write(state);
  }

  /** Writes the account, and deletes the checkpoint. */
  public void finish(MendAccount account) throws IOException {
    AtomicFile.write(path.resolve(ACCOUNT), account::write);
    folder.delete();
  }

  @Override
  public void close() throws IOException {
    folder.close();
  }

  private static boolean isRecord(Path file) {
    return switch (file.getFileName().toString()) {
      case ACCOUNT -> OutputFolder.begins(file, MODEL);
      case CHECKPOINT -> Checkpoint.isOne(file);
      default -> false;
    };
  }

  private static boolean isLeftover(Path file) {
    String name = file.getFileName().toString();
    if (name.equals(BEFORE) || name.equals(AFTER)) {
      return RunDirectory.holdsOnlyLeftovers(file);
    }
    return name.equals(FolderLock.NAME)
        || OutputFolder.isPartial(file, files(file.resolveSibling("")));
  }
}
