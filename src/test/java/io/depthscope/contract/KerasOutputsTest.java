package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.keras.KerasModel;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every small Keras file gives Keras's outputs; tools/golden/keras_models.py made them. */
class KerasOutputsTest {
  private static final Map<String, SmallModels> MODELS =
      Map.of(
          ".h5", new SmallModels("test-data/keras", ".h5", KerasModel::load),
          ".keras", new SmallModels("test-data/keras", ".keras", KerasModel::load));

  /** Files with operators that cannot be lowered yet. */
  private static final Set<String> WAITING = Set.of("sampled", "slopes", "smooth", "transposed");

  private static Stream<Arguments> files(Predicate<String> which) throws IOException {
    Stream.Builder<Arguments> out = Stream.builder();
    for (String ending : MODELS.keySet()) {
      MODELS.get(ending).names().stream()
          .filter(which)
          .forEach(name -> out.add(Arguments.of(name, ending)));
    }
    return out.build();
  }

  static Stream<Arguments> files() throws IOException {
    return files(name -> !WAITING.contains(name));
  }

  static Stream<Arguments> waiting() throws IOException {
    return files(WAITING::contains);
  }

  @Test
  void areThere() throws IOException {
    assertTrue(files(name -> true).count() >= 16, "too few");
  }

  @ParameterizedTest
  @MethodSource("files")
  void givesTheOutputsOfKeras(String name, String ending) throws Exception {
    MODELS.get(ending).check(name);
  }

  @ParameterizedTest
  @MethodSource("waiting")
  void cannotRunYet(String name, String ending) {
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> MODELS.get(ending).load(name));
    assertTrue(e.getMessage().matches(".*: node .* cannot run yet"), e.getMessage());
  }
}
