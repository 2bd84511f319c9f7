package io.depthscope.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The benchmarks' shape files describe the networks that the program builds. */
final class ShapeFilesTest {

  static Stream<Arguments> files() {
    return Stream.of(
        Arguments.of("mobilenet_v1", "same", MobileNetV1.keras(1, 224, 1000)),
        Arguments.of("dws_cnn", "symmetric", SmallCnn.standard(SmallCnn.Kind.DEPTHWISE_SEPARABLE)),
        Arguments.of("regular_cnn", "symmetric", SmallCnn.standard(SmallCnn.Kind.REGULAR)));
  }

  @ParameterizedTest
  @MethodSource("files")
  void aFileListsTheWeightedLayers(String file, String padding, NetworkFamily family)
      throws IOException {
    List<String> lines =
        Files.readAllLines(Path.of("bench", "shapes", file + ".txt")).stream()
            .filter(l -> !l.startsWith("#"))
            .map(l -> l.strip().replaceAll(" +", " "))
            .toList();
    assertEquals(expected(family.model(), padding), lines);
  }

  private static List<String> expected(Model model, String padding) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < model.size(); i++) {
      Layer layer = model.node(i).layer();
      if (layer.hasWeights()) {
        Shape in = model.inputShapeOf(i);
        ConvGeometry g =
            switch (layer) {
              case Layer.Convolution c -> c.geometry();
              case Layer.DepthwiseConvolution c -> c.geometry();
              default -> ConvGeometry.POINTWISE;
            };
        lines.add(
            String.join(
                " ",
                model.node(i).name(),
                layer.kind(),
                Integer.toString(in.height()),
                Integer.toString(in.width()),
                Integer.toString(in.channels()),
                Integer.toString(model.channels(i)),
                Integer.toString(g.kernelH()),
                Integer.toString(g.strideH()),
                padding));
      }
    }
    return lines;
  }
}
