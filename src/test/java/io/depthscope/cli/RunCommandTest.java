package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.file.NpyReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors in and out of a network, and what inspect says of an ONNX file. */
class RunCommandTest {
  private static final Path MODELS = Path.of("test-data/onnx");
  @TempDir private Path folder;

  private CommandLineRun run(String name, Object... more) {
    Object[] first = {
      "run",
      "--model",
      MODELS.resolve(name + ".onnx"),
      "--input",
      MODELS.resolve(name + ".x.npy"),
      "--backend",
      "cpu",
      "--threads",
      "1"
    };
    Object[] all = Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return CommandLineRun.of(all);
  }

  private static float[] values(Path file) throws IOException {
    try (NpyReader in = NpyReader.open(file)) {
      return in.next((int) in.header().size());
    }
  }

  private static List<Integer> extents(Path file) throws IOException {
    try (NpyReader in = NpyReader.open(file)) {
      return in.header().extents();
    }
  }

  private static List<String> files(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void writesTheFilesOutputsBehindTheCut() throws IOException {
    Path out = folder.resolve("out");
    run("detector", "--out", out).succeeds();
    List<String> made = files(out.resolve("fp32"));
    assertEquals(2, made.size());
    assertEquals(made, files(out.resolve("quantized")), "no codes of what is computed behind");
    JsonNode list = new ObjectMapper().readTree(out.resolve("tensors.json").toFile());
    for (int k = 0; k < 2; k++) {
      Path file = out.resolve("fp32").resolve(list.at("/tensors/" + k + "/file").textValue());
      Path expected = MODELS.resolve("detector.y" + k + ".npy");
      assertEquals(extents(expected), extents(file));
      float[] wanted = values(expected);
      float[] got = values(file);
      assertEquals(wanted.length, got.length);
      for (int i = 0; i < got.length; i++) {
        double allowed = 1e-4 + 1e-5 * Math.abs(wanted[i]);
        assertTrue(Math.abs(got[i] - wanted[i]) <= allowed, k + ": " + wanted[i] + " " + got[i]);
      }
    }
  }

  @Test
  void writesEveryLayerWithItsCodes() throws IOException {
    Path out = folder.resolve("all");
    run("names", "--out", out, "--tensors", "all", "--scheme", "w8a8").succeeds();
    List<String> made = files(out.resolve("fp32"));
    assertTrue(made.contains("block_conv.npy") && made.contains("x.npy"), made::toString);
    assertArrayEquals(values(MODELS.resolve("names.x.npy")), values(out.resolve("fp32/x.npy")));
    JsonNode list = new ObjectMapper().readTree(out.resolve("tensors.json").toFile());
    int coded = 0;
    for (JsonNode tensor : list.get("tensors")) {
      if (!tensor.has("scale")) {
        continue;
      }
      String name = tensor.get("file").textValue().replace(".npy", "");
      float[] x = values(out.resolve("quantized").resolve(name + ".npy"));
      float[] codes = values(out.resolve("quantized").resolve(name + ".codes.npy"));
      for (int i = 0; i < x.length; i++) {
        float back =
            (codes[i] - tensor.get("zeroPoint").intValue()) * tensor.get("scale").floatValue();
        assertEquals(back, x[i], name + " at " + i);
      }
      coded++;
    }
    assertEquals(4, coded, "the input and three convolutions");
  }

  @Test
  void takesOpenExtentsFromTheInput() {
    run("reshape_by_shape", "--out", folder.resolve("open")).succeeds();
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    Path out = folder.resolve("bad");
    CommandLineRun.of(
            "run",
            "--model",
            MODELS.resolve("names.onnx"),
            "--input",
            MODELS.resolve("shuffle.x.npy"),
            "--out",
            out)
        .fails("names.onnx: extent 1 of its input is 3, not 6");
    CommandLineRun.of(
            "run",
            "--model",
            MODELS.resolve("names.onnx"),
            "--input",
            MODELS.resolve("names.onnx"),
            "--out",
            out)
        .fails("names.onnx: is no NumPy file (.npy)");
    Files.createDirectories(out);
    Files.writeString(out.resolve("mine"), "kept");
    CommandLineRun refused = run("names", "--out", out);
    assertEquals(2, refused.exit(), refused::toString);
    assertEquals(List.of("mine"), files(out));
  }

  @Test
  void replacesTensorsOnlyIfToldTo() {
    Path out = folder.resolve("twice");
    run("names", "--out", out).succeeds();
    assertEquals(2, run("names", "--out", out).exit());
    run("names", "--out", out, "--overwrite").succeeds();
  }

  @Test
  void whatItReadsIsNotReplaced() throws IOException {
    Path out = folder.resolve("own");
    run("names", "--out", out).succeeds();
    Path first = Files.copy(MODELS.resolve("names.x.npy"), out.resolve("fp32/own input.npy"));
    CommandLineRun refused =
        CommandLineRun.of(
            "run",
            "--model",
            MODELS.resolve("names.onnx"),
            "--input",
            first,
            "--out",
            out,
            "--overwrite");
    assertEquals(2, refused.exit(), refused::toString);
    assertTrue(refused.err().contains("own input.npy is read by this command"), refused::toString);
    assertEquals(-1, Files.mismatch(MODELS.resolve("names.x.npy"), first));
    assertTrue(Files.exists(out.resolve("tensors.json")));
  }

  @Test
  void inspectSaysWhatWasMadeOfAFile() {
    String text =
        CommandLineRun.of("inspect", "--model", MODELS.resolve("norm_behind_conv.onnx"))
            .succeeds()
            .out();
    for (String line :
        List.of(
            "fold batch norm 1 node (BatchNormalization_2)",
            "fuse clamp 1 node (Relu_3)",
            "/ 255.0 (assumed, since the file does not tell; --mean, --std, --input-range)")) {
      assertTrue(text.contains(line), text);
    }
    String cut =
        CommandLineRun.of("inspect", "--model", MODELS.resolve("detector.onnx")).succeeds().out();
    assertTrue(cut.contains("cut off Concat, Slice, Exp, Mul, Softmax "), cut);
    String row =
        CommandLineRun.of("inspect", "--model", MODELS.resolve("perceptron.onnx")).succeeds().out();
    assertTrue(row.contains("images none: the network reads 12 channels, not 3 or 1"), row);
  }

  @Test
  void refusesBrokenFilesInALine() throws IOException {
    Path broken = folder.resolve("broken.onnx");
    byte[] good = Files.readAllBytes(MODELS.resolve("names.onnx"));
    Files.write(broken, Arrays.copyOf(good, good.length / 2));
    CommandLineRun.of("inspect", "--model", broken)
        .fails("broken.onnx: is no ONNX model: it ends too early");
  }
}
