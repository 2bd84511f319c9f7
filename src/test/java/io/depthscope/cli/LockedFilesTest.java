package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.depthscope.testkit.CommandLines;
import io.depthscope.testkit.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What may not be read or written is said in words, and which it is. */
@EnabledOnOs(OS.LINUX)
class LockedFilesTest {
  /** Takes from root what lets it pass over permissions. */
  private static final List<String> WITHOUT_PRIVILEGE =
      List.of(
          "setpriv",
          "--bounding-set=-dac_override,-dac_read_search",
          "--inh-caps=-dac_override,-dac_read_search");

  @TempDir private Path folder;
  private final List<Path> locked = new ArrayList<>();

  private Path lock(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    locked.add(file);
    return file;
  }

  @AfterEach
  void unlock() throws IOException {
    for (Path file : locked.reversed()) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }
  }

  private static List<String> launcher() throws IOException, InterruptedException {
    if (!"root".equals(System.getProperty("user.name"))) {
      return List.of();
    }
    boolean possible;
    try {
      List<String> probe = new ArrayList<>(WITHOUT_PRIVILEGE);
      probe.add("true");
      possible = new ProcessBuilder(probe).start().waitFor() == 0;
    } catch (IOException e) {
      possible = false;
    }
    assumeTrue(possible, "root passes over permissions, and setpriv cannot take that away");
    return WITHOUT_PRIVILEGE;
  }

  @Test
  void theReasonIsThePermission() throws IOException, InterruptedException {
    List<String> launcher = launcher();
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 2);
    lock(images.resolve("class3/image 1.png"));
    Path lockedClass = ImageFiles.tenClasses(folder.resolve("lockedClass"), 1);
    lock(lockedClass.resolve("class4"));
    Path lockedRoot = lock(ImageFiles.tenClasses(folder.resolve("lockedRoot"), 1));
    Path model =
        lock(
            Files.copy(
                Path.of("test-data/models/dws-cnn-synthetic.safetensors"),
                folder.resolve("m.safetensors")));
    Path synsets = lock(Files.writeString(folder.resolve("synsets.txt"), "class0\n"));
    Path data = lock(Files.writeString(folder.resolve("data.bin"), "x"));
    Path run = lock(Files.createDirectory(folder.resolve("run")));
    Path inLocked = run.resolve("inner");
    Path out = folder.resolve("out");
    String analyze = "analyze|--quiet|--backend|cpu|--calibrate|2|--limit|8|--out|" + out + "|";
    String[] lines = {
      analyze + "--data|" + images,
      analyze + "--data|" + lockedClass,
      analyze + "--data|" + lockedRoot,
      analyze + "--data|" + data,
      analyze + "--data|" + inLocked,
      analyze + "--data|" + images + "|--synsets|" + synsets,
      analyze + "--model|" + model,
      "analyze|--quiet|--limit|8|--out|" + out + "|--overwrite|--quantization|" + synsets,
      "inspect|--model|" + inLocked,
      "analyze|--quiet|--data|synthetic:5|--out|" + run,
      "analyze|--quiet|--data|synthetic:5|--out|" + inLocked,
      "study|--quiet|--data|synthetic:5|--out|" + inLocked,
      "pack|--quiet|--data|synthetic:5|--out|" + inLocked,
      "findings|" + run,
      "findings|" + inLocked,
      "report|" + inLocked,
      "plot|" + inLocked + "|--figure|gain",
      "compare|" + run + "|" + run
    };
    JavaProcess process = JavaProcess.run(launcher, Map.of(), List.of(), CommandLines.class, lines);
    List<String> results = CommandLines.results(process);
    assertEquals(lines.length, results.size(), process::toString);
    for (int i = 0; i < lines.length; i++) {
      String what = lines[i] + " -> " + results.get(i);
      assertFalse(results.get(i).contains("Exception"), what);
      assertTrue(results.get(i).contains("permission denied"), what);
      assertTrue(results.get(i).startsWith("1 depthscope: ") || i == 0, what);
    }
    assertTrue(
        results
            .getFirst()
            .startsWith("0 depthscope: skipped class3/image 1.png: permission denied"),
        results.getFirst());
  }
}
