package io.depthscope.backend.cpu;

import io.depthscope.stats.StreamSums;
import java.util.ArrayList;
import java.util.List;

/**
 * Weights [O, depth] rearranged for {@link Gemm}: the output channels are cut into panels of up to
 * four vectors, and a panel holds, for each depth in turn, its channels side by side. Channels are
 * padded with zeros to a multiple of {@link StreamSums#PAD}.
 */
final class PackedKernel {
  private final int depth;
  private final float[] data;
  private final int[] vectors;
  private final int[] firstVector;

  /**
   * @param kernel [O, depth], row-major
   */
  PackedKernel(float[] kernel, int channels, int depth) {
    this.depth = depth;
    int lanes = Lanes.N;
    int padded = StreamSums.padded(channels);
    List<Integer> widths = panelWidths(padded / lanes);
    vectors = widths.stream().mapToInt(Integer::intValue).toArray();
    firstVector = new int[vectors.length];
    data = new float[Math.multiplyExact(padded, depth)];
    int at = 0;
    int vector = 0;
    for (int p = 0; p < vectors.length; p++) {
      firstVector[p] = vector;
      int width = vectors[p] * lanes;
      for (int k = 0; k < depth; k++) {
        for (int j = 0; j < width; j++) {
          int channel = vector * lanes + j;
          data[at++] = channel < channels ? kernel[channel * depth + k] : 0;
        }
      }
      vector += vectors[p];
    }
  }

  /** Cuts a row of vectors into panels whose micro-kernels are the efficient ones: never 4 + 1. */
  private static List<Integer> panelWidths(int vectors) {
    List<Integer> widths = new ArrayList<>();
    int left = vectors;
    while (left > 0) {
      int take;
      if (Lanes.N < 16) {
        take = Math.min(2, left); // 16 registers: 5 rows by 2 vectors
      } else if (left % 4 != 0 && (left == 3 || left == 5 || left == 6 || left == 9)) {
        take = 3;
      } else {
        take = Math.min(4, left);
      }
      widths.add(take);
      left -= take;
    }
    return widths;
  }

  int depth() {
    return depth;
  }

  float[] data() {
    return data;
  }

  int panels() {
    return vectors.length;
  }

  int panelVectors(int panel) {
    return vectors[panel];
  }

  int firstVector(int panel) {
    return firstVector[panel];
  }

  int panelOffset(int panel) {
    return firstVector[panel] * Lanes.N * depth;
  }
}
