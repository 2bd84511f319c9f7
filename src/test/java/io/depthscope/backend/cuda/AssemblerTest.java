package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** NVIDIA's assembler takes the committed PTX for each architecture, and finds registers enough. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // the images are assembled once
class AssemblerTest {
  private static final Path COMMITTED = Path.of("bench/results/ptx");

  /** Kernels that may use local memory: none. A name here needs a reason beside it. */
  private static final TreeSet<String> ALLOWED_LOCAL = new TreeSet<>();

  private List<PtxImage> images;
  private RegisterReport report;

  @BeforeAll
  void assemble() throws IOException {
    images = PtxImage.readAll(Path.of("kernels/ptx"));
    report = RegisterReport.assemble(images, PtxAssembler.ARCHITECTURES);
    report.write(Path.of("target/ptx-report"));
  }

  @Test
  void assemblesEveryKernelForEveryArchitecture() {
    Set<String> kernels =
        images.stream().flatMap(i -> i.kernels().keySet().stream()).collect(Collectors.toSet());
    assertTrue(kernels.size() >= 40, () -> "only " + kernels.size() + " kernels");
    for (int architecture : PtxAssembler.ARCHITECTURES) {
      assertEquals(
          kernels,
          report.uses().stream()
              .filter(u -> u.architecture() == architecture)
              .map(KernelUse::kernel)
              .collect(Collectors.toSet()));
    }
    for (KernelUse use : report.uses()) {
      assertTrue(use.blocks() >= 1, () -> use + " does not fit on a multiprocessor");
      assertTrue(use.sharedBytes() <= PtxImage.SHARED_LIMIT, use::toString);
    }
  }

  @Test
  void noKernelUsesLocalMemory() {
    assertEquals(List.of(), report.localMemory(ALLOWED_LOCAL));
    for (String name : ALLOWED_LOCAL) {
      assertTrue(
          report.uses().stream().anyMatch(u -> u.kernel().equals(name) && u.usesLocalMemory()),
          () -> name + " needs no exception any more");
    }
  }

  @Test
  void theCommittedReportIsOfTheseImages() throws IOException {
    String hint = "run tools/build-kernels --report and commit";
    assertEquals(report.json(), Files.readString(COMMITTED.resolve("registers.json")), hint);
    assertEquals(report.markdown(), Files.readString(COMMITTED.resolve("registers.md")), hint);
  }

