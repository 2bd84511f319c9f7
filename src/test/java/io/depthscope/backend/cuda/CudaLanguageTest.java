package io.depthscope.backend.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The language that {@code cuda_language.cuh} gives to clang becomes the instructions that CUDA C++
 * would give. Runs where the compiler is installed, as in CI.
 */
class CudaLanguageTest {
  private static final Pattern PROBE = Pattern.compile("// PTX: (.*)\nKERNEL\\((\\w+)\\)");

  @SuppressWarnings("StringSplitter") // there is no empty piece at the end
  @Test
  void givesTheInstructionsOfCuda(@TempDir Path folder) throws Exception {
    String source = Files.readString(Path.of("src/test/resources/kernels/language.cu"));
    PtxImage image = compiled(folder, source);
    assertEquals(List.of(), image.faults("6.3"));

    Map<String, String> bodies = image.kernels();
    List<String> wrong = new ArrayList<>();
    Matcher probe = PROBE.matcher(source);
    while (probe.find()) {
      String kernel = probe.group(2);
      String body = bodies.remove(kernel);
      assertTrue(body != null, () -> kernel + " was not compiled");
      String[] expected = (" " + probe.group(1)).split(" not ", -1);
      for (String instruction : expected[0].strip().split(" ")) {
        if (!body.contains(instruction)) {
          wrong.add(kernel + " has no " + instruction);
        }
      }
      for (int i = 1; i < expected.length; i++) {
        if (body.contains(expected[i].strip())) {
          wrong.add(kernel + " has " + expected[i]);
        }
      }
    }
    assertEquals(List.of(), wrong);
    assertEquals(Map.of(), bodies, "kernels without a PTX comment");
    assertEquals(
        List.of(), RegisterReport.assemble(List.of(image), 75, 90).localMemory(new TreeSet<>()));
  }

  @Test
  void compilesForTheArchitecturesASourceNames(@TempDir Path folder) throws Exception {
    compiled(folder, Files.readString(Path.of("src/test/resources/kernels/language.cu")));
    Path source = folder.resolve("language.cu");
    String kernel =
        """
        #include "common/cuda_language.cuh"
        extern "C" __global__ void __launch_bounds__(32) k(int* y) { *y = __CUDA_ARCH__; }
        """;
    Files.writeString(source, "// Images: sm_75 sm_80\n" + kernel);
    assertEquals("", build(folder, 0).replaceAll("2 images, .*\n", ""));
    List<PtxImage> images = PtxImage.readAll(folder.resolve("ptx"));
    assertEquals(
        List.of("sm_75/language.ptx", "sm_80/language.ptx"),
        images.stream().map(PtxImage::name).toList());
    assertEquals(List.of(), images.get(0).faults("6.3"));
    assertEquals(List.of(), images.get(1).faults("7.0"));
    assertTrue(images.get(1).text().contains("800"), images.get(1)::text);

    // An image that no source wants any more goes away.
    Files.writeString(source, kernel);
    build(folder, 0);
    assertEquals(1, PtxImage.readAll(folder.resolve("ptx")).size());

    Files.writeString(source, "// Images: sm_80\n" + kernel);
    assertEquals(
        "build-kernels: language.cu: images for sm_80; sm_75 must be, sm_80 may be among them\n",
        build(folder, 1));
    Files.writeString(source, kernel.replace("*y", "*z"));
    String said = build(folder, 1);
    assertTrue(said.startsWith("build-kernels: language.cu does not compile for sm_75:\n"), said);
    assertTrue(said.contains("language.cu:2:"), said);
  }

  /** Skips the test where there is no clang. */
  private static PtxImage compiled(Path folder, String source) throws Exception {
    Files.createDirectories(folder.resolve("common"));
    Path header = Path.of("common/cuda_language.cuh");
    Files.copy(Path.of("kernels").resolve(header), folder.resolve(header));
    Files.writeString(folder.resolve("language.cu"), source);
    build(folder, 0);
    return PtxImage.readAll(folder.resolve("ptx")).get(0);
  }

  private static String build(Path folder, int status) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("tools/build-kernels", "--kernels", folder.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    int actual = process.waitFor();
    assumeTrue(actual != 3, output);
    assertEquals(status, actual, output);
    return output;
  }
}
