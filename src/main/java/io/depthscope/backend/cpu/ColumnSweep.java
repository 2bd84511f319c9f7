package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * The 3x3 depthwise kernel for layers of few channels: a row of outputs of one vector of channels,
 * from left to right, with the nine weights in registers.
 *
 * <p>Of the columns gone by, only what they add to outputs to come is kept; the columns themselves
 * would take more registers than there are.
 *
 * <p>Row r of the window begins at {@code o0, o1, o2} in its array and goes on in steps of {@code
 * d0, d1, d2}; weight (ky, kx) of the vector lies at {@code (3 * ky + kx) * cs + c}. The first
 * {@code left} columns of the first window lie in the padding; {@code inside} windows of {@code
 * width} end with a column of the image, the last one perhaps a column behind it.
 */
final class ColumnSweep {
  private ColumnSweep() {}

  static void stride1(
      float[] r0,
      int o0,
      int d0,
      float[] r1,
      int o1,
      int d1,
      float[] r2,
      int o2,
      int d2,
      float[] w,
      int cs,
      int c,
      int left,
      int inside,
      int width,
      float[] tile,
      int at) {
    FloatVector w00 = FloatVector.fromArray(F, w, c);
    FloatVector w01 = FloatVector.fromArray(F, w, cs + c);
    FloatVector w02 = FloatVector.fromArray(F, w, 2 * cs + c);
    FloatVector w10 = FloatVector.fromArray(F, w, 3 * cs + c);
    FloatVector w11 = FloatVector.fromArray(F, w, 4 * cs + c);
    FloatVector w12 = FloatVector.fromArray(F, w, 5 * cs + c);
    FloatVector w20 = FloatVector.fromArray(F, w, 6 * cs + c);
    FloatVector w21 = FloatVector.fromArray(F, w, 7 * cs + c);
    FloatVector w22 = FloatVector.fromArray(F, w, 8 * cs + c);
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    if (left == 0) {
      a0 = FloatVector.fromArray(F, r0, o0);
      a1 = FloatVector.fromArray(F, r1, o1);
      a2 = FloatVector.fromArray(F, r2, o2);
    }
    o0 += (1 - left) * d0;
    o1 += (1 - left) * d1;
    o2 += (1 - left) * d2;
    FloatVector s = a2.fma(w20, a1.fma(w10, a0.mul(w00)));
    a0 = FloatVector.fromArray(F, r0, o0);
    a1 = FloatVector.fromArray(F, r1, o1);
    a2 = FloatVector.fromArray(F, r2, o2);
    FloatVector p = s.add(a2.fma(w21, a1.fma(w11, a0.mul(w01))));
    s = a2.fma(w20, a1.fma(w10, a0.mul(w00)));
    for (int x = 0; x < inside; x++) {
      o0 += d0;
      o1 += d1;
      o2 += d2;
      FloatVector c0 = FloatVector.fromArray(F, r0, o0);
      FloatVector c1 = FloatVector.fromArray(F, r1, o1);
      FloatVector c2 = FloatVector.fromArray(F, r2, o2);
      p.add(c2.fma(w22, c1.fma(w12, c0.mul(w02)))).intoArray(tile, at + x * N);
      p = s.add(c2.fma(w21, c1.fma(w11, c0.mul(w01))));
      s = c2.fma(w20, c1.fma(w10, c0.mul(w00)));
    }
    if (inside < width) {
      p.intoArray(tile, at + inside * N);
    }
  }

  static void stride2(
      float[] r0,
      int o0,
      int d0,
      float[] r1,
      int o1,
      int d1,
      float[] r2,
      int o2,
      int d2,
      float[] w,
      int cs,
      int c,
      int left,
      int inside,
      int width,
      float[] tile,
      int at) {
    FloatVector w00 = FloatVector.fromArray(F, w, c);
    FloatVector w01 = FloatVector.fromArray(F, w, cs + c);
    FloatVector w02 = FloatVector.fromArray(F, w, 2 * cs + c);
    FloatVector w10 = FloatVector.fromArray(F, w, 3 * cs + c);
    FloatVector w11 = FloatVector.fromArray(F, w, 4 * cs + c);
    FloatVector w12 = FloatVector.fromArray(F, w, 5 * cs + c);
    FloatVector w20 = FloatVector.fromArray(F, w, 6 * cs + c);
    FloatVector w21 = FloatVector.fromArray(F, w, 7 * cs + c);
    FloatVector w22 = FloatVector.fromArray(F, w, 8 * cs + c);
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    if (left == 0) {
      a0 = FloatVector.fromArray(F, r0, o0);
      a1 = FloatVector.fromArray(F, r1, o1);
      a2 = FloatVector.fromArray(F, r2, o2);
    }
    o0 += (1 - left) * d0;
    o1 += (1 - left) * d1;
    o2 += (1 - left) * d2;
    FloatVector s = a2.fma(w20, a1.fma(w10, a0.mul(w00)));
    for (int x = 0; x < inside; x++) {
      FloatVector b0 = FloatVector.fromArray(F, r0, o0);
      FloatVector b1 = FloatVector.fromArray(F, r1, o1);
      FloatVector b2 = FloatVector.fromArray(F, r2, o2);
      FloatVector p = s.add(b2.fma(w21, b1.fma(w11, b0.mul(w01))));
      FloatVector c0 = FloatVector.fromArray(F, r0, o0 + d0);
      FloatVector c1 = FloatVector.fromArray(F, r1, o1 + d1);
      FloatVector c2 = FloatVector.fromArray(F, r2, o2 + d2);
      p.add(c2.fma(w22, c1.fma(w12, c0.mul(w02)))).intoArray(tile, at + x * N);
      s = c2.fma(w20, c1.fma(w10, c0.mul(w00)));
      o0 += 2 * d0;
      o1 += 2 * d1;
      o2 += 2 * d2;
    }
    if (inside < width) {
      FloatVector b0 = FloatVector.fromArray(F, r0, o0);
      FloatVector b1 = FloatVector.fromArray(F, r1, o1);
      FloatVector b2 = FloatVector.fromArray(F, r2, o2);
      s.add(b2.fma(w21, b1.fma(w11, b0.mul(w01)))).intoArray(tile, at + inside * N);
    }
  }
}