  /** 40 values live at once, and 32 registers: it must spill. */
  @Test
  void findsSpills() {
    StringBuilder body = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      body.append("ld.volatile.global.f32 %f")
          .append(i)
          .append(", [%rd1+")
          .append(4 * i)
          .append("];\n");
    }
    body.append("bar.sync 0;\n");
    for (int i = 0; i < 40; i++) {
      body.append("st.volatile.global.f32 [%rd1+")
          .append(4 * i)
          .append("], %f")
          .append(39 - i)
          .append(";\n");
    }
    PtxImage image = planted(".maxntid 1024, 1, 1\n.minnctapersm 2\n", body.toString());
    List<String> found = RegisterReport.assemble(List.of(image), 90).localMemory(new TreeSet<>());
    assertEquals(1, found.size());
    assertTrue(
        found.get(0).matches("planted on sm_90: .* [1-9]\\d* spilled, 32 registers"),
        found::toString);
    assertEquals(
        List.of(),
        RegisterReport.assemble(List.of(image), 90).localMemory(new TreeSet<>(Set.of("planted"))));
  }

  @Test
  void findsStackFrames() {
    String body =
        """
        .local .align 4 .b8 array[64];
        mov.u32 %r1, %tid.x;
        mul.wide.u32 %rd2, %r1, 4;
        mov.u64 %rd3, array;
        add.s64 %rd3, %rd3, %rd2;
        st.local.u32 [%rd3], %r1;
        bar.sync 0;
        ld.local.u32 %r2, [array+8];
        st.global.u32 [%rd1], %r2;
        """;
    PtxImage image = planted(".maxntid 16, 1, 1\n", body);
    List<String> found = RegisterReport.assemble(List.of(image), 75).localMemory(new TreeSet<>());
    assertEquals(1, found.size());
    assertTrue(
        found.get(0).startsWith("planted on sm_75: 64 bytes of stack, 0 spilled"), found::toString);
  }

  @Test
  void refusesWhatIsNotPtx() {
    PtxImage image = planted(".maxntid 32, 1, 1\n", "add.rn.f32 %f1, %f2;\n");
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> PtxAssembler.assemble(image.name(), image.text(), 75));
    assertTrue(e.getMessage().startsWith("sm_75/planted.ptx for sm_75: "), e::getMessage);
    assertTrue(e.getMessage().contains("line 10"), e::getMessage);
  }

  @Test
  void theNewestImageThatAnArchitectureTakesIsAssembled() {
    PtxImage baseline = planted(".maxntid 32, 1, 1\n", "");
    PtxImage newer =
        new PtxImage(
            "sm_80/planted.ptx",
            planted(".maxntid 64, 1, 1\n", "")
                .text()
                .replace("6.3", "7.0")
                .replace("sm_75", "sm_80"));
    RegisterReport both = RegisterReport.assemble(List.of(baseline, newer), 75, 80, 90);
    assertEquals(List.of(32, 64, 64), both.uses().stream().map(KernelUse::threads).toList());
  }

  @Test
  void readsTheLogOfTheToolkitsAssembler() {
    String log =
        """
        ptxas info    : 0 bytes gmem
        ptxas info    : Compiling entry function 'a' for 'sm_120'
        ptxas info    : Function properties for a
            8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
        ptxas info    : Function properties for called
            16 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
        ptxas info    : Used 34 registers, used 1 barriers, 24 bytes cumulative stack size, 2048 bytes smem
        ptxas info    : Compile time = 25.430 ms
        ptxas info    : Compiling entry function 'b' for 'sm_90a'
        ptxas info    : Function properties for b
            0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
        ptxas info    : Used 8 registers, 412 bytes cmem[0]
        """;
    assertEquals(
        List.of(
            new KernelUse("a", 120, 128, 34, 24, 16, 2048), new KernelUse("b", 90, 32, 8, 0, 0, 0)),
        KernelUse.parse(log, Map.of("a", 128, "b", 32)));
    assertThrows(IllegalArgumentException.class, () -> KernelUse.parse(log, Map.of("a", 128)));
  }

  /** Against NVIDIA's occupancy tables. */
  @ParameterizedTest
  @CsvSource({
    // sm, threads, registers, shared, blocks
    "75, 256, 32, 0, 4", // warps
    "75, 32, 32, 0, 16", // blocks
    "75, 256, 65, 0, 3", // registers
    "75, 256, 32, 32768, 2", // shared memory
    "75, 256, 32, 32769, 1",
    "80, 256, 32, 0, 8",
    "80, 256, 64, 0, 4",
    "80, 256, 128, 0, 2",
    "80, 256, 255, 0, 1",
    "80, 128, 32, 40960, 4",
    "86, 256, 32, 0, 6",
    "86, 32, 16, 0, 16",
    "89, 32, 16, 0, 24",
    "90, 1024, 32, 0, 2",
    "90, 256, 32, 49152, 4",
    "90, 224, 168, 0, 1",
    "90, 384, 168, 0, 1",
    "120, 128, 40, 0, 12",
    "61, 128, 40, 0, 0",
  })
  void countsTheBlocksOfAMultiprocessor(
      int architecture, int threads, int registers, int shared, int blocks) {
    KernelUse use = new KernelUse("k", architecture, threads, registers, 0, 0, shared);
    assertEquals(blocks, use.blocks());
    assertEquals(blocks * ((threads + 31) / 32), use.warps());
  }

  private static PtxImage planted(String directives, String body) {
    return new PtxImage(
        "sm_75/planted.ptx",
        ".version 6.3\n.target sm_75\n.address_size 64\n.visible .entry planted(\n.param .u64 p)\n"
            + directives
            + "{\n.reg .f32 %f<40>; .reg .b32 %r<4>; .reg .b64 %rd<4>;\n"
            + "ld.param.u64 %rd1, [p];\n"
            + body
            + "ret;\n}\n");
  }
}
