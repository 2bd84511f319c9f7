package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * Matrix product of activations and packed weights, C = A W, in float32.
 *
 * <p>The micro-kernels keep a block of R rows by V vectors of C in registers and walk the depth
 * once. Every element of C is one chain of fused multiply-adds from depth 0 upwards, whichever
 * kernel computes it, so the result depends neither on the blocking nor on the vector width.
 *
 * <p>The place of an element of A is computed for each depth anew: a loop over blocks of depth
 * around one over the N elements of a block costs 7 % more, since it leaves the inner loop so
 * often.
 *
 * <p>With 32 vector registers (512 bits) 6x4, 8x3 and 12x2 blocks fill them; with 16 registers the
 * packing uses at most two vectors a panel, and 6x2 fills those.
 */
final class Gemm {

  private Gemm() {}

  /**
   * Multiplies {@code rows} rows of A by a packed kernel.
   *
   * @param a element (row, k) lies at {@code a0 + row * rowStep + (k / N) * blockStep + k % N}:
   *     blocked activations have rowStep N, gathered windows have blockStep N
   * @param c receives the product, blocked: element (row, channel) at {@code (channel / N) * rows *
   *     N + row * N + channel % N}
   */
  static void multiply(
      float[] a, int a0, int rowStep, int blockStep, int rows, PackedKernel w, float[] c) {
    int vectorStep = rows * N;
    for (int panel = 0; panel < w.panels(); panel++) {
      int vectors = w.panelVectors(panel);
      int block = blockRows(vectors, rows);
      int c0 = w.firstVector(panel) * vectorStep;
      int b0 = w.panelOffset(panel);
      int row = 0;
      while (row < rows) {
        // The last block is moved up to end with the last row; some rows are computed twice.
        int from = Math.min(row, rows - block);
        int at = a0 + from * rowStep;
        float[] b = w.data();
        int to = c0 + from * N;
        switch (block * 10 + vectors) {
          case 64 -> rows6Vectors4(w.depth(), a, at, rowStep, blockStep, b, b0, c, to, vectorStep);
          case 83 -> rows8Vectors3(w.depth(), a, at, rowStep, blockStep, b, b0, c, to, vectorStep);
          case 122 ->
              rows12Vectors2(w.depth(), a, at, rowStep, blockStep, b, b0, c, to, vectorStep);
          case 62 -> rows6Vectors2(w.depth(), a, at, rowStep, blockStep, b, b0, c, to, vectorStep);
          case 61 -> rows6Vectors1(w.depth(), a, at, rowStep, blockStep, b, b0, c, to);
          case 14 -> rows1Vectors4(w.depth(), a, at, blockStep, b, b0, c, to, vectorStep);
          default -> {
            for (int v = 0; v < vectors; v++) {
              row1OfPanel(
                  w.depth(), a, at, blockStep, b, b0 + v * N, vectors * N, c, to + v * vectorStep);
            }
          }
        }
        row = from + block;
      }
    }
  }

  private static int blockRows(int vectors, int rows) {
    int wanted = vectors == 3 ? 8 : vectors == 2 && N == 16 ? 12 : 6;
    return rows >= wanted ? wanted : rows >= 6 && vectors != 3 ? 6 : 1;
  }

  private static void row1OfPanel(
      int depth,
      float[] a,
      int a0,
      int blockStep,
      float[] b,
      int b0,
      int panelWidth,
      float[] c,
      int c0) {
    FloatVector sum = FloatVector.zero(F);
    for (int k = 0, p = b0; k < depth; k++, p += panelWidth) {
      float v = a[a0 + k / N * blockStep + k % N];
      sum = FloatVector.broadcast(F, v).fma(FloatVector.fromArray(F, b, p), sum);
    }
    sum.intoArray(c, c0);
  }

