package io.depthscope.report;

import java.util.List;
import java.util.Locale;

/**
 * Text on a page of several runs, with a table below it where there is one.
 *
 * @param header names of the table's columns; empty for no table
 * @param rows as many cells each as the header has
 */
public record TextSection(
    String title, List<String> paragraphs, List<String> header, List<List<String>> rows) {

  /**
   * @throws IllegalArgumentException if a row has more or fewer cells than the header
   */
  public TextSection {
    paragraphs = List.copyOf(paragraphs);
    header = List.copyOf(header);
    rows = rows.stream().map(List::copyOf).toList();
    for (List<String> row : rows) {
      if (row.size() != header.size()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "section '%s': a row of %d cells under a header of %d",
                title,
                row.size(),
                header.size()));
      }
    }
  }

  /** A section without a table. */
  public static TextSection of(String title, String... paragraphs) {
    return new TextSection(title, List.of(paragraphs), List.of(), List.of());
  }
}
