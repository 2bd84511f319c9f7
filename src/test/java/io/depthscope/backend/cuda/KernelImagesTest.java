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
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The committed PTX is what the sources say, and computes as they say. */
class KernelImagesTest {
  private static final Path KERNELS = Path.of("kernels");
  private static final Path IMAGES = KERNELS.resolve("ptx");

  /** The oldest instruction set an architecture is built with. */
  private static final Map<Integer, String> VERSIONS = Map.of(75, "6.3", 80, "7.0");

  private static final String HEAD = "// a header\n\n.version 6.3\n.target sm_75\n\n";

  private static final String KERNEL =
      """
      .shared .align 16 .b8 tile[49152];
      .weak .shared .align 4 .u32 count;
      .visible .entry ds_k(
      \t.param .u64 ds_k_param_0
      )
      .maxntid 256, 1, 1
      {
      \tmov.u64 \t%rd1, tile;
      \t@%p1 add.rn.f32 \t%f1, %f2, %f3;
      \tfma.rn.f64 \t%fd1, %fd2, %fd3, %fd4;
      \tdiv.rn.f32 \t%f4, %f1, %f2;
      \tmul.lo.s32 \t%r1, %r2, %r3;
      \tret;
      }
      """;

  /** What a run of the build script did. */
  private record Build(int status, String output) {}

  @Test
  void areNotStale() throws IOException {
    List<PtxImage> images = PtxImage.readAll(IMAGES);
    assertTrue(images.size() >= 9, () -> "only " + images.size() + " images");
    assertEquals(
        List.of(), KernelSources.stale(KERNELS, images), "run tools/build-kernels and commit");
  }

  @Test
  void roundLikeTheSourcesAndFitEveryDevice() throws IOException {
    List<String> faults = new ArrayList<>();
    int kernels = 0;
    for (PtxImage image : PtxImage.readAll(IMAGES)) {
      faults.addAll(image.faults(VERSIONS.get(image.architecture())));
      kernels += image.kernels().size();
    }
    assertEquals(List.of(), faults);
    assertTrue(kernels >= 40, "only " + kernels + " kernels were seen");
  }

  /** Only where the one clang that writes these bytes is installed, as in CI. */
  @Test
  void areTheBytesThatTheCompilerWrites() throws Exception {
    Path again = Path.of("target/ptx-rebuilt");
    Build build = build("--out", again.toString());
    assumeTrue(build.status != 3, build.output); // 3: no such compiler here
    assertEquals(0, build.status, build.output);
    Map<String, String> expected = new TreeMap<>();
    PtxImage.readAll(IMAGES).forEach(i -> expected.put(i.name(), i.text()));
    List<String> different = new ArrayList<>();
    for (PtxImage image : PtxImage.readAll(again)) {
      if (!image.text().equals(expected.remove(image.name()))) {
        different.add(image.name());
      }
    }
    different.addAll(expected.keySet());
    assertEquals(List.of(), different, "run tools/build-kernels and commit");
  }

  @Test
  void acceptsWhatIsAsItShouldBe() {
    PtxImage image = new PtxImage("sm_75/k.ptx", HEAD + KERNEL);
    assertEquals(List.of(), image.faults("6.3"));
    assertEquals(Map.of("ds_k", 49152), image.sharedBytes());
    assertEquals(Map.of("ds_k", 256), image.threads());
    assertEquals("k.cu", image.source());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          add.rn.f32      | add.rn.ftz.f32  | flushes subnormals
          add.rn.f32      | add.f32         | may be fused
          add.rn.f32      | mul.f32         | may be fused
          add.rn.f32      | sub.f32         | may be fused
          add.rn.f32      | add.rz.f32      | may be fused
          fma.rn.f64      | mul.f64         | may be fused
          fma.rn.f64      | fma.rz.f64      | may be fused
          div.rn.f32      | div.approx.f32  | is approximate
          div.rn.f32      | div.full.f32    | is approximate
          div.rn.f32      | ex2.approx.f32  | is approximate
          div.rn.f32      | rsqrt.approx.f64 | is approximate
          div.rn.f32      | sqrt.approx.f32 | is approximate
          div.rn.f32      | add.rn.f16      | is of half precision
          .version 6.3    | .version 6.4    | is not of ISA 6.3
          .target sm_75   | .target sm_80   | is not for sm_75
          b8 tile[49152]  | b8 tile[49168]  | 49168 bytes of shared memory
          .u64 %rd1, tile | .u64 %rd1, tile+count | 49156 bytes of shared memory
          .maxntid 256, 1, 1 | .maxntid 16, 16, 1 | no launch bounds
          .visible .entry | .visible .func  | has no kernel
          """)
  void findsFaults(String good, String bad, String fault) {
    String text = (HEAD + KERNEL).replace("\t%", " %").replace("\t", "").replace("  ", " ");
    assertTrue(text.contains(good), () -> good + " is not in " + text);
    List<String> faults = new PtxImage("sm_75/k.ptx", text.replace(good, bad)).faults("6.3");
    assertEquals(1, faults.stream().filter(f -> f.contains(fault)).count(), faults::toString);
  }

  @Test
  void findsStaleImages(@TempDir Path folder) throws Exception {
    copyFolder(KERNELS, folder);
    Path images = folder.resolve("ptx");
    Path pool = images.resolve("sm_75/pool.ptx");
    assertEquals(List.of(), staleByBoth(folder));

    append(folder.resolve("pool.cu"), "// changed\n");
    assertEquals(List.of("sm_75/pool.ptx is older than its sources"), staleByBoth(folder));

    Files.delete(pool);
    assertEquals(List.of("sm_75/pool.ptx is missing"), staleByBoth(folder));

    Files.copy(IMAGES.resolve("sm_75/pool.ptx"), pool);
    Files.delete(folder.resolve("pool.cu"));
    assertEquals(List.of("sm_75/pool.ptx has no source"), staleByBoth(folder));

    Files.delete(pool);
    append(folder.resolve("elementwise.cu"), "// Images: sm_75 sm_80\n");
    assertEquals(
        List.of(
            "sm_75/elementwise.ptx is older than its sources", "sm_80/elementwise.ptx is missing"),
        staleByBoth(folder));

    append(folder.resolve("common/cuda_language.cuh"), "// changed\n");
    int sources = PtxImage.readAll(images).size();
    assertEquals(sources + 1, staleByBoth(folder).size()); // all of them, and the missing one
  }

  /** The lines of this test's own check, after the script's have been seen to be the same. */
  private static List<String> staleByBoth(Path kernels) throws Exception {
    List<String> stale = KernelSources.stale(kernels, PtxImage.readAll(kernels.resolve("ptx")));
    Build check = build("--check", "--kernels", kernels.toString());
    if (check.status != 3) { // 3: no Python here
      String expected =
          String.join(
              "",
              stale.stream()
                  .map(s -> "build-kernels: " + s + "; run tools/build-kernels\n")
                  .sorted()
                  .toList());
      assertEquals(
          expected, String.join("", check.output.lines().map(l -> l + "\n").sorted().toList()));
      assertEquals(stale.isEmpty() ? 0 : 1, check.status);
    }
    return stale;
  }

  private static Build build(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("tools/build-kernels"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Build(process.waitFor(), output);
  }

  private static void append(Path file, String text) throws IOException {
    Files.writeString(file, Files.readString(file) + text);
  }

  private static void copyFolder(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
        }
      }
    }
  }
}
