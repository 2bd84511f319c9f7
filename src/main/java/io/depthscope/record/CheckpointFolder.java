package io.depthscope.record;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder of results that one process writes at a time, with a checkpoint as long as they are not
 * finished.
 */
final class CheckpointFolder implements AutoCloseable {

  /**
   * What lies in such a folder.
   *
   * @param checkpoint name of the file
   * @param results name of the file that is there once it is finished
   * @param files all that an earlier one may have left, the results first
   */
  record Layout(String checkpoint, String results, List<Path> files) {}

  private final Path directory;
  private final Path file;
  private final Map<String, String> identity;
  private final FolderLock lock;
  private final Optional<Checkpoint> checkpoint;

  private CheckpointFolder(
      Path directory,
      Path file,
      Map<String, String> identity,
      FolderLock lock,
      Optional<Checkpoint> checkpoint) {
    this.directory = directory;
    this.file = file;
    this.identity = identity;
    this.lock = lock;
    this.checkpoint = checkpoint;
  }

  /**
   * Makes the folder ready; whose it is has been asked before.
   *
   * @param identity what two parts of the work must share; more may be required later
   * @param resume continue from the checkpoint, if there is one
   * @param overwrite replace what an earlier one left
   * @throws RefusedOutputException if the folder holds results that are not to be replaced
   * @throws IOException if it cannot be written, another process is writing there, or the
   *     checkpoint is damaged or was made with other settings
   */
  static CheckpointFolder open(
      Path directory,
      Layout layout,
      Map<String, String> identity,
      boolean resume,
      boolean overwrite)
      throws IOException {
    OutputFolder.create(directory);
    FolderLock lock = FolderLock.take(directory);
    try {
      Path file = directory.resolve(layout.checkpoint());
      boolean begun = Files.exists(file);
      if (!overwrite && Files.exists(directory.resolve(layout.results()))) {
        throw new RefusedOutputException(
            directory + " holds finished results; choose another --out or add --overwrite");
      } else if (begun && !resume && !overwrite) {
        throw new RefusedOutputException(
            directory + " holds an interrupted run; add --resume to continue it or --overwrite");
      }
      if (overwrite) {
        for (Path old : layout.files()) {
          AtomicFile.delete(old);
        }
      }
      Optional<Checkpoint> checkpoint =
          begun && !overwrite ? Optional.of(Checkpoint.read(file)) : Optional.empty();
      if (checkpoint.isPresent()) {
        checkpoint.get().requireSame(directory, identity);
      }
      return new CheckpointFolder(directory, file, identity, lock, checkpoint);
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  /** True if {@link #restore} has something to restore. */
  boolean resumes() {
    return checkpoint.isPresent();
  }

  /**
   * Adds to what two parts of the work must share.
   *
   * @throws IOException if an earlier part had another value
   */
  void require(String key, String value) throws IOException {
    identity.put(key, value);
    if (checkpoint.isPresent()) {
      checkpoint.get().requireSame(directory, identity);
    }
  }

  /** Brings a fresh state to where the interrupted work stopped. */
  void restore(Checkpoint.State state) throws IOException {
    if (checkpoint.isPresent()) {
      try {
        checkpoint.get().restore(state);
      } catch (IOException e) {
        throw Checkpoint.damaged(file, e);
      }
    }
  }

  /** Writes a checkpoint; the one before stays until this one is complete. */
  void write(Checkpoint.State state) throws IOException {
    Checkpoint.write(file, identity, 0, state);
  }

  /** The work is finished. */
  void delete() throws IOException {
    AtomicFile.delete(file);
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
