package io.depthscope.stats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitHistogramTest {

  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-4, 0.01, 0.1, 0.25, 0.5, 0.75, 0.99, 0.9999, 1})
  void quantilesLieInTheBinOfTheExactOnes(double fraction) {
    for (long seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      float[] values = new float[1 + random.nextInt(3000)];
      for (int i = 0; i < values.length; i++) {
        float v = (float) (random.nextGaussian() * Math.exp(3 * random.nextGaussian()));
        values[i] = seed % 3 == 0 ? Math.max(0, v) : v;
      }
      BitHistogram histogram = new BitHistogram();
      histogram.add(values);
      Arrays.sort(values);
      int wanted = Math.max(1, (int) Math.ceil(fraction * values.length));
      float exact = values[wanted - 1];
      double got = histogram.quantile(fraction);
      assertTrue(got >= exact, seed + ": " + got + " below " + exact);
      assertEquals(BitHistogram.bin(exact), BitHistogram.bin((float) got), "seed " + seed);
      assertEquals(exact, got, Math.abs(exact) / 64, "seed " + seed);
    }
  }

  @Test
  void binsAtTheEdges() {
    assertEquals(0, BitHistogram.bin(0f));
    assertEquals(0, BitHistogram.bin(Float.MIN_VALUE));
    assertEquals(BitHistogram.BINS / 2, BitHistogram.bin(-0f));
    assertEquals(127 * 64, BitHistogram.bin(1f));
    assertEquals(127 * 64 + 63, BitHistogram.bin(Math.nextDown(2f)));
    assertEquals(128 * 64, BitHistogram.bin(2f));
    assertEquals(255 * 64 - 1, BitHistogram.bin(Float.MAX_VALUE));
    assertEquals(255 * 64, BitHistogram.bin(Float.POSITIVE_INFINITY));
    assertTrue(BitHistogram.bin(Float.NaN) > 255 * 64);
    assertEquals(0, BitHistogram.representative(0));
    assertEquals(0, BitHistogram.representative(BitHistogram.BINS / 2));
    for (int bin : BitHistogram.ascendingBins()) {
      assertEquals(bin, BitHistogram.bin(BitHistogram.inner(bin)));
      assertEquals(bin, BitHistogram.bin(BitHistogram.outer(bin)));
    }
  }

  @Test
  void binsAscend() {
    double before = Double.NEGATIVE_INFINITY;
    for (int bin : BitHistogram.ascendingBins()) {
      double low = Math.min(BitHistogram.inner(bin), BitHistogram.outer(bin));
      assertTrue(low >= before, "bin " + bin);
      before = Math.max(BitHistogram.inner(bin), BitHistogram.outer(bin));
    }
  }

  @Test
  void nonFiniteValuesCountButHaveNoQuantile() {
    BitHistogram h = new BitHistogram();
    h.add(
        new float[] {1, 2, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN});
    assertEquals(6, h.count());
    assertEquals(2, h.finiteCount());
    assertEquals(BitHistogram.bin(2), BitHistogram.bin((float) h.quantile(1)));
    assertTrue(Double.isNaN(new BitHistogram().quantile(0.5)));
    assertThrows(IllegalArgumentException.class, () -> h.quantile(1.1));
    assertThrows(IllegalArgumentException.class, () -> h.quantile(Double.NaN));
  }

  @Test
  void mergingAdds() {
    BitHistogram a = new BitHistogram();
    BitHistogram b = new BitHistogram();
    BitHistogram both = new BitHistogram();
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      float v = (float) random.nextGaussian();
      (i % 3 == 0 ? a : b).add(v);
      both.add(v);
    }
    a.merge(b);
    assertArrayEquals(both.counts(), a.counts());
  }

  @Test
  void refusesForeignCounts() {
    assertThrows(IllegalArgumentException.class, () -> new BitHistogram(new long[5]));
    long[] negative = new long[BitHistogram.BINS];
    negative[7] = -1;
    assertThrows(IllegalArgumentException.class, () -> new BitHistogram(negative));
  }
}
