package io.depthscope.record;

/** How a field is written in our tables. */
public final class CsvText {

  private CsvText() {}

  /** The value, in quotes where a reader would take it for more than one field. */
  public static String quoted(String value) {
    boolean plain = value.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? value : '"' + value.replace("\"", "\"\"") + '"';
  }
}
