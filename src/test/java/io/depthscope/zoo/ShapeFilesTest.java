package io.depthscope.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.graph.Graph;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
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
    assertEquals(expected(family.graph(), padding), lines);
  }

  private static List<String> expected(Graph graph, String padding) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < graph.size(); i++) {
      if (graph.node(i).op().hasWeights()) {
        Shape in = graph.inputShapes(i).getFirst();
        Window g = ((Op.Convolution) graph.node(i).op()).window();
        lines.add(
            String.join(
                " ",
                graph.node(i).name(),
                graph.word(i),
                Integer.toString(in.height()),
                Integer.toString(in.width()),
                Integer.toString(in.channels()),
                Integer.toString(graph.channels(i)),
                Integer.toString(g.kernelH()),
                Integer.toString(g.strideH()),
                padding));
      }
    }
    return lines;
  }
}
