package io.depthscope.cli;

import io.depthscope.record.AtomicFile;
import io.depthscope.record.RefusedOutputException;
import io.depthscope.record.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/** A file that an option names to be written. */
final class OutputFile {

  private OutputFile() {}

  /**
   * Checks, before anything is computed, that the file may be written.
   *
   * @param option that names it, or may
   * @param named if it does; a default file, which is the program's own, may always be replaced
   * @param overwrite if one that exists and is named may be replaced
   * @throws RefusedOutputException if it is a folder or a device, belongs to the record of a run,
   *     or exists and may not be replaced
   */
  static void check(String option, Path file, boolean named, boolean overwrite)
      throws RefusedOutputException {
    if (Files.isDirectory(file)) {
      throw new RefusedOutputException(
          file
              + " is a folder; "
              + (named ? option + " names the file to write" : option + " FILE writes elsewhere"));
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new RefusedOutputException(file + " is no regular file; " + option + " replaces none");
    }
    if (named && RunDirectory.belongsToRun(file)) {
      throw new RefusedOutputException(
          file + " belongs to the record of a run; choose another " + option);
    }
    if (named && !overwrite) {
      for (Path taken : List.of(file, AtomicFile.partial(file))) { // it is written there first
        if (Files.exists(taken, LinkOption.NOFOLLOW_LINKS)) { // a broken link is somebody's, too
          throw new RefusedOutputException(
              taken + " exists; choose another " + option + " or add --overwrite");
        }
      }
    }
  }

  /**
   * Checks that what is written replaces nothing that is read.
   *
   * @param inputs files, and folders whose files are read
   * @throws RefusedOutputException if the file exists and is one of them or lies in one
   */
  static void checkApart(String option, Path file, List<Path> inputs) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    Path real = file.toRealPath();
    for (Path input : inputs) {
      if (Files.exists(input) && real.startsWith(input.toRealPath())) {
        throw new RefusedOutputException(
            file + " is read by this command, too; choose another " + option);
      }
    }
  }

  /**
   * The same for the files that a command writes into a folder of its own, and the files it reads;
   * of a folder it reads, images alone.
   *
   * @param option that names the folder
   */
  static void checkApart(String option, List<Path> written, List<Path> inputs) throws IOException {
    List<Path> files = inputs.stream().filter(i -> !Files.isDirectory(i)).toList();
    for (Path file : written) {
      checkApart(option, file, files);
    }
  }
}