  private static void rows6Vectors4(
      int depth,
      float[] a,
      int a0,
      int rowStep,
      int blockStep,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int vectorStep) {
    FloatVector s0x0 = FloatVector.zero(F);
    FloatVector s0x1 = FloatVector.zero(F);
    FloatVector s0x2 = FloatVector.zero(F);
    FloatVector s0x3 = FloatVector.zero(F);
    FloatVector s1x0 = FloatVector.zero(F);
    FloatVector s1x1 = FloatVector.zero(F);
    FloatVector s1x2 = FloatVector.zero(F);
    FloatVector s1x3 = FloatVector.zero(F);
    FloatVector s2x0 = FloatVector.zero(F);
    FloatVector s2x1 = FloatVector.zero(F);
    FloatVector s2x2 = FloatVector.zero(F);
    FloatVector s2x3 = FloatVector.zero(F);
    FloatVector s3x0 = FloatVector.zero(F);
    FloatVector s3x1 = FloatVector.zero(F);
    FloatVector s3x2 = FloatVector.zero(F);
    FloatVector s3x3 = FloatVector.zero(F);
    FloatVector s4x0 = FloatVector.zero(F);
    FloatVector s4x1 = FloatVector.zero(F);
    FloatVector s4x2 = FloatVector.zero(F);
    FloatVector s4x3 = FloatVector.zero(F);
    FloatVector s5x0 = FloatVector.zero(F);
    FloatVector s5x1 = FloatVector.zero(F);
    FloatVector s5x2 = FloatVector.zero(F);
    FloatVector s5x3 = FloatVector.zero(F);
    int p = b0;
    for (int k = 0; k < depth; k++) {
      int at = a0 + k / N * blockStep + k % N;
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector w2 = FloatVector.fromArray(F, b, p + 2 * N);
      FloatVector w3 = FloatVector.fromArray(F, b, p + 3 * N);
      FloatVector v0 = FloatVector.broadcast(F, a[at]);
      s0x0 = v0.fma(w0, s0x0);
      s0x1 = v0.fma(w1, s0x1);
      s0x2 = v0.fma(w2, s0x2);
      s0x3 = v0.fma(w3, s0x3);
      FloatVector v1 = FloatVector.broadcast(F, a[at + rowStep]);
      s1x0 = v1.fma(w0, s1x0);
      s1x1 = v1.fma(w1, s1x1);
      s1x2 = v1.fma(w2, s1x2);
      s1x3 = v1.fma(w3, s1x3);
      FloatVector v2 = FloatVector.broadcast(F, a[at + 2 * rowStep]);
      s2x0 = v2.fma(w0, s2x0);
      s2x1 = v2.fma(w1, s2x1);
      s2x2 = v2.fma(w2, s2x2);
      s2x3 = v2.fma(w3, s2x3);
      FloatVector v3 = FloatVector.broadcast(F, a[at + 3 * rowStep]);
      s3x0 = v3.fma(w0, s3x0);
      s3x1 = v3.fma(w1, s3x1);
      s3x2 = v3.fma(w2, s3x2);
      s3x3 = v3.fma(w3, s3x3);
      FloatVector v4 = FloatVector.broadcast(F, a[at + 4 * rowStep]);
      s4x0 = v4.fma(w0, s4x0);
      s4x1 = v4.fma(w1, s4x1);
      s4x2 = v4.fma(w2, s4x2);
      s4x3 = v4.fma(w3, s4x3);
      FloatVector v5 = FloatVector.broadcast(F, a[at + 5 * rowStep]);
      s5x0 = v5.fma(w0, s5x0);
      s5x1 = v5.fma(w1, s5x1);
      s5x2 = v5.fma(w2, s5x2);
      s5x3 = v5.fma(w3, s5x3);
      p += 4 * N;
    }
    s0x0.intoArray(c, c0);
    s0x1.intoArray(c, c0 + vectorStep);
    s0x2.intoArray(c, c0 + 2 * vectorStep);
    s0x3.intoArray(c, c0 + 3 * vectorStep);
    s1x0.intoArray(c, c0 + N);
    s1x1.intoArray(c, c0 + N + vectorStep);
    s1x2.intoArray(c, c0 + N + 2 * vectorStep);
    s1x3.intoArray(c, c0 + N + 3 * vectorStep);
    s2x0.intoArray(c, c0 + 2 * N);
    s2x1.intoArray(c, c0 + 2 * N + vectorStep);
    s2x2.intoArray(c, c0 + 2 * N + 2 * vectorStep);
    s2x3.intoArray(c, c0 + 2 * N + 3 * vectorStep);
    s3x0.intoArray(c, c0 + 3 * N);
    s3x1.intoArray(c, c0 + 3 * N + vectorStep);
    s3x2.intoArray(c, c0 + 3 * N + 2 * vectorStep);
    s3x3.intoArray(c, c0 + 3 * N + 3 * vectorStep);
    s4x0.intoArray(c, c0 + 4 * N);
    s4x1.intoArray(c, c0 + 4 * N + vectorStep);
    s4x2.intoArray(c, c0 + 4 * N + 2 * vectorStep);
    s4x3.intoArray(c, c0 + 4 * N + 3 * vectorStep);
    s5x0.intoArray(c, c0 + 5 * N);
    s5x1.intoArray(c, c0 + 5 * N + vectorStep);
    s5x2.intoArray(c, c0 + 5 * N + 2 * vectorStep);
    s5x3.intoArray(c, c0 + 5 * N + 3 * vectorStep);
  }

