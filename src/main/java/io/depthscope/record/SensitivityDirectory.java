package io.depthscope.record;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The folder of one measurement of sensitivity. While it goes on there is a checkpoint; when it is
 * finished {@code sensitivity.json} and no checkpoint.
 */
public final class SensitivityDirectory implements AutoCloseable {
  public static final String RESULTS = "sensitivity.json";
  private static final String TABLE = "sensitivity.csv";
  private static final String MANIFEST = "manifest.json";
  private static final String CHECKPOINT = "sensitivity.bin";
  private static final List<String> OUTPUTS = List.of(RESULTS, TABLE, MANIFEST);

  private final Path directory;
  private final CheckpointFolder folder;

  private SensitivityDirectory(Path directory, CheckpointFolder folder) {
    this.directory = directory;
    this.folder = folder;
  }

  /** True if the folder holds a finished measurement. */
  public static boolean isComplete(Path directory) {
    return Files.exists(directory.resolve(RESULTS));
  }

  /** Every file that may be written or replaced there. */
  public static List<Path> files(Path directory) {
    return Stream.concat(Stream.of(CHECKPOINT), OUTPUTS.stream()).map(directory::resolve).toList();
  }

  /**
   * Refuses a folder that holds something else.
   *
   * @throws RefusedOutputException if it is somebody else's, or a run's
   * @throws IOException if it cannot be listed
   */
  public static void requireOurs(Path directory) throws IOException {
    OutputFolder.requireOurs(
        directory, SensitivityDirectory::isRecord, SensitivityDirectory::isLeftover);
  }

  private static boolean isRecord(Path file) {
    return switch (file.getFileName().toString()) {
      case RESULTS -> OutputFolder.begins(file, "sensitivityOf");
      case CHECKPOINT -> Checkpoint.isOne(file);
      default -> false;
    };
  }

  private static boolean isLeftover(Path file) {
    return file.getFileName().toString().equals(FolderLock.NAME)
        || OutputFolder.isPartial(file, files(file.resolveSibling("")));
  }

  /**
   * Makes the folder ready.
   *
   * @param identity what two parts of one measurement must share
   * @param resume continue from the checkpoint, if there is one
   * @param overwrite replace what an earlier one left
   * @throws RefusedOutputException if the folder holds another one, or something else
   * @throws IOException if it cannot be written, another process is writing there, or the
   *     checkpoint is damaged or was made with other settings
   */
  public static SensitivityDirectory open(
      Path directory, Map<String, String> identity, boolean resume, boolean overwrite)
      throws IOException {
    requireOurs(directory);
    CheckpointFolder.Layout layout =
        new CheckpointFolder.Layout(CHECKPOINT, RESULTS, files(directory));
    return new SensitivityDirectory(
        directory, CheckpointFolder.open(directory, layout, identity, resume, overwrite));
  }

  /** What two parts of one measurement must share, beside what is given. */
  public static Map<String, String> identity(RunSpec spec) {
    return RunSetting.identity(spec);
  }

  /** True if {@link #restore} has something to restore. */
  public boolean resumes() {
    return folder.resumes();
  }

  /**
   * Two parts of one measurement must share all parameters to the last bit.
   *
   * @param fingerprint of how the network is quantized
   * @throws IOException if an earlier part had others
   */
  public void requireParameters(String fingerprint) throws IOException {
    folder.require("scales", fingerprint);
  }

  /** Brings a fresh state to where the interrupted measurement stopped. */
  public void restore(SensitivityState state) throws IOException {
    folder.restore(state);
  }

  /** Writes a checkpoint; the one before stays until this one is complete. */
  public void checkpoint(SensitivityState state) throws IOException {
    folder.write(state);
  }

  /** Writes every file, {@code sensitivity.json} last, and deletes the checkpoint. */
  public void finish(Sensitivity result, RunManifest manifest) throws IOException {
    AtomicFile.write(directory.resolve(TABLE), out -> SensitivityFiles.writeCsv(result, out));
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    AtomicFile.write(
        directory.resolve(MANIFEST),
        out -> out.write(mapper.writeValueAsBytes(manifest.entries())));
    AtomicFile.write(directory.resolve(RESULTS), out -> SensitivityFiles.writeJson(result, out));
    folder.delete();
  }

  @Override
  public void close() throws IOException {
    folder.close();
  }
}
