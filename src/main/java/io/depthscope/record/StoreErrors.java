package io.depthscope.record;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.ReadOnlyFileSystemException;

/** Says in words why a file operation failed. */
public final class StoreErrors {

  private StoreErrors() {}

  /** The reason alone, without the file's name where Java's own message consists of it. */
  public static String reason(Exception e) {
    return switch (e) {
      case AccessDeniedException ignored -> "permission denied";
      case NoSuchFileException ignored -> "no such file or directory";
      case NotDirectoryException ignored -> "not a directory";
      case FileAlreadyExistsException ignored -> "there is a file of that name";
      case FileSystemException f when f.getReason() != null -> f.getReason();
      case ReadOnlyFileSystemException ignored -> "read-only file system";
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  /** {@code cannot write FILE: reason}. */
  static IOException cannotWrite(Object file, IOException e) {
    return new IOException("cannot write " + file + ": " + reason(e), e);
  }

  /** {@code FILE: reason}; a JSON error says its line. */
  static IOException cannotRead(Object file, IOException e) {
    if (e instanceof JsonProcessingException json) {
      String line =
          json.getLocation() == null ? "" : " (line " + json.getLocation().getLineNr() + ")";
      return new IOException(file + ": not JSON" + line, e);
    }
    return new IOException(file + ": " + reason(e), e);
  }
}
