package io.depthscope.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files that are small if they are what they should be. */
public final class BoundedFile {
  private BoundedFile() {}

  /**
   * All bytes of a file; of a device or a pipe, too, which do not tell their size.
   *
   * @param most bytes it may have
   * @throws IOException if it has more, or cannot be read; the message is the reason alone, or that
   *     of the file system
   */
  public static byte[] read(Path file, int most) throws IOException {
    byte[] bytes;
    if (Files.isRegularFile(file)) {
      bytes = Files.size(file) > most ? null : Files.readAllBytes(file);
    } else {
      try (InputStream in = Files.newInputStream(file)) {
        bytes = in.readNBytes(most + 1);
      }
    }
    if (bytes == null || bytes.length > most) {
      throw new IOException("it is larger than " + most + " bytes");
    }
    return bytes;
  }
}
