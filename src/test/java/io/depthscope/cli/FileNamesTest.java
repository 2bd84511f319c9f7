package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.testkit.CommandLines;
import io.depthscope.testkit.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Names that are not ASCII, or no text at all; the shell makes them, since Java cannot. */
@EnabledOnOs(OS.LINUX)
class FileNamesTest {
  private static final Map<String, String> UTF_8 = Map.of("LC_ALL", "C.UTF-8");
  private static final Map<String, String> ASCII = Map.of("LC_ALL", "C");
  private static final String ANALYZE = "analyze|--quiet|--backend|cpu|--limit|30|--calibrate|2|";

  @TempDir private Path folder;

  private void shell(String script) throws IOException, InterruptedException {
    Process shell =
        new ProcessBuilder("sh", "-ec", script)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    assertEquals("", new String(shell.getInputStream().readAllBytes()));
    assertEquals(0, shell.waitFor());
  }

  private List<String> run(Map<String, String> locale, String... lines) {
    JavaProcess process = JavaProcess.run(locale, List.of(), CommandLines.class, lines);
    List<String> results = CommandLines.results(process);
    assertEquals(lines.length, results.size(), process::toString);
    for (String r : results) {
      assertFalse(r.contains("Exception") || r.contains("internal error"), r);
    }
    return results;
  }

  @Test
  void aFileWhoseNameIsNoTextIsSkippedWithTheReason() throws IOException, InterruptedException {
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 2);
    shell("cp 'images/class1/image 0.png' \"$(printf 'images/class1/\\377\\376.png')\"");
    shell("cp 'images/class1/image 0.png' \"$(printf 'images/class1/caf\\303\\251.png')\"");
    String line = ANALYZE + "--data|" + images + "|--out|" + folder.resolve("out");
    String skipped = run(UTF_8, line).getFirst();
    assertTrue(skipped.startsWith("0 depthscope: skipped class1/"), skipped);
    assertTrue(skipped.contains("bytes that are no text in the encoding UTF-8"), skipped);
    assertEquals(
        21, RunFiles.json(folder.resolve("out/results.json")).at("/network/images").intValue());
    String both =
        run(ASCII, ANALYZE + "--data|" + images + "|--out|" + folder.resolve("ascii")).getFirst();
    assertEquals(2, both.split("skipped class1/", -1).length - 1, both);
    assertTrue(both.contains("no text in the encoding ANSI_X3.4-1968"), both);
  }

  @Test
  void aClassFolderWhoseNameIsNoTextEndsTheRun() throws IOException, InterruptedException {
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 1);
    shell("mkdir \"$(printf 'images/caf\\303\\251')\"");
    String line = ANALYZE + "--data|" + images + "|--out|" + folder.resolve("out");
    String ascii = run(ASCII, line).getFirst();
    assertTrue(ascii.startsWith("1 depthscope: " + images), ascii);
    assertTrue(ascii.contains("class folder caf") && ascii.contains("no text"), ascii);
    String utf8 = run(UTF_8, line).getFirst();
    assertTrue(utf8.contains("11 classes"), utf8);
    assertFalse(Files.exists(folder.resolve("out")));
  }

  @Test
  void anArgumentThatIsNoTextIsRefused() throws IOException, InterruptedException {
    // The name with its bytes reaches Java through the shell alone.
    shell("mkdir \"$(printf 'x\\377')\"");
    List<String> shell = List.of("sh", "-c", "exec \"$@\" \"$(printf 'findings|x\\377')\"", "sh");
    for (Map<String, String> locale : List.of(UTF_8, ASCII)) {
      JavaProcess process = JavaProcess.run(shell, locale, List.of(), CommandLines.class);
      String result = CommandLines.results(process).getFirst();
      assertTrue(result.startsWith("2 depthscope: "), result);
      assertTrue(result.contains("RUN") && result.contains("no text in the encoding"), result);
    }
  }
}
