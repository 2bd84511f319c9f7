package io.depthscope.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A table in plain text: the first column to the left, numbers to the right. */
final class TextTable {
  private final List<String[]> rows = new ArrayList<>();
  private final int leftColumns;

  /**
   * @param leftColumns columns that are text
   */
  TextTable(int leftColumns, String... header) {
    this.leftColumns = leftColumns;
    rows.add(header);
  }

  /** Adds a row; what could drive a terminal, in a name from a file, becomes a space. */
  void row(String... cells) {
    if (cells.length != rows.getFirst().length) {
      throw new IllegalArgumentException("a row of " + cells.length + " cells");
    }
    rows.add(Arrays.stream(cells).map(Main::oneLine).toArray(String[]::new));
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
