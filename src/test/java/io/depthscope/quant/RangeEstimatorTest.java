package io.depthscope.quant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.stats.BitHistogram;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RangeEstimatorTest {
  private static final QuantFormat UINT8 = QuantFormat.asymmetric(8);

  private static Range estimate(RangeEstimator estimator, float[] values, QuantFormat format) {
    BitHistogram histogram = new BitHistogram();
    histogram.add(values);
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    return estimator.estimate(new Range(sorted[0], sorted[sorted.length - 1]), histogram, format);
  }

  private static float[] sample(long seed, int n) {
    Random random = new Random(seed);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      double v =
          switch ((int) (seed % 4)) {
            case 0 -> random.nextGaussian();
            case 1 -> Math.max(0, random.nextGaussian());
            case 2 -> Math.exp(2 * random.nextGaussian());
            default -> Math.pow(random.nextGaussian(), 3) - 1;
          };
      values[i] = (float) v;
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource({"90", "99", "99.9", "100"})
  void percentileCutsHalfOfTheRestAtEitherEnd(double percent) {
    float[] values = sample(4, 100_000);
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    Range r = estimate(new RangeEstimator.Percentile(percent), values, UINT8);
    double cut = (100 - percent) / 200;
    float low = sorted[(int) Math.floor(cut * (values.length - 1))];
    float high = sorted[(int) Math.ceil((1 - cut) * (values.length - 1))];
    assertEquals(low, r.min(), 0.02 * Math.abs(low));
    assertEquals(high, r.max(), 0.02 * Math.abs(high));
    assertTrue(r.min() >= sorted[0] && r.max() <= sorted[sorted.length - 1]);
    if (percent == 100) {
      assertEquals(sorted[0], r.min());
      assertEquals(sorted[sorted.length - 1], r.max());
    }
  }

  @Test
  void percentileOfAnEmptyNegativeSideIsRight() {
    float[] values = sample(1, 10_000);
    Range r = estimate(new RangeEstimator.Percentile(99), values, UINT8);
    assertEquals(0, r.min());
    float[] positive = sample(2, 10_000);
    Range p = estimate(new RangeEstimator.Percentile(99), positive, UINT8);
    assertTrue(p.min() > 0 && p.min() < p.max());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7})
  void mseIsNeverWorseThanMinMax(long seed) {
    float[] values = sample(seed, 4_000);
    for (int bits : new int[] {2, 4, 8}) {
      for (QuantFormat format :
          new QuantFormat[] {QuantFormat.asymmetric(bits), QuantFormat.symmetric(bits)}) {
        double minMax =
            noise(values, estimate(new RangeEstimator.MinMax(), values, format), format);
        double mse =
            noise(values, estimate(new RangeEstimator.MseOptimal(), values, format), format);
        // The search sees the middles of the histogram's bins, 1.6 % apart, not the values.
        assertTrue(mse <= 1.03 * minMax, format + ": " + mse + " against " + minMax);
        if (bits <= 4 && seed % 4 == 2) {
          assertTrue(mse < 0.95 * minMax, "a long tail should be cut: " + mse + ", " + minMax);
        }
      }
    }
  }

  private static double noise(float[] values, Range range, QuantFormat format) {
    QuantParams p = QuantParams.of(range, format);
    double sum = 0;
    for (float v : values) {
      sum += Math.pow((double) p.fakeQuantize(v) - v, 2);
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(floats = {0f, 3.5f, -2f, 1e-40f})
  void aSingleValueIsKept(float value) {
    float[] values = {value, value, value};
    for (RangeEstimator e :
        new RangeEstimator[] {
          new RangeEstimator.MinMax(),
          new RangeEstimator.Percentile(99),
          new RangeEstimator.MseOptimal()
        }) {
      Range r = estimate(e, values, UINT8);
      QuantParams p = QuantParams.of(r, UINT8);
      assertEquals(value, p.fakeQuantize(value), 0.02 * Math.abs(value) + 1e-39, e.name());
    }
  }
}
