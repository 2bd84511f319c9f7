package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.exchange.onnx.OnnxModel;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every small ONNX file gives ONNX Runtime's outputs, a quantized one in its quantized stream;
 * tools/golden/onnx_models.py made them.
 */
class OnnxRuntimeTest {
  static final SmallModels MODELS = new SmallModels("test-data/onnx", ".onnx", OnnxModel::load);

  static List<String> names() throws IOException {
    return MODELS.names();
  }

  @Test
  void areThere() throws IOException {
    assertTrue(names().size() >= 60, "only " + names().size());
  }

  @ParameterizedTest
  @MethodSource("names")
  void givesTheOutputsOfOnnxRuntime(String name) throws Exception {
    MODELS.check(name);
  }
}
