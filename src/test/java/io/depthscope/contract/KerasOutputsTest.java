package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.exchange.keras.KerasModel;
import java.io.IOException;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every small Keras file gives Keras's outputs; tools/golden/keras_models.py made them. */
class KerasOutputsTest {
  static final Map<String, SmallModels> MODELS =
      Map.of(
          ".h5", new SmallModels("test-data/keras", ".h5", KerasModel::load),
          ".keras", new SmallModels("test-data/keras", ".keras", KerasModel::load));

  static Stream<Arguments> files() throws IOException {
    Stream.Builder<Arguments> out = Stream.builder();
    for (String ending : MODELS.keySet()) {
      MODELS.get(ending).names().forEach(name -> out.add(Arguments.of(name, ending)));
    }
    return out.build();
  }

  @Test
  void areThere() throws IOException {
    assertTrue(files().count() >= 16, "too few");
  }

  @ParameterizedTest
  @MethodSource("files")
  void givesTheOutputsOfKeras(String name, String ending) throws Exception {
    MODELS.get(ending).check(name);
  }
}
