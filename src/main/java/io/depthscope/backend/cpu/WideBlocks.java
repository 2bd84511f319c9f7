package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * Blocks of the matrix product for machines with 32 vector registers, those of 512 bits, and panels
 * of three or four vectors. The sums of a block and the weights of one depth fill the registers.
 * Each method is a {@link Gemm.Block}.
 */
final class WideBlocks {
  private WideBlocks() {}

  static void rows6Vectors4(
      int depth,
      float[] a,
      int a0,
      int rowStep,
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
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * 4 * N;
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

  static void rows5Vectors4(
      int depth,
      float[] a,
      int a0,
      int rowStep,
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
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * 4 * N;
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
  }

  static void rows8Vectors3(
      int depth,
      float[] a,
      int a0,
      int rowStep,
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
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * 3 * N;
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

  static void rows7Vectors3(
      int depth,
      float[] a,
      int a0,
      int rowStep,
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
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * 3 * N;
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
  }
}
