package io.depthscope.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.graph.Graph;
import io.depthscope.verification.LayerCase;
import io.depthscope.verification.LayerFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The benchmarks' shape files describe the networks that the program builds. */
final class ShapeFilesTest {

  static Stream<Arguments> files() {
    return Stream.of(
        Arguments.of("mobilenet_v1", MobileNetV1.keras(1, 224, 1000)),
        Arguments.of("dws_cnn", SmallCnn.standard(SmallCnn.Kind.DEPTHWISE_SEPARABLE)),
        Arguments.of("regular_cnn", SmallCnn.standard(SmallCnn.Kind.REGULAR)));
  }

  @ParameterizedTest
  @MethodSource("files")
  void aFileListsTheWeightedLayers(String file, NetworkFamily family) throws IOException {
    Graph graph = family.graph();
    List<LayerCase> expected =
        IntStream.range(0, graph.size())
            .filter(i -> graph.node(i).op().hasWeights())
            .mapToObj(i -> LayerCase.of(graph, i))
            .toList();
    assertEquals(expected, LayerFile.read(Path.of("bench", "shapes", file + ".txt")));
  }
}
