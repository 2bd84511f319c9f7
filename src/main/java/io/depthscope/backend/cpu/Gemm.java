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
 * <p>With 32 vector registers (512 bits) 6x4, 8x3 and 12x2 blocks fill them; with 16 registers the
 * packing uses at most two vectors a panel, and 6x2 fills those.
 */
final class Gemm {

  private Gemm() {}

  /**
   * Multiplies {@code rows} rows of A by a packed kernel.
   *
   * @param a row r begins at {@code a0 + r * lda} and has {@code w.depth()} elements
   * @param c receives the product in blocks of one vector of channels: element (row, channel) lies
   *     at {@code (channel / N) * rows * N + row * N + channel % N}
   */
  static void multiply(float[] a, int a0, int lda, int rows, PackedKernel w, float[] c) {
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
        multiplyBlock(
            block,
            vectors,
            w.depth(),
            a,
            a0 + from * lda,
            lda,
            w.data(),
            b0,
            c,
            c0 + from * N,
            vectorStep);
        row = from + block;
      }
    }
  }

  private static int blockRows(int vectors, int rows) {
    int wanted = vectors == 3 ? 8 : vectors == 2 && N == 16 ? 12 : 6;
    return rows >= wanted ? wanted : rows >= 6 && vectors != 3 ? 6 : 1;
  }

  private static void multiplyBlock(
      int block,
      int vectors,
      int depth,
      float[] a,
      int a0,
      int lda,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int vectorStep) {
    switch (block * 10 + vectors) {
      case 64 -> rows6Vectors4(depth, a, a0, lda, b, b0, c, c0, N, vectorStep);
      case 83 -> rows8Vectors3(depth, a, a0, lda, b, b0, c, c0, N, vectorStep);
      case 122 -> rows12Vectors2(depth, a, a0, lda, b, b0, c, c0, N, vectorStep);
      case 62 -> rows6Vectors2(depth, a, a0, lda, b, b0, c, c0, N, vectorStep);
      case 61 -> rows6Vectors1(depth, a, a0, lda, b, b0, c, c0, N, vectorStep);
      case 14 -> rows1Vectors4(depth, a, a0, lda, b, b0, c, c0, N, vectorStep);
      default -> {
        for (int v = 0; v < vectors; v++) {
          row1OfPanel(depth, a, a0, b, b0 + v * N, vectors * N, c, c0 + v * vectorStep);
        }
      }
    }
  }

  private static void row1OfPanel(
      int depth, float[] a, int a0, float[] b, int b0, int panelWidth, float[] c, int c0) {
    FloatVector sum = FloatVector.zero(F);
    for (int k = 0, p = b0; k < depth; k++, p += panelWidth) {
      sum = FloatVector.broadcast(F, a[a0 + k]).fma(FloatVector.fromArray(F, b, p), sum);
    }
    sum.intoArray(c, c0);
  }

  private static void rows6Vectors4(
      int depth,
      float[] a,
      int a0,
      int lda,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int rowStep,
      int vectorStep) {
    FloatVector c0x0 = FloatVector.zero(F);
    FloatVector c0x1 = FloatVector.zero(F);
    FloatVector c0x2 = FloatVector.zero(F);
    FloatVector c0x3 = FloatVector.zero(F);
    FloatVector c1x0 = FloatVector.zero(F);
    FloatVector c1x1 = FloatVector.zero(F);
    FloatVector c1x2 = FloatVector.zero(F);
    FloatVector c1x3 = FloatVector.zero(F);
    FloatVector c2x0 = FloatVector.zero(F);
    FloatVector c2x1 = FloatVector.zero(F);
    FloatVector c2x2 = FloatVector.zero(F);
    FloatVector c2x3 = FloatVector.zero(F);
    FloatVector c3x0 = FloatVector.zero(F);
    FloatVector c3x1 = FloatVector.zero(F);
    FloatVector c3x2 = FloatVector.zero(F);
    FloatVector c3x3 = FloatVector.zero(F);
    FloatVector c4x0 = FloatVector.zero(F);
    FloatVector c4x1 = FloatVector.zero(F);
    FloatVector c4x2 = FloatVector.zero(F);
    FloatVector c4x3 = FloatVector.zero(F);
    FloatVector c5x0 = FloatVector.zero(F);
    FloatVector c5x1 = FloatVector.zero(F);
    FloatVector c5x2 = FloatVector.zero(F);
    FloatVector c5x3 = FloatVector.zero(F);
    int a1 = a0 + lda;
    int a2 = a1 + lda;
    int a3 = a2 + lda;
    int a4 = a3 + lda;
    int a5 = a4 + lda;
    for (int k = 0, p = b0; k < depth; k++, p += 4 * N) {
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector w2 = FloatVector.fromArray(F, b, p + 2 * N);
      FloatVector w3 = FloatVector.fromArray(F, b, p + 3 * N);
      FloatVector v0 = FloatVector.broadcast(F, a[a0 + k]);
      c0x0 = v0.fma(w0, c0x0);
      c0x1 = v0.fma(w1, c0x1);
      c0x2 = v0.fma(w2, c0x2);
      c0x3 = v0.fma(w3, c0x3);
      FloatVector v1 = FloatVector.broadcast(F, a[a1 + k]);
      c1x0 = v1.fma(w0, c1x0);
      c1x1 = v1.fma(w1, c1x1);
      c1x2 = v1.fma(w2, c1x2);
      c1x3 = v1.fma(w3, c1x3);
      FloatVector v2 = FloatVector.broadcast(F, a[a2 + k]);
      c2x0 = v2.fma(w0, c2x0);
      c2x1 = v2.fma(w1, c2x1);
      c2x2 = v2.fma(w2, c2x2);
      c2x3 = v2.fma(w3, c2x3);
      FloatVector v3 = FloatVector.broadcast(F, a[a3 + k]);
      c3x0 = v3.fma(w0, c3x0);
      c3x1 = v3.fma(w1, c3x1);
      c3x2 = v3.fma(w2, c3x2);
      c3x3 = v3.fma(w3, c3x3);
      FloatVector v4 = FloatVector.broadcast(F, a[a4 + k]);
      c4x0 = v4.fma(w0, c4x0);
      c4x1 = v4.fma(w1, c4x1);
      c4x2 = v4.fma(w2, c4x2);
      c4x3 = v4.fma(w3, c4x3);
      FloatVector v5 = FloatVector.broadcast(F, a[a5 + k]);
      c5x0 = v5.fma(w0, c5x0);
      c5x1 = v5.fma(w1, c5x1);
      c5x2 = v5.fma(w2, c5x2);
      c5x3 = v5.fma(w3, c5x3);
    }
    c0x0.intoArray(c, c0);
    c0x1.intoArray(c, c0 + vectorStep);
    c0x2.intoArray(c, c0 + 2 * vectorStep);
    c0x3.intoArray(c, c0 + 3 * vectorStep);
    int at1 = c0 + rowStep;
    c1x0.intoArray(c, at1);
    c1x1.intoArray(c, at1 + vectorStep);
    c1x2.intoArray(c, at1 + 2 * vectorStep);
    c1x3.intoArray(c, at1 + 3 * vectorStep);
    int at2 = at1 + rowStep;
    c2x0.intoArray(c, at2);
    c2x1.intoArray(c, at2 + vectorStep);
    c2x2.intoArray(c, at2 + 2 * vectorStep);
    c2x3.intoArray(c, at2 + 3 * vectorStep);
    int at3 = at2 + rowStep;
    c3x0.intoArray(c, at3);
    c3x1.intoArray(c, at3 + vectorStep);
    c3x2.intoArray(c, at3 + 2 * vectorStep);
    c3x3.intoArray(c, at3 + 3 * vectorStep);
    int at4 = at3 + rowStep;
    c4x0.intoArray(c, at4);
    c4x1.intoArray(c, at4 + vectorStep);
    c4x2.intoArray(c, at4 + 2 * vectorStep);
    c4x3.intoArray(c, at4 + 3 * vectorStep);
    int at5 = at4 + rowStep;
    c5x0.intoArray(c, at5);
    c5x1.intoArray(c, at5 + vectorStep);
    c5x2.intoArray(c, at5 + 2 * vectorStep);
    c5x3.intoArray(c, at5 + 3 * vectorStep);
  }

  private static void rows8Vectors3(
      int depth,
      float[] a,
      int a0,
      int lda,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int rowStep,
      int vectorStep) {
    FloatVector c0x0 = FloatVector.zero(F);
    FloatVector c0x1 = FloatVector.zero(F);
    FloatVector c0x2 = FloatVector.zero(F);
    FloatVector c1x0 = FloatVector.zero(F);
    FloatVector c1x1 = FloatVector.zero(F);
    FloatVector c1x2 = FloatVector.zero(F);
    FloatVector c2x0 = FloatVector.zero(F);
    FloatVector c2x1 = FloatVector.zero(F);
    FloatVector c2x2 = FloatVector.zero(F);
    FloatVector c3x0 = FloatVector.zero(F);
    FloatVector c3x1 = FloatVector.zero(F);
    FloatVector c3x2 = FloatVector.zero(F);
    FloatVector c4x0 = FloatVector.zero(F);
    FloatVector c4x1 = FloatVector.zero(F);
    FloatVector c4x2 = FloatVector.zero(F);
    FloatVector c5x0 = FloatVector.zero(F);
    FloatVector c5x1 = FloatVector.zero(F);
    FloatVector c5x2 = FloatVector.zero(F);
    FloatVector c6x0 = FloatVector.zero(F);
    FloatVector c6x1 = FloatVector.zero(F);
    FloatVector c6x2 = FloatVector.zero(F);
    FloatVector c7x0 = FloatVector.zero(F);
    FloatVector c7x1 = FloatVector.zero(F);
    FloatVector c7x2 = FloatVector.zero(F);
    int a1 = a0 + lda;
    int a2 = a1 + lda;
    int a3 = a2 + lda;
    int a4 = a3 + lda;
    int a5 = a4 + lda;
    int a6 = a5 + lda;
    int a7 = a6 + lda;
    for (int k = 0, p = b0; k < depth; k++, p += 3 * N) {
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector w2 = FloatVector.fromArray(F, b, p + 2 * N);
      FloatVector v0 = FloatVector.broadcast(F, a[a0 + k]);
      c0x0 = v0.fma(w0, c0x0);
      c0x1 = v0.fma(w1, c0x1);
      c0x2 = v0.fma(w2, c0x2);
      FloatVector v1 = FloatVector.broadcast(F, a[a1 + k]);
      c1x0 = v1.fma(w0, c1x0);
      c1x1 = v1.fma(w1, c1x1);
      c1x2 = v1.fma(w2, c1x2);
      FloatVector v2 = FloatVector.broadcast(F, a[a2 + k]);
      c2x0 = v2.fma(w0, c2x0);
      c2x1 = v2.fma(w1, c2x1);
      c2x2 = v2.fma(w2, c2x2);
      FloatVector v3 = FloatVector.broadcast(F, a[a3 + k]);
      c3x0 = v3.fma(w0, c3x0);
      c3x1 = v3.fma(w1, c3x1);
      c3x2 = v3.fma(w2, c3x2);
      FloatVector v4 = FloatVector.broadcast(F, a[a4 + k]);
      c4x0 = v4.fma(w0, c4x0);
      c4x1 = v4.fma(w1, c4x1);
      c4x2 = v4.fma(w2, c4x2);
      FloatVector v5 = FloatVector.broadcast(F, a[a5 + k]);
      c5x0 = v5.fma(w0, c5x0);
      c5x1 = v5.fma(w1, c5x1);
      c5x2 = v5.fma(w2, c5x2);
      FloatVector v6 = FloatVector.broadcast(F, a[a6 + k]);
      c6x0 = v6.fma(w0, c6x0);
      c6x1 = v6.fma(w1, c6x1);
      c6x2 = v6.fma(w2, c6x2);
      FloatVector v7 = FloatVector.broadcast(F, a[a7 + k]);
      c7x0 = v7.fma(w0, c7x0);
      c7x1 = v7.fma(w1, c7x1);
      c7x2 = v7.fma(w2, c7x2);
    }
    c0x0.intoArray(c, c0);
    c0x1.intoArray(c, c0 + vectorStep);
    c0x2.intoArray(c, c0 + 2 * vectorStep);
    int at1 = c0 + rowStep;
    c1x0.intoArray(c, at1);
    c1x1.intoArray(c, at1 + vectorStep);
    c1x2.intoArray(c, at1 + 2 * vectorStep);
    int at2 = at1 + rowStep;
    c2x0.intoArray(c, at2);
    c2x1.intoArray(c, at2 + vectorStep);
    c2x2.intoArray(c, at2 + 2 * vectorStep);
    int at3 = at2 + rowStep;
    c3x0.intoArray(c, at3);
    c3x1.intoArray(c, at3 + vectorStep);
    c3x2.intoArray(c, at3 + 2 * vectorStep);
    int at4 = at3 + rowStep;
    c4x0.intoArray(c, at4);
    c4x1.intoArray(c, at4 + vectorStep);
    c4x2.intoArray(c, at4 + 2 * vectorStep);
    int at5 = at4 + rowStep;
    c5x0.intoArray(c, at5);
    c5x1.intoArray(c, at5 + vectorStep);
    c5x2.intoArray(c, at5 + 2 * vectorStep);
    int at6 = at5 + rowStep;
    c6x0.intoArray(c, at6);
    c6x1.intoArray(c, at6 + vectorStep);
    c6x2.intoArray(c, at6 + 2 * vectorStep);
    int at7 = at6 + rowStep;
    c7x0.intoArray(c, at7);
    c7x1.intoArray(c, at7 + vectorStep);
    c7x2.intoArray(c, at7 + 2 * vectorStep);
  }

  private static void rows12Vectors2(
      int depth,
      float[] a,
      int a0,
      int lda,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int rowStep,
      int vectorStep) {
    FloatVector c0x0 = FloatVector.zero(F);
    FloatVector c0x1 = FloatVector.zero(F);
    FloatVector c1x0 = FloatVector.zero(F);
    FloatVector c1x1 = FloatVector.zero(F);
    FloatVector c2x0 = FloatVector.zero(F);
    FloatVector c2x1 = FloatVector.zero(F);
    FloatVector c3x0 = FloatVector.zero(F);
    FloatVector c3x1 = FloatVector.zero(F);
    FloatVector c4x0 = FloatVector.zero(F);
    FloatVector c4x1 = FloatVector.zero(F);
    FloatVector c5x0 = FloatVector.zero(F);
    FloatVector c5x1 = FloatVector.zero(F);
    FloatVector c6x0 = FloatVector.zero(F);
    FloatVector c6x1 = FloatVector.zero(F);
    FloatVector c7x0 = FloatVector.zero(F);
    FloatVector c7x1 = FloatVector.zero(F);
    FloatVector c8x0 = FloatVector.zero(F);
    FloatVector c8x1 = FloatVector.zero(F);
    FloatVector c9x0 = FloatVector.zero(F);
    FloatVector c9x1 = FloatVector.zero(F);
    FloatVector c10x0 = FloatVector.zero(F);
    FloatVector c10x1 = FloatVector.zero(F);
    FloatVector c11x0 = FloatVector.zero(F);
    FloatVector c11x1 = FloatVector.zero(F);
    int a1 = a0 + lda;
    int a2 = a1 + lda;
    int a3 = a2 + lda;
    int a4 = a3 + lda;
    int a5 = a4 + lda;
    int a6 = a5 + lda;
    int a7 = a6 + lda;
    int a8 = a7 + lda;
    int a9 = a8 + lda;
    int a10 = a9 + lda;
    int a11 = a10 + lda;
    for (int k = 0, p = b0; k < depth; k++, p += 2 * N) {
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector v0 = FloatVector.broadcast(F, a[a0 + k]);
      c0x0 = v0.fma(w0, c0x0);
      c0x1 = v0.fma(w1, c0x1);
      FloatVector v1 = FloatVector.broadcast(F, a[a1 + k]);
      c1x0 = v1.fma(w0, c1x0);
      c1x1 = v1.fma(w1, c1x1);
      FloatVector v2 = FloatVector.broadcast(F, a[a2 + k]);
      c2x0 = v2.fma(w0, c2x0);
      c2x1 = v2.fma(w1, c2x1);
      FloatVector v3 = FloatVector.broadcast(F, a[a3 + k]);
      c3x0 = v3.fma(w0, c3x0);
      c3x1 = v3.fma(w1, c3x1);
      FloatVector v4 = FloatVector.broadcast(F, a[a4 + k]);
      c4x0 = v4.fma(w0, c4x0);
      c4x1 = v4.fma(w1, c4x1);
      FloatVector v5 = FloatVector.broadcast(F, a[a5 + k]);
      c5x0 = v5.fma(w0, c5x0);
      c5x1 = v5.fma(w1, c5x1);
      FloatVector v6 = FloatVector.broadcast(F, a[a6 + k]);
      c6x0 = v6.fma(w0, c6x0);
      c6x1 = v6.fma(w1, c6x1);
      FloatVector v7 = FloatVector.broadcast(F, a[a7 + k]);
      c7x0 = v7.fma(w0, c7x0);
      c7x1 = v7.fma(w1, c7x1);
      FloatVector v8 = FloatVector.broadcast(F, a[a8 + k]);
      c8x0 = v8.fma(w0, c8x0);
      c8x1 = v8.fma(w1, c8x1);
      FloatVector v9 = FloatVector.broadcast(F, a[a9 + k]);
      c9x0 = v9.fma(w0, c9x0);
      c9x1 = v9.fma(w1, c9x1);
      FloatVector v10 = FloatVector.broadcast(F, a[a10 + k]);
      c10x0 = v10.fma(w0, c10x0);
      c10x1 = v10.fma(w1, c10x1);
      FloatVector v11 = FloatVector.broadcast(F, a[a11 + k]);
      c11x0 = v11.fma(w0, c11x0);
      c11x1 = v11.fma(w1, c11x1);
    }
    c0x0.intoArray(c, c0);
    c0x1.intoArray(c, c0 + vectorStep);
    int at1 = c0 + rowStep;
    c1x0.intoArray(c, at1);
    c1x1.intoArray(c, at1 + vectorStep);
    int at2 = at1 + rowStep;
    c2x0.intoArray(c, at2);
    c2x1.intoArray(c, at2 + vectorStep);
    int at3 = at2 + rowStep;
    c3x0.intoArray(c, at3);
    c3x1.intoArray(c, at3 + vectorStep);
    int at4 = at3 + rowStep;
    c4x0.intoArray(c, at4);
    c4x1.intoArray(c, at4 + vectorStep);
    int at5 = at4 + rowStep;
    c5x0.intoArray(c, at5);
    c5x1.intoArray(c, at5 + vectorStep);
    int at6 = at5 + rowStep;
    c6x0.intoArray(c, at6);
    c6x1.intoArray(c, at6 + vectorStep);
    int at7 = at6 + rowStep;
    c7x0.intoArray(c, at7);
    c7x1.intoArray(c, at7 + vectorStep);
    int at8 = at7 + rowStep;
    c8x0.intoArray(c, at8);
    c8x1.intoArray(c, at8 + vectorStep);
    int at9 = at8 + rowStep;
    c9x0.intoArray(c, at9);
    c9x1.intoArray(c, at9 + vectorStep);
    int at10 = at9 + rowStep;
    c10x0.intoArray(c, at10);
    c10x1.intoArray(c, at10 + vectorStep);
    int at11 = at10 + rowStep;
    c11x0.intoArray(c, at11);
    c11x1.intoArray(c, at11 + vectorStep);
  }

  private static void rows6Vectors2(
      int depth,
      float[] a,
      int a0,
      int lda,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int rowStep,
      int vectorStep) {
    FloatVector c0x0 = FloatVector.zero(F);
    FloatVector c0x1 = FloatVector.zero(F);
    FloatVector c1x0 = FloatVector.zero(F);
    FloatVector c1x1 = FloatVector.zero(F);
    FloatVector c2x0 = FloatVector.zero(F);
    FloatVector c2x1 = FloatVector.zero(F);
    FloatVector c3x0 = FloatVector.zero(F);
    FloatVector c3x1 = FloatVector.zero(F);
    FloatVector c4x0 = FloatVector.zero(F);
    FloatVector c4x1 = FloatVector.zero(F);
    FloatVector c5x0 = FloatVector.zero(F);
    FloatVector c5x1 = FloatVector.zero(F);
    int a1 = a0 + lda;
    int a2 = a1 + lda;
    int a3 = a2 + lda;
    int a4 = a3 + lda;
    int a5 = a4 + lda;
    for (int k = 0, p = b0; k < depth; k++, p += 2 * N) {
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector v0 = FloatVector.broadcast(F, a[a0 + k]);
      c0x0 = v0.fma(w0, c0x0);
      c0x1 = v0.fma(w1, c0x1);
      FloatVector v1 = FloatVector.broadcast(F, a[a1 + k]);
      c1x0 = v1.fma(w0, c1x0);
      c1x1 = v1.fma(w1, c1x1);
      FloatVector v2 = FloatVector.broadcast(F, a[a2 + k]);
      c2x0 = v2.fma(w0, c2x0);
      c2x1 = v2.fma(w1, c2x1);
      FloatVector v3 = FloatVector.broadcast(F, a[a3 + k]);
      c3x0 = v3.fma(w0, c3x0);
      c3x1 = v3.fma(w1, c3x1);
      FloatVector v4 = FloatVector.broadcast(F, a[a4 + k]);
      c4x0 = v4.fma(w0, c4x0);
      c4x1 = v4.fma(w1, c4x1);
      FloatVector v5 = FloatVector.broadcast(F, a[a5 + k]);
      c5x0 = v5.fma(w0, c5x0);
      c5x1 = v5.fma(w1, c5x1);
    }
    c0x0.intoArray(c, c0);
    c0x1.intoArray(c, c0 + vectorStep);
    int at1 = c0 + rowStep;
    c1x0.intoArray(c, at1);
    c1x1.intoArray(c, at1 + vectorStep);
    int at2 = at1 + rowStep;
    c2x0.intoArray(c, at2);
    c2x1.intoArray(c, at2 + vectorStep);
    int at3 = at2 + rowStep;
    c3x0.intoArray(c, at3);
    c3x1.intoArray(c, at3 + vectorStep);
    int at4 = at3 + rowStep;
    c4x0.intoArray(c, at4);
    c4x1.intoArray(c, at4 + vectorStep);
    int at5 = at4 + rowStep;
    c5x0.intoArray(c, at5);
    c5x1.intoArray(c, at5 + vectorStep);
  }

  private static void rows6Vectors1(
      int depth,
      float[] a,
      int a0,
      int lda,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int rowStep,
      int vectorStep) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = FloatVector.zero(F);
    FloatVector s2 = FloatVector.zero(F);
    FloatVector s3 = FloatVector.zero(F);
    FloatVector s4 = FloatVector.zero(F);
    FloatVector s5 = FloatVector.zero(F);
    int a1 = a0 + lda;
    int a2 = a1 + lda;
    int a3 = a2 + lda;
    int a4 = a3 + lda;
    int a5 = a4 + lda;
    for (int k = 0, p = b0; k < depth; k++, p += N) {
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      s0 = FloatVector.broadcast(F, a[a0 + k]).fma(w0, s0);
      s1 = FloatVector.broadcast(F, a[a1 + k]).fma(w0, s1);
      s2 = FloatVector.broadcast(F, a[a2 + k]).fma(w0, s2);
      s3 = FloatVector.broadcast(F, a[a3 + k]).fma(w0, s3);
      s4 = FloatVector.broadcast(F, a[a4 + k]).fma(w0, s4);
      s5 = FloatVector.broadcast(F, a[a5 + k]).fma(w0, s5);
    }
    s0.intoArray(c, c0);
    int at1 = c0 + rowStep;
    s1.intoArray(c, at1);
    int at2 = at1 + rowStep;
    s2.intoArray(c, at2);
    int at3 = at2 + rowStep;
    s3.intoArray(c, at3);
    int at4 = at3 + rowStep;
    s4.intoArray(c, at4);
    int at5 = at4 + rowStep;
    s5.intoArray(c, at5);
  }

  private static void rows1Vectors4(
      int depth,
      float[] a,
      int a0,
      int lda,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int rowStep,
      int vectorStep) {
    FloatVector c0x0 = FloatVector.zero(F);
    FloatVector c0x1 = FloatVector.zero(F);
    FloatVector c0x2 = FloatVector.zero(F);
    FloatVector c0x3 = FloatVector.zero(F);
    for (int k = 0, p = b0; k < depth; k++, p += 4 * N) {
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector w2 = FloatVector.fromArray(F, b, p + 2 * N);
      FloatVector w3 = FloatVector.fromArray(F, b, p + 3 * N);
      FloatVector v0 = FloatVector.broadcast(F, a[a0 + k]);
      c0x0 = v0.fma(w0, c0x0);
      c0x1 = v0.fma(w1, c0x1);
      c0x2 = v0.fma(w2, c0x2);
      c0x3 = v0.fma(w3, c0x3);
    }
    c0x0.intoArray(c, c0);
    c0x1.intoArray(c, c0 + vectorStep);
    c0x2.intoArray(c, c0 + 2 * vectorStep);
    c0x3.intoArray(c, c0 + 3 * vectorStep);
  }
}
