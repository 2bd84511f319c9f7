package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * The 3x3 depthwise kernel for layers of many channels: one or two outputs at a time, all channels
 * of a position one after the other, as they lie in memory.
 *
 * <p>Row r of the first window begins at {@code o0, o1, o2} in its array and goes on in steps of
 * {@code d0, d1, d2}; weight (ky, kx) of channel c lies at {@code (3 * ky + kx) * cs + c} of {@code
 * cs} channels. The sums of an output are those of {@link ColumnSweep}, to the bit: each column
 * from top to bottom, then the columns from left to right.
 */
final class ChannelSweep {
  private ChannelSweep() {}

  /** One output whose window lies inside; the first column is at {@code o0, o1, o2}. */
  static void one(
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
      float[] tile,
      int at,
      int positions) {
    for (int c = 0; c < cs; c += N) {
      FloatVector w00 = FloatVector.fromArray(F, w, c);
      FloatVector w10 = FloatVector.fromArray(F, w, 3 * cs + c);
      FloatVector w20 = FloatVector.fromArray(F, w, 6 * cs + c);
      FloatVector a0 = FloatVector.fromArray(F, r0, o0 + c);
      FloatVector a1 = FloatVector.fromArray(F, r1, o1 + c);
      FloatVector a2 = FloatVector.fromArray(F, r2, o2 + c);
      FloatVector s = a2.fma(w20, a1.fma(w10, a0.mul(w00)));
      FloatVector w01 = FloatVector.fromArray(F, w, cs + c);
      FloatVector w11 = FloatVector.fromArray(F, w, 4 * cs + c);
      FloatVector w21 = FloatVector.fromArray(F, w, 7 * cs + c);
      FloatVector b0 = FloatVector.fromArray(F, r0, o0 + d0 + c);
      FloatVector b1 = FloatVector.fromArray(F, r1, o1 + d1 + c);
      FloatVector b2 = FloatVector.fromArray(F, r2, o2 + d2 + c);
      FloatVector t = b2.fma(w21, b1.fma(w11, b0.mul(w01)));
      FloatVector w02 = FloatVector.fromArray(F, w, 2 * cs + c);
      FloatVector w12 = FloatVector.fromArray(F, w, 5 * cs + c);
      FloatVector w22 = FloatVector.fromArray(F, w, 8 * cs + c);
      FloatVector c0 = FloatVector.fromArray(F, r0, o0 + 2 * d0 + c);
      FloatVector c1 = FloatVector.fromArray(F, r1, o1 + 2 * d1 + c);
      FloatVector c2 = FloatVector.fromArray(F, r2, o2 + 2 * d2 + c);
      FloatVector u = c2.fma(w22, c1.fma(w12, c0.mul(w02)));
      s.add(t).add(u).intoArray(tile, at + c * positions);
    }
  }

  /** Two outputs side by side with stride 1: their windows share columns. */
  static void two(
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
      float[] tile,
      int at,
      int positions) {
    for (int c = 0; c < cs; c += N) {
      FloatVector w00 = FloatVector.fromArray(F, w, c);
      FloatVector w10 = FloatVector.fromArray(F, w, 3 * cs + c);
      FloatVector w20 = FloatVector.fromArray(F, w, 6 * cs + c);
      FloatVector a0 = FloatVector.fromArray(F, r0, o0 + c);
      FloatVector a1 = FloatVector.fromArray(F, r1, o1 + c);
      FloatVector a2 = FloatVector.fromArray(F, r2, o2 + c);
      FloatVector s = a2.fma(w20, a1.fma(w10, a0.mul(w00)));
      FloatVector b0 = FloatVector.fromArray(F, r0, o0 + d0 + c);
      FloatVector b1 = FloatVector.fromArray(F, r1, o1 + d1 + c);
      FloatVector b2 = FloatVector.fromArray(F, r2, o2 + d2 + c);
      FloatVector nextS = b2.fma(w20, b1.fma(w10, b0.mul(w00)));
      FloatVector w01 = FloatVector.fromArray(F, w, cs + c);
      FloatVector w11 = FloatVector.fromArray(F, w, 4 * cs + c);
      FloatVector w21 = FloatVector.fromArray(F, w, 7 * cs + c);
      FloatVector t = b2.fma(w21, b1.fma(w11, b0.mul(w01)));
      FloatVector c0 = FloatVector.fromArray(F, r0, o0 + 2 * d0 + c);
      FloatVector c1 = FloatVector.fromArray(F, r1, o1 + 2 * d1 + c);
      FloatVector c2 = FloatVector.fromArray(F, r2, o2 + 2 * d2 + c);
      FloatVector nextT = c2.fma(w21, c1.fma(w11, c0.mul(w01)));
      FloatVector w02 = FloatVector.fromArray(F, w, 2 * cs + c);
      FloatVector w12 = FloatVector.fromArray(F, w, 5 * cs + c);
      FloatVector w22 = FloatVector.fromArray(F, w, 8 * cs + c);
      FloatVector u = c2.fma(w22, c1.fma(w12, c0.mul(w02)));
      FloatVector e0 = FloatVector.fromArray(F, r0, o0 + 3 * d0 + c);
      FloatVector e1 = FloatVector.fromArray(F, r1, o1 + 3 * d1 + c);
      FloatVector e2 = FloatVector.fromArray(F, r2, o2 + 3 * d2 + c);
      FloatVector nextU = e2.fma(w22, e1.fma(w12, e0.mul(w02)));
      int to = at + c * positions;
      s.add(t).add(u).intoArray(tile, to);
      nextS.add(nextT).add(nextU).intoArray(tile, to + N);
    }
  }

