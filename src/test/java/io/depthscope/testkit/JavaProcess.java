package io.depthscope.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A main class run to its end in a virtual machine of its own, for what a process can do only once.
 *
 * @param out standard output
 * @param err standard error
 */
public record JavaProcess(int exit, String out, String err) {

  /**
   * Runs a class on this process's class path.
   *
   * @param environment added to this process's
   * @param options for Java, such as {@code -Dname=value}
   */
  public static JavaProcess run(
      Map<String, String> environment, List<String> options, Class<?> main, String... args) {
    return run(List.of(), environment, options, main, args);
  }

  /**
   * Runs a class through another program.
   *
   * @param launcher program and arguments that Java's command line is appended to; may be empty
   */
  public static JavaProcess run(
      List<String> launcher,
      Map<String, String> environment,
      List<String> options,
      Class<?> main,
      String... args) {
    List<String> command = new ArrayList<>(launcher);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx512m",
            "-cp",
            System.getProperty("java.class.path")));
    command.addAll(options); // the last of an option wins
    command.add(main.getName());
    command.addAll(List.of(args));
    try {
      Path out = Files.createTempFile("out", ".txt");
      Path err = Files.createTempFile("err", ".txt");
      try {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        int exit =
            builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start().waitFor();
        return new JavaProcess(
            exit,
            Files.readString(out, StandardCharsets.UTF_8),
            Files.readString(err, StandardCharsets.UTF_8));
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
