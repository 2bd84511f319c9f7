package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line in a process of its own, to be killed. */
final class StartedProgram {
  private static final String ERRORS = "err.txt";

  private StartedProgram() {}

  /**
   * Starts it, and waits for a file that it writes.
   *
   * @param logs folder for what it prints
   */
  static Process until(Path awaited, Path logs, List<?> args)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "-Djava.awt.headless=true",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    args.forEach(a -> command.add(a.toString()));
    Process child =
        new ProcessBuilder(command)
            .redirectOutput(logs.resolve("out.txt").toFile())
            .redirectError(logs.resolve(ERRORS).toFile())
            .start();
    while (!Files.exists(awaited)) {
      assertTrue(child.isAlive(), () -> "it ended by itself: " + errors(logs));
      Thread.sleep(5);
    }
    return child;
  }

  /** What it has printed on standard error. */
  static String errors(Path logs) {
    try {
      return Files.readString(logs.resolve(ERRORS), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
