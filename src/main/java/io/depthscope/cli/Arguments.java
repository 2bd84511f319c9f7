package io.depthscope.cli;

import io.depthscope.file.FileErrors;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.TypeConversionException;

/** How arguments become texts and paths: none may be empty, and each was read without loss. */
final class Arguments {
  private Arguments() {}

  /**
   * A text; it may name a file, too.
   *
   * @throws TypeConversionException if it is empty or was not decoded, with the reason
   */
  static String text(String argument) {
    if (argument.isEmpty()) {
      throw new TypeConversionException("the value is empty");
    }
    if (FileErrors.isUndecoded(argument) && !exists(argument)) {
      throw new TypeConversionException("'" + argument + "': " + FileErrors.undecoded());
    }
    return argument;
  }

  /**
   * The path of a file or folder. An empty one would mean the current folder.
   *
   * @throws TypeConversionException if it is empty or can be no path, with the reason
   */
  static Path path(String argument) {
    try {
      return Path.of(text(argument));
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + argument + "': " + FileErrors.reason(e));
    }
  }

  private static boolean exists(String path) {
    try {
      return Files.exists(Path.of(path));
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
