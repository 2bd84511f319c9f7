package io.depthscope.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that an option names to be written. */
final class OutputFile {

  private OutputFile() {}

  /**
   * Checks, before anything is computed, that the file may be written.
   *
   * @param option that names it, or may
   * @param named if it does; a default file, which is the program's own, may always be replaced
   * @param overwrite if one that exists and is named may be replaced
   * @throws IOException if it is a folder, or exists and may not be replaced
   */
  static void check(String option, Path file, boolean named, boolean overwrite) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(
          file
              + " is a folder; "
              + (named ? option + " names the file to write" : option + " FILE writes elsewhere"));
    }
    if (named && Files.exists(file) && !overwrite) {
      throw new IOException(file + " exists; choose another " + option + " or add --overwrite");
    }
  }
}
