package io.depthscope.report.figure;

import java.util.ArrayList;
import java.util.List;

/**
 * What stands above a figure: title, subtitle and legend.
 *
 * @param note a line below everything; empty for none
 */
record Heading(String title, String subtitle, List<LegendEntry> legend, String note) {
  private static final double MARGIN = 16;
  private static final double ROW = 20;
  private static final double BETWEEN = 22;
  private static final double SMALLEST_TITLE = 13;

  /** Fills the ground and writes the heading; returns where the rest of the page begins. */
  double draw(Page page) {
    Theme theme = page.theme();
    page.canvas().fill(Page.rectangle(0, 0, page.width(), page.height()), theme.background(), true);
    double place = page.width() - 2 * MARGIN;
    double size = Page.LARGE;
    while (size > SMALLEST_TITLE && page.typeface().width(title, size) > place) {
      size -= 0.5;
    }
    double y = 30;
    page.text(
        page.typeface().shortened(title, size, place),
        MARGIN,
        y,
        size,
        theme.text(),
        Page.Anchor.START);
    for (String line : wrapped(page, subtitle, place)) {
      y += 19;
      page.text(line, MARGIN, y, Page.MEDIUM, theme.muted(), Page.Anchor.START);
    }
    y += 8;
    double x = MARGIN;
    boolean begun = false;
    for (LegendEntry entry : legend) {
      double width = Math.min(entry.width(page), place);
      if (!begun || x + width > page.width() - MARGIN) {
        begun = true;
        x = MARGIN;
        y += ROW;
      }
      entry.draw(page, x, y - 6, place);
      x += width + BETWEEN;
    }
    return y + 12;
  }

  /** Writes the note; returns where the rest of the page ends. */
  double drawNote(Page page) {
    double bottom = page.height() - 10;
    if (note.isEmpty()) {
      return bottom;
    }
    List<String> lines = wrapped(page, note, page.width() - 2 * MARGIN);
    for (String line : lines.reversed()) {
      page.text(line, MARGIN, bottom - 2, Page.SMALL, page.theme().muted(), Page.Anchor.START);
      bottom -= 16;
    }
    return bottom;
  }

  private static List<String> wrapped(Page page, String text, double place) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      String longer = line.isEmpty() ? word : line + " " + word;
      if (!line.isEmpty() && page.typeface().width(longer, Page.MEDIUM) > place) {
        lines.add(line.toString());
        line.setLength(0);
        longer = word;
      }
      line.setLength(0);
      line.append(page.typeface().shortened(longer, Page.MEDIUM, place));
    }
    if (!line.isEmpty()) {
      lines.add(line.toString());
    }
    return lines;
  }
}
