package io.depthscope.record;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A folder that one process at a time writes its results to. */
final class FolderLock implements AutoCloseable {
  /** The file that stands for it. */
  static final String NAME = ".lock";

  private final Path directory;
  private final FileChannel channel;

  private FolderLock(Path directory, FileChannel channel) {
    this.directory = directory;
    this.channel = channel;
  }

  /**
   * Takes it.
   *
   * @throws IOException if another process has it, or the folder cannot be written to
   */
  static FolderLock take(Path directory) throws IOException {
    try {
      FileChannel channel =
          FileChannel.open(
              directory.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        if (channel.tryLock() != null) {
          return new FolderLock(directory, channel);
        }
      } catch (OverlappingFileLockException e) {
        channel.close();
        throw new IOException("another run is writing there", e);
      }
      channel.close();
      throw new IOException("another run is writing there");
    } catch (IOException e) {
      throw StoreErrors.cannotWrite(directory, e);
    }
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      Files.deleteIfExists(directory.resolve(NAME));
    }
  }
}
