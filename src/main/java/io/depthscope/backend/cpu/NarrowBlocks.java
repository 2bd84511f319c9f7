package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import java.lang.invoke.VarHandle;
import jdk.incubator.vector.FloatVector;

/**
 * Blocks of the matrix product for machines with 16 vector registers. Each method is a {@link
 * Gemm.Block}.
 *
 * <p>Left alone, the JIT reads the values of all rows at the top of the loop, runs out of registers
 * and keeps some of the sums on the stack, which halves the speed. A fence between two rows forbids
 * reading ahead; it is no instruction on x86.
 */
final class NarrowBlocks {
  private NarrowBlocks() {}

  static void rows5Vectors2(
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
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * 2 * N;
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector v0 = FloatVector.broadcast(F, a[at]);
      s0x0 = v0.fma(w0, s0x0);
      s0x1 = v0.fma(w1, s0x1);
      VarHandle.loadLoadFence();
      FloatVector v1 = FloatVector.broadcast(F, a[at + rowStep]);
      s1x0 = v1.fma(w0, s1x0);
      s1x1 = v1.fma(w1, s1x1);
      VarHandle.loadLoadFence();
      FloatVector v2 = FloatVector.broadcast(F, a[at + 2 * rowStep]);
      s2x0 = v2.fma(w0, s2x0);
      s2x1 = v2.fma(w1, s2x1);
      VarHandle.loadLoadFence();
      FloatVector v3 = FloatVector.broadcast(F, a[at + 3 * rowStep]);
      s3x0 = v3.fma(w0, s3x0);
      s3x1 = v3.fma(w1, s3x1);
      VarHandle.loadLoadFence();
      FloatVector v4 = FloatVector.broadcast(F, a[at + 4 * rowStep]);
      s4x0 = v4.fma(w0, s4x0);
      s4x1 = v4.fma(w1, s4x1);
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
  }

  static void rows4Vectors2(
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
    for (int k = 0; k < depth; k++) {
      int at = a0 + k;
      int p = b0 + k * 2 * N;
      FloatVector w0 = FloatVector.fromArray(F, b, p);
      FloatVector w1 = FloatVector.fromArray(F, b, p + N);
      FloatVector v0 = FloatVector.broadcast(F, a[at]);
      s0x0 = v0.fma(w0, s0x0);
      s0x1 = v0.fma(w1, s0x1);
      VarHandle.loadLoadFence();
      FloatVector v1 = FloatVector.broadcast(F, a[at + rowStep]);
      s1x0 = v1.fma(w0, s1x0);
      s1x1 = v1.fma(w1, s1x1);
      VarHandle.loadLoadFence();
      FloatVector v2 = FloatVector.broadcast(F, a[at + 2 * rowStep]);
      s2x0 = v2.fma(w0, s2x0);
      s2x1 = v2.fma(w1, s2x1);
      VarHandle.loadLoadFence();
      FloatVector v3 = FloatVector.broadcast(F, a[at + 3 * rowStep]);
      s3x0 = v3.fma(w0, s3x0);
      s3x1 = v3.fma(w1, s3x1);
    }
    s0x0.intoArray(c, c0);
    s0x1.intoArray(c, c0 + vectorStep);
    s1x0.intoArray(c, c0 + N);
    s1x1.intoArray(c, c0 + N + vectorStep);
    s2x0.intoArray(c, c0 + 2 * N);
    s2x1.intoArray(c, c0 + 2 * N + vectorStep);
    s3x0.intoArray(c, c0 + 3 * N);
    s3x1.intoArray(c, c0 + 3 * N + vectorStep);
  }
}
