package io.depthscope.report.figure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** Axes hold what they were made for and have a readable number of ticks. */
class ScaleTest {

  private static List<String> labels(Scale scale) {
    return scale.ticks().stream().map(Scale.Tick::label).toList();
  }

  @Test
  void ticksAreRoundNumbers() {
    assertEquals(
        List.of("\u221210", "0", "10", "20", "30", "40", "50"),
        labels(Scale.Linear.around(-1.0, 43.6)));
    assertEquals(
        List.of("0", "0.2", "0.4", "0.6", "0.8", "1.0"), labels(Scale.Linear.around(0, 1)));
    assertEquals(
        List.of("1", "10", "100", "1000", "1e4"),
        labels(Scale.Logarithmic.around(DoubleStream.of(0.7, 3, 12_000))));
    assertEquals(
        List.of("8", "16", "32", "64", "128", "256"), labels(Scale.Logarithmic.doubling(9, 255)));
    assertEquals(
        List.of("\u221210", "\u22121", "\u22120.1", "0", "0.1", "1", "10", "100"),
        labels(new Scale.SymmetricLogarithmic(-57, 224, 0.1)));
  }

  @Test
  void everyValueHasItsPlace() {
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 5000; i++) {
      double a = Math.pow(10, random.nextDouble(-30, 30)) * (random.nextBoolean() ? 1 : -1);
      double b = random.nextInt(4) == 0 ? a : a * random.nextDouble(-3, 3);
      check(Scale.Linear.around(a, b), a, b);
      check(Scale.Linear.exactly(Math.min(a, b), Math.max(a, b)), a, b);
      check(
          Scale.Logarithmic.around(DoubleStream.of(a, b).map(Math::abs)), Math.abs(a), Math.abs(b));
    }
    for (double odd : new double[] {0, 1e308, -1e308, Double.MAX_VALUE, Double.MIN_VALUE}) {
      Scale scale = Scale.Linear.around(0, odd);
      assertTrue(scale.holds(0), "0 to " + odd);
      assertFalse(scale.holds(Double.NaN) || scale.holds(Double.POSITIVE_INFINITY), "to " + odd);
    }
  }

  private static void check(Scale scale, double... values) {
    for (double v : values) {
      if (v == 0 && scale instanceof Scale.Logarithmic) {
        continue;
      }
      assertTrue(scale.holds(v), () -> v + " on " + scale);
      double share = scale.share(v);
      assertTrue(share >= -1e-6 && share <= 1 + 1e-6, () -> v + " at " + share + " on " + scale);
    }
    int ticks = scale.ticks().size();
    assertTrue(ticks >= 1 && ticks <= 20, () -> ticks + " ticks on " + scale);
  }
}
