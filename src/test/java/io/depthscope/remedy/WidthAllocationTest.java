package io.depthscope.remedy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The choice of widths against trying all, and against a bound where those are too many. */
class WidthAllocationTest {
  private static final int[] WIDTHS = {4, 8, 16};

  private static WidthAllocation.Layer layer(long weights, double... noise) {
    return new WidthAllocation.Layer(weights, noise);
  }

  private static List<WidthAllocation.Layer> random(Random random, int layers, int mostWeights) {
    List<WidthAllocation.Layer> all = new ArrayList<>();
    for (int l = 0; l < layers; l++) {
      double[] noise = new double[WIDTHS.length];
      double size = Math.exp(3 * random.nextGaussian());
      for (int w = 0; w < noise.length; w++) {
        // Not always less for more bits: measured errors need not be.
        noise[w] = size * Math.pow(4, -w * (1 + random.nextGaussian() / 2));
      }
      all.add(layer(1 + random.nextInt(mostWeights), noise));
    }
    return all;
  }

  private static long bits(List<WidthAllocation.Layer> layers, int[] chosen) {
    long bits = 0;
    for (int l = 0; l < chosen.length; l++) {
      bits += layers.get(l).weights() * WIDTHS[chosen[l]];
    }
    return bits;
  }

  private static double noise(List<WidthAllocation.Layer> layers, int[] chosen) {
    double noise = 0;
    for (int l = 0; l < chosen.length; l++) {
      noise += layers.get(l).noise()[chosen[l]];
    }
    return noise;
  }

  @Test
  void fewLayersGetTheBestOfAllChoices() {
    for (long seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      int n = 1 + random.nextInt(7);
      List<WidthAllocation.Layer> layers = random(random, n, 1 + random.nextInt(5000));
      long weights = layers.stream().mapToLong(WidthAllocation.Layer::weights).sum();
      long budget = (long) (weights * (4 + 13 * random.nextDouble()));
      double best = Double.POSITIVE_INFINITY;
      for (int all = 0; all < Math.pow(WIDTHS.length, n); all++) {
        int[] tried = new int[n];
        for (int l = 0, rest = all; l < n; l++, rest /= WIDTHS.length) {
          tried[l] = rest % WIDTHS.length;
        }
        if (bits(layers, tried) <= budget) {
          best = Math.min(best, noise(layers, tried));
        }
      }
      int[] chosen = WidthAllocation.choose(layers, WIDTHS, budget);
      assertTrue(bits(layers, chosen) <= budget, "seed " + seed);
      assertEquals(best, noise(layers, chosen), 1e-12 * best, "seed " + seed);
    }
  }

  /** Least of noise + price x bits, less price x budget: nothing within the budget is below it. */
  private static double bound(List<WidthAllocation.Layer> layers, long budget, double price) {
    double sum = -price * budget;
    for (WidthAllocation.Layer l : layers) {
      double least = Double.POSITIVE_INFINITY;
      for (int w = 0; w < WIDTHS.length; w++) {
        least = Math.min(least, l.noise()[w] + price * l.weights() * WIDTHS[w]);
      }
      sum += least;
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void manyLayersComeCloseToTheBound(long seed) {
    List<WidthAllocation.Layer> layers = random(new Random(seed), 300, 2_000_000);
    long weights = layers.stream().mapToLong(WidthAllocation.Layer::weights).sum();
    for (double mean : new double[] {4.5, 6, 8, 8.5, 12}) {
      long budget = (long) (mean * weights);
      double bound = 0;
      for (int i = -400; i < 100; i++) {
        bound = Math.max(bound, bound(layers, budget, Math.pow(10, i / 10.0)));
      }
      int[] chosen = WidthAllocation.choose(layers, WIDTHS, budget);
      assertTrue(bits(layers, chosen) <= budget, "seed " + seed + " at " + mean);
      double reached = noise(layers, chosen);
      assertTrue(
          reached <= 1.05 * bound, "seed " + seed + " at " + mean + ": " + reached + ", " + bound);
    }
  }

  @Test
  void neverWorseThanOneWidthForAll() {
    List<WidthAllocation.Layer> layers = new ArrayList<>();
    Random random = new Random(5);
    for (int l = 0; l < 200; l++) {
      layers.add(layer(1 + random.nextInt(1 << 20), 1000, 1, 1 - 1e-6 * random.nextDouble()));
    }
    long weights = layers.stream().mapToLong(WidthAllocation.Layer::weights).sum();
    int[] chosen = WidthAllocation.choose(layers, WIDTHS, 8 * weights);
    assertTrue(noise(layers, chosen) <= 200, () -> "noise " + noise(layers, chosen));
    assertTrue(bits(layers, chosen) <= 8 * weights);
  }

  @Test
  void bitsThatHelpNobodyAreNotSpent() {
    List<WidthAllocation.Layer> layers = List.of(layer(10, 0, 0, 0), layer(10, 3, 1, 1));
    assertArrayEquals(new int[] {0, 1}, WidthAllocation.choose(layers, WIDTHS, 1000));
  }

  @Test
  void aSmallLayerIsWidenedBeforeALargeOne() {
    List<WidthAllocation.Layer> layers = List.of(layer(1000, 9, 5, 0), layer(10, 9, 4, 0));
    int[] chosen = WidthAllocation.choose(layers, WIDTHS, 8 * 1010 + 80);
    assertEquals("[1, 2]", Arrays.toString(chosen));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    List<WidthAllocation.Layer> layers = List.of(layer(10, 1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> WidthAllocation.choose(layers, WIDTHS, 39));
  }
}
