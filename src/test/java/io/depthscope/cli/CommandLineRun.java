package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;

/**
 * What one command line came to, run in this virtual machine exactly as {@code main} runs it.
 *
 * @param exit exit code
 * @param out standard output
 * @param err standard error
 */
record CommandLineRun(List<String> args, int exit, String out, String err) {

  /** Runs a command line; every argument is turned into text. */
  static CommandLineRun of(Object... args) {
    String[] text = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit = Main.run(text, new PrintWriter(out, true), new PrintWriter(err, true));
    CommandLineRun run = new CommandLineRun(List.of(text), exit, out.toString(), err.toString());
    for (String trace : List.of("\tat ", "Exception", "internal error")) {
      assertFalse(run.err.contains(trace), run::toString);
      assertFalse(run.out.contains(trace), run::toString);
    }
    return run;
  }

  /** Runs {@code analyze --quiet} with more arguments. */
  static CommandLineRun analyze(Object... args) {
    return of(prepended(new Object[] {"analyze", "--quiet"}, args));
  }

  private static Object[] prepended(Object[] first, Object[] rest) {
    Object[] all = Arrays.copyOf(first, first.length + rest.length);
    System.arraycopy(rest, 0, all, first.length, rest.length);
    return all;
  }

  CommandLineRun succeeds() {
    assertEquals(0, exit, this::toString);
    return this;
  }

  /** Exit code 1 and one last line on standard error that holds all of the words. */
  CommandLineRun fails(String... words) {
    assertEquals(1, exit, this::toString);
    List<String> lines = err.lines().toList();
    assertFalse(lines.isEmpty(), this::toString);
    for (String before : lines.subList(0, lines.size() - 1)) {
      assertTrue(before.startsWith("depthscope: skipped "), this::toString);
    }
    holds(lines.getLast(), words);
    return this;
  }

  /** Exit code 2, one line on standard error that holds all of the words, and where help is. */
  CommandLineRun isMisuse(String... words) {
    assertEquals(2, exit, this::toString);
    assertEquals("", out, this::toString);
    List<String> lines = err.lines().toList();
    assertTrue(lines.size() >= 2, this::toString);
    assertTrue(lines.get(1).matches("Try 'depthscope.* --help'\\."), this::toString);
    holds(lines.getFirst(), words);
    return this;
  }

  private void holds(String line, String... words) {
    assertTrue(line.startsWith("depthscope: "), this::toString);
    for (String word : words) {
      assertTrue(line.contains(word), () -> "'" + word + "' is not in the message of " + this);
    }
  }
}
