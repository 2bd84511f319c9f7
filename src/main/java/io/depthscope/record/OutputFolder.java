package io.depthscope.record;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.depthscope.file.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Whose a folder is that results are to be written to. Files are written and replaced in a folder
 * of this program alone: one that holds a record of a run or a study, or nothing but what a killed
 * process left before there was one.
 */
public final class OutputFolder {
  private static final JsonFactory JSON = new JsonFactory();

  private OutputFolder() {}

  /**
   * Refuses the folder of somebody else. One that is not there, and what is no folder, is not
   * refused here.
   *
   * @param isRecord true for a file or folder in it that only this program writes
   * @param isLeftover true for what may lie in it before there is a record
   * @throws RefusedOutputException if there is neither a record nor nothing but leftovers
   * @throws IOException if the folder cannot be listed
   */
  static void requireOurs(Path folder, Predicate<Path> isRecord, Predicate<Path> isLeftover)
      throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> strange;
    try (Stream<Path> children = Files.list(folder)) {
      strange = children.filter(isLeftover.negate()).sorted().toList();
    } catch (IOException e) {
      throw new IOException(folder + ": cannot be listed: " + FileErrors.reason(e), e);
    }
    if (strange.isEmpty() || strange.stream().anyMatch(isRecord)) {
      return;
    }
    throw new RefusedOutputException(
        folder
            + " holds "
            + strange.getFirst().getFileName()
            + (strange.size() > 1 ? " and more" : "")
            + ", but no results of this program; choose another --out, an empty or a new folder");
  }

  /** True for what a killed process leaves of one of these files, beside them. */
  static boolean isPartial(Path file, List<Path> files) {
    Path name = file.getFileName();
    return files.stream().anyMatch(f -> name.equals(AtomicFile.partial(f).getFileName()));
  }

  /**
   * Makes it, where it is not there.
   *
   * @throws IOException if that cannot be
   */
  static void create(Path folder) throws IOException {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new IOException(
          "cannot create the run directory "
              + folder
              + ": "
              + FileErrors.reason(e)
              + "; choose another --out",
          e);
    }
  }

  /**
   * True for a JSON file that begins as one of this program: with its schemaVersion, then the field
   * given.
   */
  static boolean begins(Path file, String second) {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (var in = Files.newInputStream(file);
        JsonParser p = JSON.createParser(in)) {
      return p.nextToken() == JsonToken.START_OBJECT
          && "schemaVersion".equals(p.nextFieldName())
          && p.nextToken() == JsonToken.VALUE_NUMBER_INT
          && second.equals(p.nextFieldName());
    } catch (IOException e) {
      return false;
    }
  }
}
