package io.depthscope.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.stats.StreamSums;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The matrix product is, bit for bit, one chain of fused multiply-adds an output; that of a layer's
 * only row, the sum of chains.
 */
class GemmTest {
  private static final int[] DEPTHS = {1, 2, 3, 17, 64};

  /** Whatever the panels: one to four vectors of 512 bits, and five that are cut. */
  private static final int[] CHANNELS = {1, 16, 31, 48, 64, 77};

  private static final float GARBAGE = 1e30f;
  private static final int FIRST = 5;

  /** Below, at and above the heights of all blocks. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 19, 20, 23, 41, 42, 49})
  void everyOutputIsOneChain(int rows) {
    for (int depth : DEPTHS) {
      for (int channels : CHANNELS) {
        multiply(rows, depth, channels, false);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 255, 256, 257, 512, 1000})
  void theOnlyRowIsASumOfChains(int depth) {
    for (int channels : CHANNELS) {
      multiply(1, depth, channels, true);
    }
  }

  private static void multiply(int rows, int depth, int channels, boolean only) {
    String text = rows + " rows, depth " + depth + ", " + channels + " channels";
    SplittableRandom random = new SplittableRandom(31L * rows + depth + 1000L * channels);
    int rowStep = depth + 3;
    float[] a = new float[FIRST + rows * rowStep];
    // What lies before the first row and between two must not be read.
    Arrays.fill(a, Float.NaN);
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < depth; k++) {
        a[FIRST + row * rowStep + k] = (float) random.nextGaussian();
      }
    }
    float[] kernel = new float[channels * depth];
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = (float) random.nextGaussian();
    }
    int used = rows * StreamSums.padded(channels);
    float[] c = new float[used + 64];
    Arrays.fill(c, GARBAGE);
    PackedKernel packed = new PackedKernel(kernel, channels, depth);
    if (only) {
      Gemm.multiplyRow(a, FIRST, packed, c);
    } else {
      Gemm.multiply(a, FIRST, rowStep, rows, packed, c);
    }
    for (int channel = 0; channel < StreamSums.padded(channels); channel++) {
      for (int row = 0; row < rows; row++) {
        int chain = only ? 256 : depth;
        float want = 0;
        for (int from = 0; channel < channels && from < depth; from += chain) {
          float sum = 0;
          for (int k = from; k < Math.min(depth, from + chain); k++) {
            sum = Math.fma(a[FIRST + row * rowStep + k], kernel[channel * depth + k], sum);
          }
          want = from == 0 ? sum : want + sum;
        }
        int lane = channel % Lanes.N;
        float got = c[(channel - lane) * rows + row * Lanes.N + lane];
        if (channel < channels) {
          assertEquals(
              Float.floatToRawIntBits(want), Float.floatToRawIntBits(got), text + ": " + channel);
        } else {
          assertEquals(0f, Math.abs(got), text + ": padding channel " + channel);
        }
      }
    }
    for (int i = used; i < c.length; i++) {
      assertEquals(GARBAGE, c[i], text + ": written beyond the tile");
    }
  }
}
