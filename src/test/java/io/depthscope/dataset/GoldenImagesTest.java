package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.dataset.Preprocessing.ChannelOrder;
import io.depthscope.dataset.Preprocessing.Mode;
import io.depthscope.file.Sha256;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Decoding and resizing agree with PIL to the byte; tools/golden_images.py made the files. */
class GoldenImagesTest {
  private static final List<Double> MIDDLE = List.of(127.5, 127.5, 127.5);
  private static final Preprocessing SHORT_SIDE =
      new Preprocessing(Mode.SHORT_SIDE, 16, 16, 14, 13, ChannelOrder.RGB, MIDDLE, MIDDLE);
  private static final Preprocessing EXACT = Preprocessing.exact(new Shape(31, 9, 3));

  static Stream<String> expected() throws IOException {
    return Files.readAllLines(TestImages.GOLDEN.resolve("expected.txt")).stream();
  }

  private static String sha256(byte[] bytes) {
    return Sha256.of(bytes);
  }

  @ParameterizedTest
  @MethodSource("expected")
  void equalsPil(String line) throws IOException {
    List<String> fields = List.of(line.split(" "));
    byte[] file = Files.readAllBytes(TestImages.GOLDEN.resolve(fields.get(0)));
    RgbImage image = new ImageDecoder(new DecodeBudget(1L << 28)).decode(file, false);
    assertEquals(fields.get(1) + "x" + fields.get(2), image.width() + "x" + image.height());
    assertEquals(fields.get(3), sha256(image.rgb()), "pixels");
    assertEquals(fields.get(4), sha256(SHORT_SIDE.toInput(image)), "short side and crop");
    assertEquals(fields.get(5), sha256(EXACT.toInput(image)), "exact resize");
    if (!fields.get(6).equals("-")) {
      RgbImage turned = new ImageDecoder(new DecodeBudget(1L << 28)).decode(file, true);
      assertEquals(fields.get(6), sha256(turned.rgb()), "turned upright");
    }
  }
}
