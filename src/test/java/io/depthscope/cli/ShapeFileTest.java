package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeFileTest {
  @TempDir private Path folder;

  private String refused(Path file) {
    String message =
        assertThrows(IOException.class, () -> ShapeFile.read(file), file::toString).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    assertEquals(1, message.lines().count(), message);
    return message.substring(file.toString().length());
  }

  @Test
  void whatCannotBeReadIsNamed() throws IOException {
    assertEquals(": no such file or directory", refused(folder.resolve("missing.txt")));
    assertTrue(refused(folder).startsWith(": "), "a folder");
    Path binary = Files.write(folder.resolve("binary.txt"), new byte[] {(byte) 0xff, 0, 1});
    assertEquals(": is no text", refused(binary));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a conv 8 8                                    | 4 fields, expected 9
          a winograd 8 8 4 4 3 1 same                   | kind 'winograd' is unknown
          a conv 8 8 4 4 3 1 full                       | padding 'full' is unknown
          a conv 8 x 4 4 3 1 same                       | 'x' is no number
          a conv 8 99999999999 4 4 3 1 same             | '99999999999' is no number
          a conv 8 0 4 4 3 1 same                       | 0 is not in 1..65536
          a conv 65536 65536 65536 4 3 1 same           | shape too large
          a conv 2 2 4 4 5 1 none                       | kernel 5x5 is larger
          a depthwise 8 8 4 8 3 1 same                  | depthwise from 4 to 8 channels
          a pointwise 8 8 4 8 3 1 same                  | pointwise with kernel 3
          a pointwise 8 8 4 8 1 2 same                  | and stride 2
          a fully-connected 3 3 4 8 1 1 none            | 3x3x4 input
          """)
  void aLineThatIsNoLayerIsNamed(String line, String reason) throws IOException {
    Path file = folder.resolve("shapes.txt");
    Files.writeString(
        file, "# one good layer\nb conv 8 8 4 4 3 1 same\n" + line, StandardCharsets.UTF_8);
    String message = refused(file);
    assertTrue(message.startsWith(" line 3: "), message);
    assertTrue(message.contains(reason), message);
  }

  @Test
  void theShapeFilesAreSound() throws IOException {
    for (String name : List.of("mobilenet_v1", "dws_cnn", "regular_cnn")) {
      assertTrue(ShapeFile.read(Path.of("bench", "shapes", name + ".txt")).size() > 5, name);
    }
  }
}
