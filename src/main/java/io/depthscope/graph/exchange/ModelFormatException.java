package io.depthscope.graph.exchange;

import java.io.IOException;

/** A model file that cannot be used. The message is one line: {@code FILE: reason}. */
public final class ModelFormatException extends IOException {
  private static final int LONGEST_NAME = 120;

  public ModelFormatException(String file, String reason) {
    this(file, reason, null);
  }

  public ModelFormatException(String file, String reason, Throwable cause) {
    super(printable(file + ": " + reason), cause);
  }

  /** A name from a file, cut to a length that fits a message. */
  public static String shortened(String name) {
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME) + "...";
  }

  /** Names come from the file: whatever could break the line or drive a terminal becomes '?'. */
  private static String printable(String text) {
    return text.codePoints()
        .map(
            c ->
                switch (Character.getType(c)) {
                  case Character.CONTROL,
                      Character.FORMAT,
                      Character.LINE_SEPARATOR,
                      Character.PARAGRAPH_SEPARATOR,
                      Character.SURROGATE,
                      Character.UNASSIGNED ->
                      '?';
                  default -> c;
                })
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
