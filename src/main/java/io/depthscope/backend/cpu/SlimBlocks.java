package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * Blocks of the matrix product for machines with 32 vector registers and panels of one or two
 * vectors: the last one of a layer, or the only one of a layer of few channels. Each method is a
 * {@link Gemm.Block}.
 */
final class SlimBlocks {
  private SlimBlocks() {}

  static void rows8Vectors2(
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
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * 2 * N;
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
  }

  static void rows7Vectors2(
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
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * 2 * N;
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
  }

  static void rows8Vectors1(
      int depth,
      float[] a,
      int a0,
      int rowStep,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int vectorStep) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = FloatVector.zero(F);
    FloatVector s2 = FloatVector.zero(F);
    FloatVector s3 = FloatVector.zero(F);
    FloatVector s4 = FloatVector.zero(F);
    FloatVector s5 = FloatVector.zero(F);
    FloatVector s6 = FloatVector.zero(F);
    FloatVector s7 = FloatVector.zero(F);
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * N;
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
      FloatVector v6 = FloatVector.broadcast(F, a[at + 6 * rowStep]);
      s6 = v6.fma(w0, s6);
      FloatVector v7 = FloatVector.broadcast(F, a[at + 7 * rowStep]);
      s7 = v7.fma(w0, s7);
    }
    s0.intoArray(c, c0);
    s1.intoArray(c, c0 + N);
    s2.intoArray(c, c0 + 2 * N);
    s3.intoArray(c, c0 + 3 * N);
    s4.intoArray(c, c0 + 4 * N);
    s5.intoArray(c, c0 + 5 * N);
    s6.intoArray(c, c0 + 6 * N);
    s7.intoArray(c, c0 + 7 * N);
  }

  static void rows7Vectors1(
      int depth,
      float[] a,
      int a0,
      int rowStep,
      float[] b,
      int b0,
      float[] c,
      int c0,
      int vectorStep) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = FloatVector.zero(F);
    FloatVector s2 = FloatVector.zero(F);
    FloatVector s3 = FloatVector.zero(F);
    FloatVector s4 = FloatVector.zero(F);
    FloatVector s5 = FloatVector.zero(F);
    FloatVector s6 = FloatVector.zero(F);
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * N;
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
      FloatVector v6 = FloatVector.broadcast(F, a[at + 6 * rowStep]);
      s6 = v6.fma(w0, s6);
    }
    s0.intoArray(c, c0);
    s1.intoArray(c, c0 + N);
    s2.intoArray(c, c0 + 2 * N);
    s3.intoArray(c, c0 + 3 * N);
    s4.intoArray(c, c0 + 4 * N);
    s5.intoArray(c, c0 + 5 * N);
    s6.intoArray(c, c0 + 6 * N);
  }
}
