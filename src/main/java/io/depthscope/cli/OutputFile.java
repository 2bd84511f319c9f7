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
   * @param option that names it
   * @param overwrite if one that exists may be replaced
   * @throws IOException if it is a folder, or exists and may not
   */
  static void check(String option, Path file, boolean overwrite) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + " is a folder; " + option + " names the file to write");
    }
    if (Files.exists(file) && !overwrite) {
      throw new IOException(file + " exists; choose another " + option + " or add --overwrite");
    }
  }
}
