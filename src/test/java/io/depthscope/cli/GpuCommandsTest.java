package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.testkit.GpuBackend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of the GPU, on one or on the emulated driver. */
@Tag("gpu")
class GpuCommandsTest {
  private static final String SHAPES =
      """
      dw depthwise 7 7 5 5 3 2 symmetric
      pw pointwise 5 5 3 7 1 1 none
      gate multiply 5 5 3 3 - - - with=1x1x3
      join concat 5 5 6 9 - - - with=5x5x3
      wide concat 5 5 3 9 - - - with=5x5x6
      bent tanh 5 5 3 3 - - -
      image input 5 5 3 3 - - -
      grouped conv 5 5 6 6 3 1 same groups=2
      """;

  @TempDir private Path folder;

  @BeforeEach
  void aDriver() {
    GpuBackend.get();
  }

  private CommandLineRun benchKernels(Object... more) throws IOException {
    Path shapes = folder.resolve("shapes.txt");
    Files.writeString(shapes, SHAPES, StandardCharsets.UTF_8);
    List<Object> line =
        new ArrayList<>(
            List.of("bench", "kernels", "--shapes", shapes, "--batch", 3, "--repeats", 1));
    line.addAll(List.of(more));
    return CommandLineRun.of(line.toArray());
  }

  @Test
  void kernelsAreCheckedAndTimed() throws IOException {
    Path json = folder.resolve("kernels.json");
    String out = benchKernels("--json", json).succeeds().out();
    assertTrue(out.contains("image: not timed"), out);
    JsonNode rows = new ObjectMapper().readTree(json.toFile()).get("kernels");
    List<String> layers = new ArrayList<>();
    for (JsonNode row : rows) {
      layers.add(row.get("layer").textValue());
      assertEquals("ok", row.get("check").textValue(), row::toString);
      assertTrue(row.get("kernel").textValue().startsWith("ds_"), row::toString);
      assertTrue(row.get("bytes").longValue() > 0, row::toString);
    }
    assertEquals(
        List.of("dw", "pw", "gate", "join", "wide", "bent", "grouped"),
        layers.stream().distinct().toList());
  }

  @Test
  void figuresAreShownEvenWhereTheirFileCannotBeWritten() throws IOException {
    Path json = folder.resolve("missing").resolve("kernels.json");
    CommandLineRun run = benchKernels("--best", "--no-check", "--json", json);
    run.fails("cannot write " + json + ": no such file or directory");
    assertTrue(run.out().contains("ds_depthwise_conv_"), run::toString);
  }

  @Test
  void verifyNamesTheBackendAndPasses() {
    String out = CommandLineRun.of("verify", "--backend", "cuda", "--random", 5).succeeds().out();
    assertTrue(out.startsWith("verifying cuda: "), out);
    assertTrue(out.lines().toList().getLast().startsWith("PASS: "), out);
  }

  @Test
  void aMissingDeviceIsAnErrorThatListsTheOthers() {
    for (String command : List.of("analyze", "verify")) {
      CommandLineRun.of(command, "--backend", "cuda", "--device", 99)
          .fails("backend cuda is missing: no GPU has the number 99", "0 is ");
    }
    CommandLineRun.of("bench", "kernels", "--device", 99).fails("no GPU has the number 99");
  }
}
