package io.depthscope.graph.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Formats are told by what files hold, and where that does not tell, by their names. */
class GraphFormatTest {
  @TempDir private Path folder;

  static Stream<Arguments> files() {
    return Stream.of(
        Arguments.of("onnx/silu.onnx", GraphFormat.ONNX),
        Arguments.of("tflite/conv_same.tflite", GraphFormat.TFLITE),
        Arguments.of("keras/norms.h5", GraphFormat.KERAS),
        Arguments.of("keras/windows.keras", GraphFormat.KERAS));
  }

  @ParameterizedTest
  @MethodSource("files")
  void aWrongNameDoesNotMatter(String name, GraphFormat format) throws IOException {
    Path file = Path.of("test-data").resolve(name);
    assertEquals(Optional.of(format), GraphFormat.of(file));
    for (String wrong : new String[] {"a", "a.onnx", "a.tflite", "a.safetensors"}) {
      Path copy = folder.resolve(wrong);
      Files.write(copy, Files.readAllBytes(file));
      assertEquals(Optional.of(format), GraphFormat.of(copy), wrong);
    }
  }

  @Test
  void whatTellsNothingGoesByItsName() throws IOException {
    assertEquals(Optional.of(GraphFormat.TFLITE), GraphFormat.of(folder.resolve("A.TFLITE")));
    Path empty = Files.write(folder.resolve("b.h5"), new byte[0]);
    assertEquals(Optional.of(GraphFormat.KERAS), GraphFormat.of(empty));
    assertEquals(Optional.empty(), GraphFormat.of(folder.resolve("c.safetensors")));
    Path zip = Files.write(folder.resolve("d.pt"), new byte[] {'P', 'K', 3, 4, 0, 0});
    assertEquals(Optional.empty(), GraphFormat.of(zip));
  }

  @Test
  void namesLoseTheirEnding() {
    assertEquals("net", GraphFormat.bareName(Path.of("a/net.keras")));
    assertEquals("net.v2", GraphFormat.bareName(Path.of("net.v2.tflite")));
    assertEquals("net.bin", GraphFormat.bareName(Path.of("net.bin")));
  }
}
