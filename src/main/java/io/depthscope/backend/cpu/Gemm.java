package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Matrix product of activations and packed weights, C = A W, in float32.
 *
 * <p>A block of R rows by V vectors of C is kept in registers while the depth is walked once. Every
 * element of C is one chain of fused multiply-adds from depth 0 upwards, whichever block computes
 * it, so the result depends neither on the blocking nor on the vector width. A layer of a single
 * row, a fully connected one, is cut into chains of {@link #CHAIN} that are then added: such have
 * the greatest depths, and it costs nothing, for they wait for their weights.
 *
 * <p>A is row-major: the place of an element is affine in the depth, and only so does the JIT take
 * the range checks out of the loop.
 */
final class Gemm {

  /** Most vectors of a panel. */
  private static final int MOST_VECTORS = 4;

  /** Most terms of a chain where there is one row. */
  static final int CHAIN = 256;

  private Gemm() {}

  /** The product of a fixed number of rows and one panel of a fixed number of vectors. */
  @FunctionalInterface
  interface Block {
    /**
     * @param a element (row, k) lies at {@code a0 + row * rowStep + k}
     * @param b weight vector (k, v) lies at {@code b0 + (k * V + v) * N}
     * @param c vector v of a row goes to {@code c0 + v * vectorStep + row * N}
     */
    void multiply(
        int depth,
        float[] a,
        int a0,
        int rowStep,
        float[] b,
        int b0,
        float[] c,
        int c0,
        int vectorStep);
  }

  /**
   * The blocks for panels of one width.
   *
   * @param rows of the tall block; the short one has one row less, so that any number of rows from
   *     {@code (rows - 1) * (rows - 2)} upwards can be cut into the two without rest
   * @param one a single row
   */
  private record Blocks(int rows, Block tall, Block shorter, Block one) {

    /**
     * Multiplies all rows: as few blocks as possible, the short ones last. Where there are too few
     * rows, the last block is moved up to end with the last row; some are computed twice then.
     */
    void multiply(
        int count,
        int depth,
        float[] a,
        int a0,
        int rowStep,
        float[] b,
        int b0,
        float[] c,
        int c0,
        int vectorStep) {
      int blocks = (count + rows - 1) / rows;
      int missing = blocks * rows - count;
      int tallBlocks = Math.max(0, blocks - missing);
      int row = 0;
      while (row < count) {
        boolean isTall = row < tallBlocks * rows;
        int height = count < rows - 1 ? 1 : isTall ? rows : rows - 1;
        int from = Math.min(row, count - height);
        Block block = height == 1 ? one : isTall ? tall : shorter;
        block.multiply(depth, a, a0 + from * rowStep, rowStep, b, b0, c, c0 + from * N, vectorStep);
        row = from + height;
      }
    }
  }

  private static final Blocks NARROW =
      new Blocks(
          5, NarrowBlocks::rows5Vectors2, NarrowBlocks::rows4Vectors2, RowBlocks::row1Vectors2);

  private static final Blocks WIDE_4 =
      new Blocks(6, WideBlocks::rows6Vectors4, WideBlocks::rows5Vectors4, RowBlocks::row1Vectors4);

  private static final Blocks WIDE_3 =
      new Blocks(8, WideBlocks::rows8Vectors3, WideBlocks::rows7Vectors3, RowBlocks::row1Vectors3);

  private static final Blocks WIDE_2 =
      new Blocks(8, SlimBlocks::rows8Vectors2, SlimBlocks::rows7Vectors2, RowBlocks::row1Vectors2);

  private static final Blocks WIDE_1 =
      new Blocks(8, SlimBlocks::rows8Vectors1, SlimBlocks::rows7Vectors1, RowBlocks::row1Vectors1);

  private static Blocks blocks(int vectors) {
    if (N < 16) {
      return NARROW;
    }
    return switch (vectors) {
      case 1 -> WIDE_1;
      case 2 -> WIDE_2;
      case 3 -> WIDE_3;
      default -> WIDE_4;
    };
  }

  /**
   * Multiplies {@code rows} rows of A by a packed kernel.
   *
   * @param a element (row, k) lies at {@code a0 + row * rowStep + k}
   * @param c receives the product, one vector of channels after the other: element (row, channel)
   *     at {@code (channel / N) * rows * N + row * N + channel % N}
   */
  static void multiply(float[] a, int a0, int rowStep, int rows, PackedKernel w, float[] c) {
    int vectorStep = rows * N;
    for (int panel = 0; panel < w.panels(); panel++) {
      blocks(w.panelVectors(panel))
          .multiply(
              rows,
              w.depth(),
              a,
              a0,
              rowStep,
              w.data(),
              w.panelOffset(panel),
              c,
              w.firstVector(panel) * vectorStep,
              vectorStep);
    }
  }

  /**
   * Multiplies the only row that a layer has.
   *
   * @param a element k lies at {@code a0 + k}
   * @param c receives the product, one channel after the other
   */
  static void multiplyRow(float[] a, int a0, PackedKernel w, float[] c) {
    float[] chain = new float[MOST_VECTORS * N];
    for (int panel = 0; panel < w.panels(); panel++) {
      int vectors = w.panelVectors(panel);
      int from = w.firstVector(panel) * N;
      Arrays.fill(c, from, from + vectors * N, 0);
      for (int k = 0; k < w.depth(); k += CHAIN) {
        int n = Math.min(CHAIN, w.depth() - k);
        int weights = w.panelOffset(panel) + k * vectors * N;
        blocks(vectors).one.multiply(n, a, a0 + k, 0, w.data(), weights, chain, 0, N);
        for (int v = 0; v < vectors * N; v += N) {
          FloatVector.fromArray(F, c, from + v)
              .add(FloatVector.fromArray(F, chain, v))
              .intoArray(c, from + v);
        }
      }
    }
  }
}