  private static void rows8Vectors3(
      int depth,
      float[] a,
      int a0,
      int rowStep,
      int blockStep,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int vectorStep) {
    FloatVector s0x0 = FloatVector.zero(F);
    FloatVector s0x1 = FloatVector.zero(F);
    FloatVector s0x2 = FloatVector.zero(F);
    FloatVector s1x0 = FloatVector.zero(F);
    FloatVector s1x1 = FloatVector.zero(F);
    FloatVector s1x2 = FloatVector.zero(F);
    FloatVector s2x0 = FloatVector.zero(F);
    FloatVector s2x1 = FloatVector.zero(F);
    FloatVector s2x2 = FloatVector.zero(F);
    FloatVector s3x0 = FloatVector.zero(F);
    FloatVector s3x1 = FloatVector.zero(F);
    FloatVector s3x2 = FloatVector.zero(F);
    FloatVector s4x0 = FloatVector.zero(F);
    FloatVector s4x1 = FloatVector.zero(F);
    FloatVector s4x2 = FloatVector.zero(F);
    FloatVector s5x0 = FloatVector.zero(F);
    FloatVector s5x1 = FloatVector.zero(F);
    FloatVector s5x2 = FloatVector.zero(F);
    FloatVector s6x0 = FloatVector.zero(F);
    FloatVector s6x1 = FloatVector.zero(F);
    FloatVector s6x2 = FloatVector.zero(F);
    FloatVector s7x0 = FloatVector.zero(F);
    FloatVector s7x1 = FloatVector.zero(F);
    FloatVector s7x2 = FloatVector.zero(F);
    int p = b0;
    for (int k = 0; k < depth; k++) {
      int at = a0 + k / N * blockStep + k % N;
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector w2 = FloatVector.fromArray(F, b, p + 2 * N);
      FloatVector v0 = FloatVector.broadcast(F, a[at]);
      s0x0 = v0.fma(w0, s0x0);
      s0x1 = v0.fma(w1, s0x1);
      s0x2 = v0.fma(w2, s0x2);
      FloatVector v1 = FloatVector.broadcast(F, a[at + rowStep]);
      s1x0 = v1.fma(w0, s1x0);
      s1x1 = v1.fma(w1, s1x1);
      s1x2 = v1.fma(w2, s1x2);
      FloatVector v2 = FloatVector.broadcast(F, a[at + 2 * rowStep]);
      s2x0 = v2.fma(w0, s2x0);
      s2x1 = v2.fma(w1, s2x1);
      s2x2 = v2.fma(w2, s2x2);
      FloatVector v3 = FloatVector.broadcast(F, a[at + 3 * rowStep]);
      s3x0 = v3.fma(w0, s3x0);
      s3x1 = v3.fma(w1, s3x1);
      s3x2 = v3.fma(w2, s3x2);
      FloatVector v4 = FloatVector.broadcast(F, a[at + 4 * rowStep]);
      s4x0 = v4.fma(w0, s4x0);
      s4x1 = v4.fma(w1, s4x1);
      s4x2 = v4.fma(w2, s4x2);
      FloatVector v5 = FloatVector.broadcast(F, a[at + 5 * rowStep]);
      s5x0 = v5.fma(w0, s5x0);
      s5x1 = v5.fma(w1, s5x1);
      s5x2 = v5.fma(w2, s5x2);
      FloatVector v6 = FloatVector.broadcast(F, a[at + 6 * rowStep]);
      s6x0 = v6.fma(w0, s6x0);
      s6x1 = v6.fma(w1, s6x1);
      s6x2 = v6.fma(w2, s6x2);
      FloatVector v7 = FloatVector.broadcast(F, a[at + 7 * rowStep]);
      s7x0 = v7.fma(w0, s7x0);
      s7x1 = v7.fma(w1, s7x1);
      s7x2 = v7.fma(w2, s7x2);
      p += 3 * N;
    }
    s0x0.intoArray(c, c0);
    s0x1.intoArray(c, c0 + vectorStep);
    s0x2.intoArray(c, c0 + 2 * vectorStep);
    s1x0.intoArray(c, c0 + N);
    s1x1.intoArray(c, c0 + N + vectorStep);
    s1x2.intoArray(c, c0 + N + 2 * vectorStep);
    s2x0.intoArray(c, c0 + 2 * N);
    s2x1.intoArray(c, c0 + 2 * N + vectorStep);
    s2x2.intoArray(c, c0 + 2 * N + 2 * vectorStep);
    s3x0.intoArray(c, c0 + 3 * N);
    s3x1.intoArray(c, c0 + 3 * N + vectorStep);
    s3x2.intoArray(c, c0 + 3 * N + 2 * vectorStep);
    s4x0.intoArray(c, c0 + 4 * N);
    s4x1.intoArray(c, c0 + 4 * N + vectorStep);
    s4x2.intoArray(c, c0 + 4 * N + 2 * vectorStep);
    s5x0.intoArray(c, c0 + 5 * N);
    s5x1.intoArray(c, c0 + 5 * N + vectorStep);
    s5x2.intoArray(c, c0 + 5 * N + 2 * vectorStep);
    s6x0.intoArray(c, c0 + 6 * N);
    s6x1.intoArray(c, c0 + 6 * N + vectorStep);
    s6x2.intoArray(c, c0 + 6 * N + 2 * vectorStep);
    s7x0.intoArray(c, c0 + 7 * N);
    s7x1.intoArray(c, c0 + 7 * N + vectorStep);
    s7x2.intoArray(c, c0 + 7 * N + 2 * vectorStep);
  }