  /** The same with stride 2: one column is shared. */
  static void twoApart(
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
      float[] tile,
      int at,
      int positions) {
    for (int c = 0; c < cs; c += N) {
      FloatVector w00 = FloatVector.fromArray(F, w, c);
      FloatVector w10 = FloatVector.fromArray(F, w, 3 * cs + c);
      FloatVector w20 = FloatVector.fromArray(F, w, 6 * cs + c);
      FloatVector a0 = FloatVector.fromArray(F, r0, o0 + c);
      FloatVector a1 = FloatVector.fromArray(F, r1, o1 + c);
      FloatVector a2 = FloatVector.fromArray(F, r2, o2 + c);
      FloatVector s = a2.fma(w20, a1.fma(w10, a0.mul(w00)));
      FloatVector c0 = FloatVector.fromArray(F, r0, o0 + 2 * d0 + c);
      FloatVector c1 = FloatVector.fromArray(F, r1, o1 + 2 * d1 + c);
      FloatVector c2 = FloatVector.fromArray(F, r2, o2 + 2 * d2 + c);
      FloatVector nextS = c2.fma(w20, c1.fma(w10, c0.mul(w00)));
      FloatVector w02 = FloatVector.fromArray(F, w, 2 * cs + c);
      FloatVector w12 = FloatVector.fromArray(F, w, 5 * cs + c);
      FloatVector w22 = FloatVector.fromArray(F, w, 8 * cs + c);
      FloatVector u = c2.fma(w22, c1.fma(w12, c0.mul(w02)));
      FloatVector e0 = FloatVector.fromArray(F, r0, o0 + 4 * d0 + c);
      FloatVector e1 = FloatVector.fromArray(F, r1, o1 + 4 * d1 + c);
      FloatVector e2 = FloatVector.fromArray(F, r2, o2 + 4 * d2 + c);
      FloatVector nextU = e2.fma(w22, e1.fma(w12, e0.mul(w02)));
      FloatVector w01 = FloatVector.fromArray(F, w, cs + c);
      FloatVector w11 = FloatVector.fromArray(F, w, 4 * cs + c);
      FloatVector w21 = FloatVector.fromArray(F, w, 7 * cs + c);
      FloatVector b0 = FloatVector.fromArray(F, r0, o0 + d0 + c);
      FloatVector b1 = FloatVector.fromArray(F, r1, o1 + d1 + c);
      FloatVector b2 = FloatVector.fromArray(F, r2, o2 + d2 + c);
      FloatVector t = b2.fma(w21, b1.fma(w11, b0.mul(w01)));
      FloatVector g0 = FloatVector.fromArray(F, r0, o0 + 3 * d0 + c);
      FloatVector g1 = FloatVector.fromArray(F, r1, o1 + 3 * d1 + c);
      FloatVector g2 = FloatVector.fromArray(F, r2, o2 + 3 * d2 + c);
      FloatVector nextT = g2.fma(w21, g1.fma(w11, g0.mul(w01)));
      int to = at + c * positions;
      s.add(t).add(u).intoArray(tile, to);
      nextS.add(nextT).add(nextU).intoArray(tile, to + N);
    }
  }

  /**
   * An output at the left or right edge of the image, whose window has two columns inside, at
   * {@code o0, o1, o2} and after.
   *
   * @param column the window's column that lies there: 1 at the left edge, 0 at the right one
   */
  static void edge(
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
      int column,
      float[] tile,
      int at,
      int positions) {
    for (int c = 0; c < cs; c += N) {
      int first = column * cs + c;
      FloatVector a0 = FloatVector.fromArray(F, r0, o0 + c);
      FloatVector a1 = FloatVector.fromArray(F, r1, o1 + c);
      FloatVector a2 = FloatVector.fromArray(F, r2, o2 + c);
      FloatVector s =
          a2.fma(
              FloatVector.fromArray(F, w, first + 6 * cs),
              a1.fma(
                  FloatVector.fromArray(F, w, first + 3 * cs),
                  a0.mul(FloatVector.fromArray(F, w, first))));
      FloatVector b0 = FloatVector.fromArray(F, r0, o0 + d0 + c);
      FloatVector b1 = FloatVector.fromArray(F, r1, o1 + d1 + c);
      FloatVector b2 = FloatVector.fromArray(F, r2, o2 + d2 + c);
      FloatVector t =
          b2.fma(
              FloatVector.fromArray(F, w, first + 7 * cs),
              b1.fma(
                  FloatVector.fromArray(F, w, first + 4 * cs),
                  b0.mul(FloatVector.fromArray(F, w, first + cs))));
      s.add(t).intoArray(tile, at + c * positions);
    }
  }
}
