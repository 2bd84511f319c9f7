package io.depthscope.dataset;

import io.depthscope.file.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A text file whose line number - 1 is the class of the folder that the line names.
 *
 * <p>A line is a folder's name, blanks and all; only where no folder is called like the whole line
 * does its first word count, so that {@code n01440764 tench, Tinca tinca} names n01440764. A byte
 * order mark, blanks around a line and empty lines at the end are passed over; lines may end in CR,
 * LF or both.
 */
final class SynsetFile {
  private static final long MAX_BYTES = 16L << 20;
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final Path file;
  private final List<String> lines;

  private SynsetFile(Path file, List<String> lines) {
    this.file = file;
    this.lines = lines;
  }

  /**
   * @throws IOException if it cannot be read, has an empty line in the middle, a line twice, or a
   *     path where a name belongs
   */
  static SynsetFile read(Path file) throws IOException {
    try {
      return new SynsetFile(file, check(text(file).split("\r\n|\r|\n", -1)));
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
  }

  private static String text(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(
          Files.exists(file) ? "not a regular file" : FileErrors.whyMissing(file));
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException("too large for a synsets file");
    }
    byte[] bytes = Files.readAllBytes(file);
    if (bytes.length > 1 && (bytes[0] & bytes[1] & 0xfe) == 0xfe && bytes[0] != bytes[1]) {
      throw new IOException("UTF-16 text; save it as UTF-8");
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.indexOf(BYTE_ORDER_MARK) == 0 ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new IOException("not UTF-8 text", e);
    }
  }

  private static List<String> check(String[] raw) throws IOException {
    int count = raw.length;
    while (count > 0 && raw[count - 1].isBlank()) {
      count--;
    }
    if (count == 0) {
      throw new IOException("no synsets in it");
    }
    List<String> lines = new ArrayList<>();
    Map<String, Integer> seen = new HashMap<>();
    for (int i = 0; i < count; i++) {
      String line = raw[i].strip();
      if (line.isEmpty()) {
        throw new IOException("line " + (i + 1) + " is empty");
      }
      boolean path = line.indexOf('/') >= 0 && firstWord(line).equals(line);
      if (path || line.startsWith("/") || line.equals(".") || line.equals("..")) {
        throw new IOException("line " + (i + 1) + ", " + line + ", is no name of a folder");
      }
      Integer before = seen.put(line, i);
      if (before != null) {
        throw new IOException(
            line + " stands in it twice, in lines " + (before + 1) + " and " + (i + 1));
      }
      lines.add(line);
    }
    return lines;
  }

  private static String firstWord(String line) {
    return line.split("\\s+", 2)[0];
  }

  /**
   * Number of classes.
   *
   * @param background whether line 1 is a class that no image belongs to
   */
  int classes(boolean background) {
    return background ? lines.size() - 1 : lines.size();
  }

  int lineCount() {
    return lines.size();
  }

  /**
   * The classes of folders.
   *
   * @param root where they lie, for messages
   * @param background whether line 1 is a class that no image belongs to: line 2 is class 0 then
   * @throws IOException if a folder is named by no line, by two, or by the background's
   */
  Map<String, Integer> labels(Path root, List<String> folders, boolean background)
      throws IOException {
    Map<String, Integer> whole = new HashMap<>();
    Map<String, List<Integer>> words = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      whole.put(lines.get(i), i);
    }
    for (int i = 0; i < lines.size(); i++) {
      if (!folders.contains(lines.get(i))) {
        words.computeIfAbsent(firstWord(lines.get(i)), word -> new ArrayList<>()).add(i);
      }
    }
    Map<String, Integer> labels = new HashMap<>();
    for (String folder : folders) {
      Integer line = whole.get(folder);
      if (line == null) {
        line = lineOf(root, folder, words.getOrDefault(folder, List.of()));
      }
      if (background && line == 0) {
        throw new IOException(
            root + ": folder " + folder + " is line 1 of " + file + ", the network's background");
      }
      labels.put(folder, background ? line - 1 : line);
    }
    return labels;
  }

  private int lineOf(Path root, String folder, List<Integer> candidates) throws IOException {
    if (candidates.size() == 1) {
      return candidates.getFirst();
    }
    if (candidates.isEmpty()) {
      throw new IOException(
          root
              + ": folder "
              + folder
              + " is not in "
              + file
              + ", whose first line is: "
              + lines.getFirst());
    }
    throw new IOException(
        file
            + ": lines "
            + (candidates.get(0) + 1)
            + " and "
            + (candidates.get(1) + 1)
            + " both begin with the name of folder "
            + folder);
  }
}