  private static void rows12Vectors2(
      int depth,
      float[] a,
      int a0,
      int rowStep,
      int blockStep,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int vectorStep) {
    FloatVector s0x0 = FloatVector.zero(F);
    FloatVector s0x1 = FloatVector.zero(F);
    FloatVector s1x0 = FloatVector.zero(F);
    FloatVector s1x1 = FloatVector.zero(F);
    FloatVector s2x0 = FloatVector.zero(F);
    FloatVector s2x1 = FloatVector.zero(F);
    FloatVector s3x0 = FloatVector.zero(F);
    FloatVector s3x1 = FloatVector.zero(F);
    FloatVector s4x0 = FloatVector.zero(F);
    FloatVector s4x1 = FloatVector.zero(F);
    FloatVector s5x0 = FloatVector.zero(F);
    FloatVector s5x1 = FloatVector.zero(F);
    FloatVector s6x0 = FloatVector.zero(F);
    FloatVector s6x1 = FloatVector.zero(F);
    FloatVector s7x0 = FloatVector.zero(F);
    FloatVector s7x1 = FloatVector.zero(F);
    FloatVector s8x0 = FloatVector.zero(F);
    FloatVector s8x1 = FloatVector.zero(F);
    FloatVector s9x0 = FloatVector.zero(F);
    FloatVector s9x1 = FloatVector.zero(F);
    FloatVector s10x0 = FloatVector.zero(F);
    FloatVector s10x1 = FloatVector.zero(F);
    FloatVector s11x0 = FloatVector.zero(F);
    FloatVector s11x1 = FloatVector.zero(F);
    int p = b0;
    for (int k = 0; k < depth; k++) {
      int at = a0 + k / N * blockStep + k % N;
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector v0 = FloatVector.broadcast(F, a[at]);
      s0x0 = v0.fma(w0, s0x0);
      s0x1 = v0.fma(w1, s0x1);
      FloatVector v1 = FloatVector.broadcast(F, a[at + rowStep]);
      s1x0 = v1.fma(w0, s1x0);
      s1x1 = v1.fma(w1, s1x1);
      FloatVector v2 = FloatVector.broadcast(F, a[at + 2 * rowStep]);
      s2x0 = v2.fma(w0, s2x0);
      s2x1 = v2.fma(w1, s2x1);
      FloatVector v3 = FloatVector.broadcast(F, a[at + 3 * rowStep]);
      s3x0 = v3.fma(w0, s3x0);
      s3x1 = v3.fma(w1, s3x1);
      FloatVector v4 = FloatVector.broadcast(F, a[at + 4 * rowStep]);
      s4x0 = v4.fma(w0, s4x0);
      s4x1 = v4.fma(w1, s4x1);
      FloatVector v5 = FloatVector.broadcast(F, a[at + 5 * rowStep]);
      s5x0 = v5.fma(w0, s5x0);
      s5x1 = v5.fma(w1, s5x1);
      FloatVector v6 = FloatVector.broadcast(F, a[at + 6 * rowStep]);
      s6x0 = v6.fma(w0, s6x0);
      s6x1 = v6.fma(w1, s6x1);
      FloatVector v7 = FloatVector.broadcast(F, a[at + 7 * rowStep]);
      s7x0 = v7.fma(w0, s7x0);
      s7x1 = v7.fma(w1, s7x1);
      FloatVector v8 = FloatVector.broadcast(F, a[at + 8 * rowStep]);
      s8x0 = v8.fma(w0, s8x0);
      s8x1 = v8.fma(w1, s8x1);
      FloatVector v9 = FloatVector.broadcast(F, a[at + 9 * rowStep]);
      s9x0 = v9.fma(w0, s9x0);
      s9x1 = v9.fma(w1, s9x1);
      FloatVector v10 = FloatVector.broadcast(F, a[at + 10 * rowStep]);
      s10x0 = v10.fma(w0, s10x0);
      s10x1 = v10.fma(w1, s10x1);
      FloatVector v11 = FloatVector.broadcast(F, a[at + 11 * rowStep]);
      s11x0 = v11.fma(w0, s11x0);
      s11x1 = v11.fma(w1, s11x1);
      p += 2 * N;
    }
    s0x0.intoArray(c, c0);
    s0x1.intoArray(c, c0 + vectorStep);
    s1x0.intoArray(c, c0 + N);
    s1x1.intoArray(c, c0 + N + vectorStep);
    s2x0.intoArray(c, c0 + 2 * N);
    s2x1.intoArray(c, c0 + 2 * N + vectorStep);
    s3x0.intoArray(c, c0 + 3 * N);
    s3x1.intoArray(c, c0 + 3 * N + vectorStep);
    s4x0.intoArray(c, c0 + 4 * N);
    s4x1.intoArray(c, c0 + 4 * N + vectorStep);
    s5x0.intoArray(c, c0 + 5 * N);
    s5x1.intoArray(c, c0 + 5 * N + vectorStep);
    s6x0.intoArray(c, c0 + 6 * N);
    s6x1.intoArray(c, c0 + 6 * N + vectorStep);
    s7x0.intoArray(c, c0 + 7 * N);
    s7x1.intoArray(c, c0 + 7 * N + vectorStep);
    s8x0.intoArray(c, c0 + 8 * N);
    s8x1.intoArray(c, c0 + 8 * N + vectorStep);
    s9x0.intoArray(c, c0 + 9 * N);
    s9x1.intoArray(c, c0 + 9 * N + vectorStep);
    s10x0.intoArray(c, c0 + 10 * N);
    s10x1.intoArray(c, c0 + 10 * N + vectorStep);
    s11x0.intoArray(c, c0 + 11 * N);
    s11x1.intoArray(c, c0 + 11 * N + vectorStep);
  }

