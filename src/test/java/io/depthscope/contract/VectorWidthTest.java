package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.testkit.WidthRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every vector width passes the contract, and all give the same bytes. */
class VectorWidthTest {

  @Test
  void everyWidthGivesTheSameBytes() throws IOException, InterruptedException {
    List<String> digests = new ArrayList<>();
    for (int bits : new int[] {128, 256, 512}) {
      String printed = run(bits);
      String width = line(printed, "width ");
      // A machine with shorter vectors runs the wider settings at its own width.
      assertTrue(bits != 128 || width.contains("128-bit"), width);
      digests.add(line(printed, "sha256 "));
    }
    assertEquals(64, digests.getFirst().length());
    assertEquals(digests.get(0), digests.get(1), "128 and 256 bits differ");
    assertEquals(digests.get(0), digests.get(2), "128 and 512 bits differ");
  }

  private static String run(int bits) throws IOException, InterruptedException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx1g",
                "-Ddepthscope.cpu.vectorBits=" + bits,
                "-cp",
                classPath,
                WidthRun.class.getName())
            .redirectErrorStream(true)
            .start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), bits + " bits:\n" + printed);
    return printed;
  }

  private static String line(String printed, String prefix) {
    return printed
        .lines()
        .filter(l -> l.startsWith(prefix))
        .map(l -> l.substring(prefix.length()))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no line '" + prefix + "' in:\n" + printed));
  }
}
