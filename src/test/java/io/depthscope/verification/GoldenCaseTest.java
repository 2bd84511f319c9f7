package io.depthscope.verification;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.graph.Op;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.Range;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The plan made from a golden case holds the golden quantization, bit for bit. */
class GoldenCaseTest {

  static List<String> names() throws IOException {
    return GoldenCase.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void weightsAreQuantizedAsInTheGoldenFile(String name) throws IOException {
    GoldenCase golden = GoldenCase.read(name);
    QuantScheme scheme = golden.scheme();
    int weighted = 0;
    for (Step l : golden.planCase().plan(Recording.PAIRED).steps()) {
      String node = l.node().name();
      List<QuantParams> expected = new ArrayList<>();
      if (l.op().hasWeights() && scheme.weights().isPresent()) {
        golden
            .json()
            .get("weightParams")
            .get(node)
            .forEach(p -> expected.add(GoldenCase.params(p)));
        weighted++;
      }
      assertEquals(expected, l.kernelParams(), node);
      if (expected.isEmpty()) {
        if (!(l.op() instanceof Op.Rearrange)) { // whose constants are rounded as its input is
          assertArrayEquals(l.kernel(), l.quantizedKernel(), node);
        }
        continue;
      }
      float[] codes = golden.kernelData("weightCodes/" + node, l.index());
      int channels = l.out().channels();
      for (int i = 0; i < codes.length; i++) {
        int c = i / (codes.length / channels);
        QuantParams p = expected.get(expected.size() == 1 ? 0 : c);
        assertEquals((int) codes[i], p.quantize(l.kernel()[i]), node + " weight " + i);
        assertEquals(p.dequantize((int) codes[i]), l.quantizedKernel()[i], node + " weight " + i);
      }
    }
    assertEquals(golden.json().get("weightParams").size(), weighted);
  }

  @ParameterizedTest
  @MethodSource("names")
  void activationParametersFollowFromTheGoldenRanges(String name) throws IOException {
    GoldenCase golden = GoldenCase.read(name);
    for (var entry : golden.json().get("activationParams").properties()) {
      JsonNode p = entry.getValue();
      QuantFormat format = golden.scheme().activations().orElseThrow();
      Range range = new Range(p.get("rangeMin").asDouble(), p.get("rangeMax").asDouble());
      assertEquals(GoldenCase.params(p), QuantParams.of(range, format), entry.getKey());
    }
    long candidate =
        golden.planCase().plan(Recording.PAIRED).steps().stream()
            .filter(l -> l.output().isPresent())
            .count();
    assertEquals(golden.json().get("activationParams").size(), candidate);
  }
}