  private static void rows6Vectors2(
      int depth,
      float[] a,
      int a0,
      int rowStep,
      int blockStep,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int vectorStep) {
    FloatVector s0x0 = FloatVector.zero(F);
    FloatVector s0x1 = FloatVector.zero(F);
    FloatVector s1x0 = FloatVector.zero(F);
    FloatVector s1x1 = FloatVector.zero(F);
    FloatVector s2x0 = FloatVector.zero(F);
    FloatVector s2x1 = FloatVector.zero(F);
    FloatVector s3x0 = FloatVector.zero(F);
    FloatVector s3x1 = FloatVector.zero(F);
    FloatVector s4x0 = FloatVector.zero(F);
    FloatVector s4x1 = FloatVector.zero(F);
    FloatVector s5x0 = FloatVector.zero(F);
    FloatVector s5x1 = FloatVector.zero(F);
    int p = b0;
    for (int k = 0; k < depth; k++) {
      int at = a0 + k / N * blockStep + k % N;
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector v0 = FloatVector.broadcast(F, a[at]);
      s0x0 = v0.fma(w0, s0x0);
      s0x1 = v0.fma(w1, s0x1);
      FloatVector v1 = FloatVector.broadcast(F, a[at + rowStep]);
      s1x0 = v1.fma(w0, s1x0);
      s1x1 = v1.fma(w1, s1x1);
      FloatVector v2 = FloatVector.broadcast(F, a[at + 2 * rowStep]);
      s2x0 = v2.fma(w0, s2x0);
      s2x1 = v2.fma(w1, s2x1);
      FloatVector v3 = FloatVector.broadcast(F, a[at + 3 * rowStep]);
      s3x0 = v3.fma(w0, s3x0);
      s3x1 = v3.fma(w1, s3x1);
      FloatVector v4 = FloatVector.broadcast(F, a[at + 4 * rowStep]);
      s4x0 = v4.fma(w0, s4x0);
      s4x1 = v4.fma(w1, s4x1);
      FloatVector v5 = FloatVector.broadcast(F, a[at + 5 * rowStep]);
      s5x0 = v5.fma(w0, s5x0);
      s5x1 = v5.fma(w1, s5x1);
      p += 2 * N;
    }
    s0x0.intoArray(c, c0);
    s0x1.intoArray(c, c0 + vectorStep);
    s1x0.intoArray(c, c0 + N);
    s1x1.intoArray(c, c0 + N + vectorStep);
    s2x0.intoArray(c, c0 + 2 * N);
    s2x1.intoArray(c, c0 + 2 * N + vectorStep);
    s3x0.intoArray(c, c0 + 3 * N);
    s3x1.intoArray(c, c0 + 3 * N + vectorStep);
    s4x0.intoArray(c, c0 + 4 * N);
    s4x1.intoArray(c, c0 + 4 * N + vectorStep);
    s5x0.intoArray(c, c0 + 5 * N);
    s5x1.intoArray(c, c0 + 5 * N + vectorStep);
  }

