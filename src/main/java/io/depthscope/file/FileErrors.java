package io.depthscope.file;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.attribute.BasicFileAttributes;

/** Says in words why a file operation failed. */
public final class FileErrors {
  /** What a name holds where its bytes could not be decoded. */
  private static final char UNDECODED = '\uFFFD';

  private FileErrors() {}

  /**
   * The reason alone: never the file's name, of which Java's own message often consists, and never
   * the name of a class.
   */
  public static String reason(Exception e) {
    return switch (e) {
      case UncheckedIOException wrapped -> reason(wrapped.getCause());
      case DirectoryIteratorException wrapped -> reason(wrapped.getCause());
      case AccessDeniedException ignored -> "permission denied";
      case NoSuchFileException ignored -> "no such file or directory";
      case NotDirectoryException ignored -> "not a directory";
      case DirectoryNotEmptyException ignored -> "the folder is not empty";
      case FileAlreadyExistsException ignored -> "there is a file of that name";
      case FileSystemLoopException ignored -> "the link leads back to a folder above it";
      case FileSystemException f when f.getReason() != null -> systemReason(f.getReason());
      case FileSystemException ignored -> "the file system refuses it";
      case ReadOnlyFileSystemException ignored -> "read-only file system";
      case InvalidPathException ignored -> "it can be no file name in the encoding " + encoding();
      case CharacterCodingException ignored -> "not UTF-8 text";
      case EOFException ignored -> "it ends too early";
      case ClosedByInterruptException ignored -> "interrupted";
      case IOException io when io.getMessage() != null -> systemReason(io.getMessage());
      default -> e.getMessage() == null ? "input or output failed" : e.getMessage();
    };
  }

  /** The operating system's words, without what Java adds to ELOOP on a guess. */
  private static String systemReason(String reason) {
    return reason.replace(" or unable to access attributes of symbolic link", "");
  }

  /**
   * Why a file or folder that seems not to be there is not: its absence is one reason, a folder
   * above it that may not be entered is another.
   */
  public static String whyMissing(Path file) {
    try {
      Files.readAttributes(file, BasicFileAttributes.class);
      return "it cannot be used";
    } catch (IOException e) {
      return isUndecoded(file.toString()) ? undecoded() : reason(e);
    }
  }

  /**
   * True for a name whose bytes are no text in the file system's encoding. Java then has put
   * another character in their place, and does not find the file again by that name.
   */
  public static boolean isUndecoded(String name) {
    return name.indexOf(UNDECODED) >= 0;
  }

  /** What {@link #isUndecoded} means, for a message. */
  public static String undecoded() {
    return "its name holds bytes that are no text in the encoding " + encoding();
  }

  private static String encoding() {
    return System.getProperty("sun.jnu.encoding");
  }
}
