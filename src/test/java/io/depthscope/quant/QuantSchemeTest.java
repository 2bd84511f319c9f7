package io.depthscope.quant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantSchemeTest {

  private static QuantScheme parse(String name) {
    return QuantScheme.parse(
        name,
        true,
        false,
        Granularity.PER_CHANNEL,
        new RangeEstimator.MinMax(),
        new RangeEstimator.MinMax());
  }

  @ParameterizedTest
  @CsvSource({"w8a8, 8, 8", "W4A8, 4, 8", "w2a16, 2, 16", "w8, 8, 0", "a8, 0, 8", "w16, 16, 0"})
  void readsBothSides(String name, int weights, int activations) {
    QuantScheme s = parse(name);
    assertEquals(weights, s.weights().map(QuantFormat::bits).orElse(0));
    assertEquals(activations, s.activations().map(QuantFormat::bits).orElse(0));
    assertTrue(s.weights().map(QuantFormat::symmetric).orElse(true));
    assertTrue(s.activations().map(f -> !f.symmetric()).orElse(true));
    assertEquals(name.toLowerCase(Locale.ROOT), s.name());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "8", "w", "a", "wa", "a8w8", "w8a8x", "w 8", "int8", "w-8", "w100", "fp32"})
  void refusesOtherForms(String name) {
    var e = assertThrows(IllegalArgumentException.class, () -> parse(name));
    assertTrue(e.getMessage().contains("'" + name + "'"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"w1a8", "w8a17", "w0", "a99"})
  void refusesOtherWidths(String name) {
    var e = assertThrows(IllegalArgumentException.class, () -> parse(name));
    assertTrue(e.getMessage().contains("2..16"), e.getMessage());
  }

  @Test
  void estimatorsAreNamed() {
    for (String name : new String[] {"min-max", "mse", "percentile:99.99", "percentile:100"}) {
      assertEquals(name, RangeEstimator.parse(name).name());
    }
    for (String name :
        new String[] {
          "",
          "max",
          "percentile",
          "percentile:",
          "percentile:x",
          "percentile:0",
          "percentile:101",
          "percentile:NaN",
          "percentile:-5"
        }) {
      assertThrows(IllegalArgumentException.class, () -> RangeEstimator.parse(name), name);
    }
  }
}
