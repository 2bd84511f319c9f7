package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.tflite.TfliteModel;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every small TFLite file gives the interpreter's outputs; tools/golden/tflite_models.py made them.
 */
class TfliteInterpreterTest {
  static final SmallModels MODELS =
      new SmallModels("test-data/tflite", ".tflite", TfliteModel::load);

  /** What ends in an operator of which the interpreter has no outputs to compare with. */
  private static final String CUT = "detection_post_process";

  static List<String> names() throws IOException {
    return MODELS.names().stream().filter(n -> !n.equals(CUT)).toList();
  }

  @Test
  void areThere() throws IOException {
    assertTrue(MODELS.names().size() >= 50, "only " + MODELS.names().size());
  }

  @ParameterizedTest
  @MethodSource("names")
  void givesTheOutputsOfTheInterpreter(String name) throws Exception {
    MODELS.check(name);
  }

  @Test
  void choosingAmongBoxesIsCutOff() throws IOException {
    LoadedModel model = MODELS.load(CUT);
    assertEquals(2, model.tensors().tail().outputs().size());
    assertTrue(
        model.settings().stream().anyMatch(s -> s.value().equals("TFLite_Detection_PostProcess")),
        model.settings()::toString);
  }
}
