package io.depthscope.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.Op.Unary.Function;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Functions of a value against their definitions, and the error function against known digits. */
class FormulasTest {

  /** As their definitions read, which lose digits in places. */
  private static final Map<Function, DoubleUnaryOperator> PLAIN = new EnumMap<>(Function.class);

  static {
    PLAIN.put(Function.SIGMOID, x -> 1 / (1 + Math.exp(-x)));
    PLAIN.put(Function.TANH, x -> 1 - 2 / (Math.exp(2 * x) + 1));
    PLAIN.put(Function.HARD_SWISH, x -> x * Math.min(Math.max(x + 3, 0), 6) / 6);
    PLAIN.put(Function.SILU, x -> x / (1 + Math.exp(-x)));
    PLAIN.put(Function.GELU, x -> x * (1 - ErrorFunction.complement(x / Math.sqrt(2)) / 2));
    PLAIN.put(
        Function.GELU_TANH,
        x -> x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * Math.pow(x, 3)))) / 2);
    PLAIN.put(Function.MISH, x -> x * Math.tanh(Math.log(1 + Math.exp(x))));
    PLAIN.put(Function.SOFTPLUS, x -> Math.log(1 + Math.exp(x)));
    PLAIN.put(Function.ELU, x -> x < 0 ? Math.exp(x) - 1 : x);
    PLAIN.put(Function.ERF, x -> 1 - ErrorFunction.complement(x));
    PLAIN.put(Function.ABS, x -> x < 0 ? -x : x);
    PLAIN.put(Function.EXP, x -> Math.pow(Math.E, x));
    PLAIN.put(Function.SQRT, x -> Math.pow(x, 0.5));
  }

  @ParameterizedTest
  @EnumSource(Function.class)
  void aFunctionIsItsDefinition(Function function) {
    DoubleUnaryOperator plain = PLAIN.get(function);
    for (double x = function == Function.SQRT ? 0 : -12; x <= 12; x += 0.03125) {
      double expected = plain.applyAsDouble(x);
      assertEquals(expected, function.of(x), 1e-14 * (1 + Math.abs(expected)), function + " " + x);
    }
    assertTrue(Double.isNaN(function.of(Double.NaN)), function::toString);
  }

  /** Where a plain sum would cancel. */
  @ParameterizedTest
  @CsvSource({
    "GELU,      -9,    -1.0157295653584566e-18",
    "GELU_TANH, -6,    -8.4396467e-11",
    "MISH,      -30,   -2.807286890651921e-12",
    "SOFTPLUS,  -30,    9.357622968839863e-14",
    "ELU,       -1e-12, -9.999999999995e-13",
    "ERF,       1e-10,  1.1283791670955126e-10",
    "SILU,      -40,   -1.699341702116637e-16",
  })
  void smallValuesKeepTheirDigits(Function function, double x, double expected) {
    double found = function.of(x);
    assertTrue(Math.abs(found - expected) <= 1e-6 * Math.abs(expected), function + " " + found);
  }

  @ParameterizedTest
  @CsvSource({
    "0,             1",
    "0.0009765625,  0.998898067569928185296",
    "0.125,         0.859683795198666182607",
    "0.5,           0.479500122186953462317",
    "1,             0.157299207050285130659",
    "1.75,          0.0133283287808175562278",
    "2.4375,        0.000566543254580164906451",
    "2.5,           0.000406952017444958939564",
    "2.5625,        0.000290168861673406074164",
    "3,             2.20904969985854413728e-5",
    "4,             1.54172579002800188522e-8",
    "5.5,           7.35784791797439806307e-15",
    "6.5,           3.84214832712064746988e-20",
    "10,            2.088487583762544757e-45",
    "30,            0",
    "Infinity,      0",
  })
  void theErrorFunctionHasItsDigits(double x, double complement) {
    assertEquals(complement, ErrorFunction.complement(x), 1e-15);
    assertEquals(complement, ErrorFunction.complement(x), 1e-12 * complement + 1e-300);
    assertEquals(2 - complement, ErrorFunction.complement(-x), 1e-15);
    assertEquals(1 - complement, ErrorFunction.of(x), 1e-15);
    assertEquals(complement - 1, ErrorFunction.of(-x), 1e-15);
  }

  @Test
  void theSeriesMeetsTheFraction() {
    double below = ErrorFunction.complement(Math.nextDown(2.5));
    double above = ErrorFunction.complement(2.5);
    assertEquals(above, below, 1e-12 * above);
  }
}
