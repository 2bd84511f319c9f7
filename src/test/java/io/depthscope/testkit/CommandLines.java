package io.depthscope.testkit;

import io.depthscope.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/**
 * Several command lines in a virtual machine of their own, each an argument with its words
 * separated by {@code |}. Prints a line each: exit code and what went to standard error, lines
 * joined by {@code /}.
 */
public final class CommandLines {
  private CommandLines() {}

  public static void main(String[] lines) {
    for (String line : lines) {
      StringWriter err = new StringWriter();
      int exit =
          Main.run(
              line.split("\\|", -1),
              new PrintWriter(new StringWriter(), true),
              new PrintWriter(err, true));
      System.out.println(exit + " " + String.join(" / ", err.toString().lines().toList()));
    }
  }

  /** The results, in order. */
  public static List<String> results(JavaProcess process) {
    return process.out().lines().toList();
  }
}
