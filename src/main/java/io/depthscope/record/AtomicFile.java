package io.depthscope.record;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes a file so that a reader sees the old content or the whole new one, never a part. */
public final class AtomicFile {

  /** Writes the content; whatever it throws, the target keeps its old content. */
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private AtomicFile() {}

  /** Deletes a file, and what a process that was killed while writing it has left. */
  static void delete(Path target) throws IOException {
    Files.deleteIfExists(target);
    Files.deleteIfExists(partial(target));
  }

  /** Where the content stands until it is complete. */
  public static Path partial(Path target) {
    return target.resolveSibling(target.getFileName() + ".partial");
  }

  /**
   * Writes a file.
   *
   * @throws IOException naming the file, if it cannot be written; nothing is left behind
   */
  public static void write(Path target, Content content) throws IOException {
    Path temporary = partial(target);
    boolean written = false;
    try {
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        content.writeTo(out);
        out.flush();
        channel.force(true); // the rename must not overtake the data
      }
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      written = true;
    } catch (IOException e) {
      throw StoreErrors.cannotWrite(target, e);
    } finally {
      if (!written) {
        deleteQuietly(temporary);
      }
    }
  }

  /** What cannot be deleted stays; why the file could not be written matters more. */
  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // the failure that led here is being reported
    }
  }
}