  private static void rows6Vectors1(
      int depth,
      float[] a,
      int a0,
      int rowStep,
      int blockStep,
      float[] b,
      int b0,
      float[] c,
      int c0) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = FloatVector.zero(F);
    FloatVector s2 = FloatVector.zero(F);
    FloatVector s3 = FloatVector.zero(F);
    FloatVector s4 = FloatVector.zero(F);
    FloatVector s5 = FloatVector.zero(F);
    int p = b0;
    for (int k = 0; k < depth; k++) {
      int at = a0 + k / N * blockStep + k % N;
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector v0 = FloatVector.broadcast(F, a[at]);
      s0 = v0.fma(w0, s0);
      FloatVector v1 = FloatVector.broadcast(F, a[at + rowStep]);
      s1 = v1.fma(w0, s1);
      FloatVector v2 = FloatVector.broadcast(F, a[at + 2 * rowStep]);
      s2 = v2.fma(w0, s2);
      FloatVector v3 = FloatVector.broadcast(F, a[at + 3 * rowStep]);
      s3 = v3.fma(w0, s3);
      FloatVector v4 = FloatVector.broadcast(F, a[at + 4 * rowStep]);
      s4 = v4.fma(w0, s4);
      FloatVector v5 = FloatVector.broadcast(F, a[at + 5 * rowStep]);
      s5 = v5.fma(w0, s5);
      p += N;
    }
    s0.intoArray(c, c0);
    s1.intoArray(c, c0 + N);
    s2.intoArray(c, c0 + 2 * N);
    s3.intoArray(c, c0 + 3 * N);
    s4.intoArray(c, c0 + 4 * N);
    s5.intoArray(c, c0 + 5 * N);
  }

  private static void rows1Vectors4(
      int depth,
      float[] a,
      int a0,
      int blockStep,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int vectorStep) {
    FloatVector s0x0 = FloatVector.zero(F);
    FloatVector s0x1 = FloatVector.zero(F);
    FloatVector s0x2 = FloatVector.zero(F);
    FloatVector s0x3 = FloatVector.zero(F);
    int p = b0;
    for (int k = 0; k < depth; k++) {
      int at = a0 + k / N * blockStep + k % N;
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector w2 = FloatVector.fromArray(F, b, p + 2 * N);
      FloatVector w3 = FloatVector.fromArray(F, b, p + 3 * N);
      FloatVector v0 = FloatVector.broadcast(F, a[at]);
      s0x0 = v0.fma(w0, s0x0);
      s0x1 = v0.fma(w1, s0x1);
      s0x2 = v0.fma(w2, s0x2);
      s0x3 = v0.fma(w3, s0x3);
      p += 4 * N;
    }
    s0x0.intoArray(c, c0);
    s0x1.intoArray(c, c0 + vectorStep);
    s0x2.intoArray(c, c0 + 2 * vectorStep);
    s0x3.intoArray(c, c0 + 3 * vectorStep);
  }
}
