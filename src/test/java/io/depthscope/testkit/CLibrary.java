package io.depthscope.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Shared libraries compiled from src/test/c. */
public final class CLibrary {
  private CLibrary() {}

  /**
   * Compiles one; the test is skipped where there is no C compiler for it.
   *
   * @param source file in src/test/c
   * @param soname name of the library, and of the file in the folder
   */
  public static Path build(String source, Path folder, String soname) {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    assumeTrue(system.equals("Linux amd64"), "JCuda is packed for Linux on x86-64 only");
    Path library = folder.resolve(soname);
    Path log = folder.resolve(soname + ".log");
    try {
      Process compiler =
          new ProcessBuilder(
                  "cc",
                  "-shared",
                  "-fPIC",
                  "-Wl,-soname," + soname,
                  "-o",
                  library.toString(),
                  Path.of("src/test/c", source).toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      assertEquals(0, compiler.waitFor(), () -> text(log));
    } catch (IOException e) {
      assumeTrue(false, "no C compiler: " + e.getMessage());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return library;
  }

  private static String text(Path log) {
    try {
      return Files.readString(log, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
