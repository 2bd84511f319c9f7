package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * Blocks of one row of the matrix product, for fully connected layers and layers of few positions.
 * Each method is a {@link Gemm.Block}.
 */
final class RowBlocks {
  private RowBlocks() {}

  static void row1Vectors1(
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
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * N;
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector v0 = FloatVector.broadcast(F, a[at]);
      s0 = v0.fma(w0, s0);
    }
    s0.intoArray(c, c0);
  }

  static void row1Vectors2(
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
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * 2 * N;
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector v0 = FloatVector.broadcast(F, a[at]);
      s0x0 = v0.fma(w0, s0x0);
      s0x1 = v0.fma(w1, s0x1);
    }
    s0x0.intoArray(c, c0);
    s0x1.intoArray(c, c0 + vectorStep);
  }

  static void row1Vectors3(
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
    }
    s0x0.intoArray(c, c0);
    s0x1.intoArray(c, c0 + vectorStep);
    s0x2.intoArray(c, c0 + 2 * vectorStep);
  }

  static void row1Vectors4(
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
    }
    s0x0.intoArray(c, c0);
    s0x1.intoArray(c, c0 + vectorStep);
    s0x2.intoArray(c, c0 + 2 * vectorStep);
    s0x3.intoArray(c, c0 + 3 * vectorStep);
  }
}
