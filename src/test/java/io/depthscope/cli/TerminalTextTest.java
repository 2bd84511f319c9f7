package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text from files cannot drive a terminal. */
class TerminalTextTest {
  /** Code points: escape, delete, the one-byte CSI, next line, bidirectional, line separators. */
  @ParameterizedTest
  @ValueSource(ints = {0x0a, 0x1b, 0x7f, 0x9b, 0x85, 0x202e, 0x2066, 0xfeff, 0x2028, 0x2029})
  void controlsBecomeSpaces(int codePoint) {
    String control = Character.toString(codePoint);
    assertEquals("a [31mb", Main.oneLine("a" + control + control + "[31mb"));
    TextTable table = new TextTable(1, "name", "x");
    table.row("c" + control + "d", "1" + control + "2");
    assertEquals(List.of("name    x", "c d   1 2"), table.lines());
  }

  @Test
  void otherLettersStay() {
    String text = "S\u00e3o \u65e5\u672c \ud83d\ude00 \u2013";
    assertEquals(text, Main.oneLine(text));
  }
}
