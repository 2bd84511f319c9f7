package io.depthscope.cli;

import java.util.ArrayList;
import java.util.List;

/** Sentences broken into lines for a terminal. */
final class TextBlock {
  static final int WIDTH = 100;

  private TextBlock() {}

  /**
   * Lines of at most {@link #WIDTH} characters, unless a single word is longer.
   *
   * @param first put before the first line
   * @param next put before the others
   */
  static List<String> wrap(String first, String next, String text) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder(first);
    boolean empty = true;
    for (String word : Main.oneLine(text).strip().split(" +", -1)) {
      if (!empty && line.length() + 1 + word.length() > WIDTH) {
        lines.add(line.toString().stripTrailing());
        line = new StringBuilder(next);
        empty = true;
      }
      line.append(empty ? "" : " ").append(word);
      empty = false;
    }
    lines.add(line.toString().stripTrailing());
    return lines;
  }
}
