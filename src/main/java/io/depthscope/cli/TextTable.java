package io.depthscope.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A table in plain text: the first column to the left, numbers to the right. */
final class TextTable {
  private static final int LONGEST = 56;
  private static final String CUT = "...";

  private final List<String[]> rows = new ArrayList<>();
  private final int leftColumns;

  /**
   * @param leftColumns columns that are text
   */
  TextTable(int leftColumns, String... header) {
    this.leftColumns = leftColumns;
    rows.add(header);
  }

  /**
   * Adds a row; what could drive a terminal, in a name from a file, becomes a space, and a long
   * name in front is shortened.
   */
  void row(String... cells) {
    if (cells.length != rows.getFirst().length) {
      throw new IllegalArgumentException("a row of " + cells.length + " cells");
    }
    String[] row = Arrays.stream(cells).map(Main::oneLine).toArray(String[]::new);
    row[0] = shortened(row[0]);
    rows.add(row);
  }

  /**
   * A name that leaves room for what is said of it: of those that a converter joined, the first;
   * else its beginning and its end.
   */
  static String shortened(String name) {
    if (name.length() <= LONGEST) {
      return name;
    }
    int joined = name.indexOf(';');
    if (joined > 0) {
      return shortened(name.substring(0, joined)) + ";" + CUT;
    }
    int kept = LONGEST - CUT.length();
    return name.substring(0, kept / 2) + CUT + name.substring(name.length() - (kept - kept / 2));
  }

  List<String> lines() {
    int columns = rows.getFirst().length;
    int[] width = new int[columns];
    for (String[] row : rows) {
      for (int c = 0; c < columns; c++) {
        width[c] = Math.max(width[c], row[c].length());
      }
    }
    List<String> out = new ArrayList<>();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String gap = " ".repeat(width[c] - row[c].length());
        line.append(c == 0 ? "" : "  ").append(c < leftColumns ? row[c] + gap : gap + row[c]);
      }
      out.add(line.toString().stripTrailing());
    }
    return out;
  }
}
