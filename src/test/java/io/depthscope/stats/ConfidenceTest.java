package io.depthscope.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Intervals against figures of tables and against what they promise. */
class ConfidenceTest {
  private static final Confidence USUAL = new Confidence(0.95);

  @Test
  void deviationsAreThoseOfTheNormalDistribution() {
    assertEquals(1.959963984540054, USUAL.deviations(), 1e-12);
    assertEquals(0.6744897501960817, new Confidence(0.5).deviations(), 1e-12);
    assertEquals(3.890591886413094, new Confidence(0.9999).deviations(), 1e-9);
    for (double level : new double[] {0, 1, Double.NaN, -1}) {
      assertThrows(IllegalArgumentException.class, () -> new Confidence(level));
    }
  }

  /** Wilson's interval of 15 in 148 and of none in 20, as textbooks have them. */
  @Test
  void shares() {
    Interval some = USUAL.share(15, 148);
    assertEquals(0.0624, some.low(), 5e-5);
    assertEquals(0.1605, some.high(), 5e-5);
    Interval none = USUAL.share(0, 20);
    assertEquals(0, none.low());
    assertEquals(0.1611, none.high(), 5e-5);
    assertEquals(1, USUAL.share(20, 20).high());
  }

  @Test
  void aChangeNeverCloses() {
    Interval none = USUAL.change(0, 0, 100);
    assertTrue(none.low() < 0 && none.high() > 0, none::toString);
    assertEquals(-none.low(), none.high());
    assertTrue(USUAL.change(30, 5, 100).excludesZero());
    assertTrue(USUAL.change(5, 30, 100).high() < 0);
  }

  /** In 95 of 100 samples, about, the interval holds what all images have. */
  @Test
  void sqnrLiesInItsInterval() {
    Random random = new Random(7);
    int held = 0;
    int told = 0;
    int samples = 2000;
    for (int s = 0; s < samples; s++) {
      ImageEnergies signal = new ImageEnergies(1);
      ImageEnergies noise = new ImageEnergies(1);
      ImageEnergies more = new ImageEnergies(1);
      for (int i = 0; i < 80; i++) {
        double size = Math.exp(0.5 * random.nextGaussian());
        double common = Math.exp(0.5 * random.nextGaussian());
        signal.add(new double[] {size}, -1);
        noise.add(new double[] {0.01 * size * common}, -1);
        more.add(
            new double[] {0.0102 * size * common * Math.exp(0.01 * random.nextGaussian())}, -1);
      }
      double expected = 20 - 10 * Math.log10(Math.exp(0.125));
      SqnrEstimate own = SqnrEstimate.of(signal, noise, 80);
      Interval interval = own.interval(USUAL);
      held += interval.low() <= expected && expected <= interval.high() ? 1 : 0;
      told += own.above(SqnrEstimate.of(signal, more, 80), USUAL).low() > 0 ? 1 : 0;
    }
    assertTrue(held > 0.92 * samples && held < 0.975 * samples, held + " of " + samples);
    assertEquals(samples, told, "what both have in common hides no difference");
  }

  @Test
  void nothingAndNaN() {
    ImageEnergies signal = new ImageEnergies(2);
    ImageEnergies none = new ImageEnergies(2);
    ImageEnergies broken = new ImageEnergies(2);
    for (int i = 0; i < 3; i++) {
      signal.add(new double[] {4, 9}, -1);
      none.add(new double[] {0, 0}, -1);
      broken.add(new double[] {0.1, Double.NaN}, -1);
    }
    SqnrEstimate exact = SqnrEstimate.of(signal, none, 3);
    assertEquals(Double.POSITIVE_INFINITY, exact.db());
    assertEquals(0, exact.above(exact));
    assertEquals(new Interval(exact.db(), exact.db()), exact.interval(USUAL));
    assertTrue(Double.isNaN(SqnrEstimate.of(signal, broken, 3).db()));
  }
}
