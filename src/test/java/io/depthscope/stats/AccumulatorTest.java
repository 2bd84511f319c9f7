package io.depthscope.stats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AccumulatorTest {

  private static ImageSums sums(float[] x, float[] xq) {
    ImageSums sums = new ImageSums(1, x.length, false);
    for (int i = 0; i < x.length; i++) {
      sums.addError(0, x[i], xq[i], 1);
    }
    sums.baseline.add(0, x, 0, 1, x.length);
    sums.candidate.add(0, xq, 0, 1, xq.length);
    return sums;
  }

  @Test
  void aConstantChannelHasNoVariance() {
    float[] values = new float[97];
    Arrays.fill(values, 0.1f);
    ChannelMoments m = new ChannelMoments(1);
    for (int i = 0; i < 13; i++) {
      m.add(sums(values, values).baseline);
    }
    TensorStatistics s = m.channel(0);
    assertEquals(0, s.variance());
    assertTrue(Double.isNaN(s.skewness()) && Double.isNaN(s.excessKurtosis()));
    assertEquals(0.1f, s.mean());
    assertEquals(97 * 13 * (double) 0.1f * 0.1f, m.energy(0), 1e-12);
    assertEquals(1, m.channelRangeRatio());
  }

  /** Of all distributions those of two values have the least kurtosis for their skewness. */
  @Test
  void roundingMakesNoImpossibleKurtosis() {
    SplittableRandom random = new SplittableRandom(11);
    for (int trial = 0; trial < 200; trial++) {
      float low = (float) random.nextDouble(-2, 2);
      float high = low + (float) random.nextDouble(1e-3, 2);
      ChannelMoments m = new ChannelMoments(1);
      for (int image = 0; image < 5; image++) {
        float[] x = new float[50 + trial];
        for (int i = 0; i < x.length; i++) {
          x[i] = random.nextInt(trial / 4 + 2) == 0 ? high : low;
        }
        m.add(sums(x, x).baseline);
      }
      TensorStatistics s = m.channel(0);
      if (s.variance() > 0) {
        double least = s.skewness() * s.skewness() - 2;
        assertTrue(s.excessKurtosis() >= least, "trial " + trial + ": " + s);
        assertEquals(least, s.excessKurtosis(), 1e-5 * (3 + Math.abs(least)), "trial " + trial);
      }
    }
  }

  @Test
  void aSignalOfZerosHasNoCosine() {
    float[] zeros = new float[50];
    float[] x = new float[50];
    Arrays.fill(x, 0.3f);
    for (float[][] pair : new float[][][] {{x, zeros}, {zeros, x}, {zeros, zeros}}) {
      LayerAccumulator layer = new LayerAccumulator(1, 0, false);
      layer.add(0, sums(pair[0], pair[1]), true);
      assertTrue(Double.isNaN(layer.layerError().cosine()));
    }
  }

  @Test
  void nothingHasNoMean() {
    TensorStatistics s = new ChannelMoments(3).layer();
    assertEquals(0, s.count());
    assertEquals(0, s.range());
    assertTrue(Double.isNaN(s.mean()) && Double.isNaN(s.variance()));
  }

  @Test
  void channelRangeRatioIsTheMeanShareOfTheRange() {
    ChannelMoments m = new ChannelMoments(2);
    ImageSums sums = new ImageSums(2, 2, false);
    for (float[] v : new float[][] {{0, 2}, {8, 3}}) {
      sums.baseline.add(0, v[0], 1);
      sums.baseline.add(1, v[1], 1);
    }
    m.add(sums.baseline);
    assertEquals((8.0 / 8 + 1.0 / 8) / 2, m.channelRangeRatio());
  }

  /** 1 - cosine of a tiny error is known to several digits, though it is below the float's unit. */
  @Test
  void cosineNearOneKeepsItsDigits() {
    Random random = new Random(2);
    int n = 20_000;
    float[] x = new float[n];
    float[] xq = new float[n];
    double xx = 0;
    double ee = 0;
    double xe = 0;
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
      xq[i] = (float) (x[i] + 1e-4 * random.nextGaussian());
      double e = (double) xq[i] - x[i];
      xx += (double) x[i] * x[i];
      ee += e * e;
      xe += x[i] * e;
    }
    LayerAccumulator layer = new LayerAccumulator(1, 0, false);
    layer.add(0, sums(x, xq), true);
    double expected = 0.5 * (ee / xx - xe * xe / (xx * xx)); // of 1 - cosine, to second order
    assertTrue(expected < 1e-8 && expected > 1e-10);
    assertEquals(expected, 1 - layer.layerError().cosine(), 1e-3 * expected);
    assertEquals(10 * Math.log10(xx / ee), layer.layerError().sqnrDb(), 1e-9);
  }

  @Test
  void extremesAreTheThreeFarthestTiesInImageOrder() {
    LayerAccumulator layer = new LayerAccumulator(1, 0, false);
    float[] highs = {5, 9, 9, 1, 9, 9, 7};
    float[] lows = {-1, -1, -4, -1, 0, -4, -1};
    for (int i = 0; i < highs.length; i++) {
      layer.add(10 * i, sums(new float[] {lows[i], highs[i]}, new float[2]), false);
    }
    assertEquals(List.of(extreme(10, 9), extreme(20, 9), extreme(40, 9)), layer.highest());
    assertEquals(List.of(extreme(20, -4), extreme(50, -4), extreme(0, -1)), layer.lowest());
  }

  private static Extreme extreme(int image, float value) {
    return new Extreme(image, value);
  }

  private static NetworkAccumulator network() {
    return new NetworkAccumulator(
        List.of(new LayerAccumulator(1, 16, true), new LayerAccumulator(1, 0, true)), true);
  }

  private static void addImage(NetworkAccumulator to, int image) {
    Random random = new Random(image);
    ImageSums[] sums = {new ImageSums(1, 9, true), new ImageSums(1, 9, true)};
    for (int l = 0; l < 2; l++) {
      for (int i = 0; i < 9; i++) {
        float x = (float) random.nextGaussian();
        sums[l].baseline.add(0, x, 1);
        sums[l].candidate.add(0, x + 0.1f, 1);
        sums[l].addError(0, x, x + 0.1f, 1);
        sums[l].terms[i % 4][0] += x * x;
        to.layer(l).histogram().add(x);
      }
      sums[l].saturated[0] = image % 3;
    }
    to.layer(0).codes()[image % 16]++;
    to.add(image, List.of(sums));
  }

  private static byte[] written(NetworkAccumulator a) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    a.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private static void read(NetworkAccumulator into, byte[] bytes) throws IOException {
    into.read(new DataInputStream(new ByteArrayInputStream(bytes)));
  }

  @Test
  void aWrittenStateContinues() throws IOException {
    NetworkAccumulator whole = network();
    NetworkAccumulator first = network();
    for (int i = 0; i < 10; i++) {
      addImage(whole, i);
      if (i < 6) {
        addImage(first, i);
      }
    }
    NetworkAccumulator second = network();
    addImage(second, 99); // read replaces whatever was there
    read(second, written(first));
    assertArrayEquals(written(first), written(second));
    for (int i = 6; i < 10; i++) {
      addImage(second, i);
    }
    assertArrayEquals(written(whole), written(second));
    assertEquals(10, second.images());
  }

  @Test
  void truncatedOrForeignStatesAreRefused() throws IOException {
    NetworkAccumulator a = network();
    addImage(a, 0);
    byte[] bytes = written(a);
    for (int length = 0; length < bytes.length; length += 1 + length / 50) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThrows(IOException.class, () -> read(network(), cut), "length " + length);
    }
    NetworkAccumulator other =
        new NetworkAccumulator(List.of(new LayerAccumulator(1, 16, true)), true);
    assertThrows(IOException.class, () -> read(other, bytes));
    NetworkAccumulator wider =
        new NetworkAccumulator(
            List.of(new LayerAccumulator(2, 16, true), new LayerAccumulator(1, 0, true)), true);
    assertThrows(IOException.class, () -> read(wider, bytes));
  }

  /** A damaged checkpoint is refused or read, but never brings the program down. */
  @Test
  void damagedStatesDoNotThrowAnythingElse() throws IOException {
    NetworkAccumulator a = network();
    addImage(a, 0);
    byte[] bytes = written(a);
    Random random = new Random(4);
    for (int i = 0; i < 2000; i++) {
      byte[] damaged = bytes.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        read(network(), damaged);
      } catch (IOException refused) {
        assertTrue(refused != null);
      }
    }
  }
}
