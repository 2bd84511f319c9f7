package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import io.depthscope.graph.Window;
import io.depthscope.stats.StreamSums;
import io.depthscope.tensor.Shape;
import jdk.incubator.vector.FloatVector;

/**
 * Depthwise convolution of one image, channels across lanes, without bias or activation function.
 *
 * <p>The output goes into a tile as {@link Gemm} writes it: one vector of channels after the other,
 * position by position within. The 3x3 kernel with stride 1 or 2 keeps the nine weights and a
 * sliding window of columns in registers; every other geometry takes the general loop.
 */
final class Depthwise {
  private final Window window;
  private final Shape in;
  private final Shape out;
  private final int inputRow;
  private final int channels;
  private final boolean fast;

  /** A position of zeros: the padding above and below, where a step to the right is none. */
  private final float[] zeros;

  /**
   * @param inputRow floats from one position of the input to the next
   */
  Depthwise(Window window, Shape in, Shape out, int inputRow) {
    this.window = window;
    this.in = in;
    this.out = out;
    this.inputRow = inputRow;
    this.channels = StreamSums.padded(in.channels());
    int overhang = (out.width() - 1) * window.strideW() + 3 - window.padding().left() - in.width();
    this.fast =
        window.kernelH() == 3
            && window.kernelW() == 3
            && window.strideW() == window.strideH()
            && window.strideW() <= 2
            && window.padding().left() <= 1
            && overhang <= 1
            && in.width() >= 3;
    this.zeros = new float[N];
  }

  /**
   * Computes output rows {@code y0..y1-1}.
   *
   * @param weights [KH * KW, padded channels]
   * @param tile receives (y1 - y0) * width positions
   */
  void rows(float[] input, float[] weights, int y0, int y1, float[] tile) {
    int positions = (y1 - y0) * out.width();
    for (int y = y0; y < y1; y++) {
      for (int c = 0; c < channels; c += N) {
        int at = c * positions + (y - y0) * out.width() * N;
        int top = y * window.strideH() - window.padding().top();
        if (!fast) {
          generalRow(input, weights, top, c, tile, at);
          continue;
        }
        float[] r0 = row(input, top);
        float[] r1 = row(input, top + 1);
        float[] r2 = row(input, top + 2);
        int o0 = rowOffset(c, top);
        int o1 = rowOffset(c, top + 1);
        int o2 = rowOffset(c, top + 2);
        int d0 = step(top);
        int d1 = step(top + 1);
        int d2 = step(top + 2);
        if (window.strideW() == 1) {
          stride1(r0, o0, d0, r1, o1, d1, r2, o2, d2, weights, c, tile, at);
        } else {
          stride2(r0, o0, d0, r1, o1, d1, r2, o2, d2, weights, c, tile, at);
        }
      }
    }
  }

  private boolean isOutside(int y) {
    return y < 0 || y >= in.height();
  }

  private float[] row(float[] input, int y) {
    return isOutside(y) ? zeros : input;
  }

  private int rowOffset(int c, int y) {
    return isOutside(y) ? 0 : y * in.width() * inputRow + c;
  }

  /** Floats from one column of a row to the next. */
  private int step(int y) {
    return isOutside(y) ? 0 : inputRow;
  }

  private void stride1(
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
      int c,
      float[] tile,
      int at) {
    int cs = channels;
    FloatVector w00 = FloatVector.fromArray(F, w, c);
    FloatVector w01 = FloatVector.fromArray(F, w, cs + c);
    FloatVector w02 = FloatVector.fromArray(F, w, 2 * cs + c);
    FloatVector w10 = FloatVector.fromArray(F, w, 3 * cs + c);
    FloatVector w11 = FloatVector.fromArray(F, w, 4 * cs + c);
    FloatVector w12 = FloatVector.fromArray(F, w, 5 * cs + c);
    FloatVector w20 = FloatVector.fromArray(F, w, 6 * cs + c);
    FloatVector w21 = FloatVector.fromArray(F, w, 7 * cs + c);
    FloatVector w22 = FloatVector.fromArray(F, w, 8 * cs + c);
    FloatVector zero = FloatVector.zero(F);
    int left = window.padding().left();
    // Columns a, b, c of the window; the first may lie in the padding.
    FloatVector a0 = zero;
    FloatVector a1 = zero;
    FloatVector a2 = zero;
    if (left == 0) {
      a0 = FloatVector.fromArray(F, r0, o0);
      a1 = FloatVector.fromArray(F, r1, o1);
      a2 = FloatVector.fromArray(F, r2, o2);
    }
    o0 += (1 - left) * d0;
    o1 += (1 - left) * d1;
    o2 += (1 - left) * d2;
    FloatVector b0 = FloatVector.fromArray(F, r0, o0);
    FloatVector b1 = FloatVector.fromArray(F, r1, o1);
    FloatVector b2 = FloatVector.fromArray(F, r2, o2);
    int width = out.width();
    int inside =
        Math.min(width, in.width() + left - 2); // windows whose last column is an input column
    for (int x = 0; x < inside; x++) {
      o0 += d0;
      o1 += d1;
      o2 += d2;
      FloatVector c0 = FloatVector.fromArray(F, r0, o0);
      FloatVector c1 = FloatVector.fromArray(F, r1, o1);
      FloatVector c2 = FloatVector.fromArray(F, r2, o2);
      FloatVector s = a2.fma(w20, a1.fma(w10, a0.mul(w00)));
      FloatVector t = b2.fma(w21, b1.fma(w11, b0.mul(w01)));
      FloatVector u = c2.fma(w22, c1.fma(w12, c0.mul(w02)));
      s.add(t).add(u).intoArray(tile, at + x * N);
      a0 = b0;
      a1 = b1;
      a2 = b2;
      b0 = c0;
      b1 = c1;
      b2 = c2;
    }
    if (inside < width) {
      FloatVector s = a2.fma(w20, a1.fma(w10, a0.mul(w00)));
      FloatVector t = b2.fma(w21, b1.fma(w11, b0.mul(w01)));
      s.add(t).intoArray(tile, at + inside * N);
    }
  }

  private void stride2(
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
      int c,
      float[] tile,
      int at) {
    int cs = channels;
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
    int left = window.padding().left();
    if (left == 0) {
      a0 = FloatVector.fromArray(F, r0, o0);
      a1 = FloatVector.fromArray(F, r1, o1);
      a2 = FloatVector.fromArray(F, r2, o2);
    }
    o0 += (1 - left) * d0;
    o1 += (1 - left) * d1;
    o2 += (1 - left) * d2;
    int width = out.width();
    int inside = Math.min(width, (in.width() + left - 3) / 2 + 1);
    for (int x = 0; x < inside; x++) {
      FloatVector b0 = FloatVector.fromArray(F, r0, o0);
      FloatVector b1 = FloatVector.fromArray(F, r1, o1);
      FloatVector b2 = FloatVector.fromArray(F, r2, o2);
      FloatVector c0 = FloatVector.fromArray(F, r0, o0 + d0);
      FloatVector c1 = FloatVector.fromArray(F, r1, o1 + d1);
      FloatVector c2 = FloatVector.fromArray(F, r2, o2 + d2);
      FloatVector s = a2.fma(w20, a1.fma(w10, a0.mul(w00)));
      FloatVector t = b2.fma(w21, b1.fma(w11, b0.mul(w01)));
      FloatVector u = c2.fma(w22, c1.fma(w12, c0.mul(w02)));
      s.add(t).add(u).intoArray(tile, at + x * N);
      a0 = c0;
      a1 = c1;
      a2 = c2;
      o0 += 2 * d0;
      o1 += 2 * d1;
      o2 += 2 * d2;
    }
    if (inside < width) {
      FloatVector b0 = FloatVector.fromArray(F, r0, o0);
      FloatVector b1 = FloatVector.fromArray(F, r1, o1);
      FloatVector b2 = FloatVector.fromArray(F, r2, o2);
      FloatVector s = a2.fma(w20, a1.fma(w10, a0.mul(w00)));
      FloatVector t = b2.fma(w21, b1.fma(w11, b0.mul(w01)));
      s.add(t).intoArray(tile, at + inside * N);
    }
  }

  private void generalRow(float[] input, float[] w, int top, int c, float[] tile, int at) {
    for (int x = 0; x < out.width(); x++) {
      int leftmost = x * window.strideW() - window.padding().left();
      FloatVector sum = FloatVector.zero(F);
      for (int ky = 0; ky < window.kernelH(); ky++) {
        int iy = top + ky;
        if (iy < 0 || iy >= in.height()) {
          continue;
        }
        for (int kx = 0; kx < window.kernelW(); kx++) {
          int ix = leftmost + kx;
          if (ix < 0 || ix >= in.width()) {
            continue;
          }
          FloatVector v = FloatVector.fromArray(F, input, (iy * in.width() + ix) * inputRow + c);
          sum =
              v.fma(FloatVector.fromArray(F, w, (ky * window.kernelW() + kx) * channels + c), sum);
        }
      }
      sum.intoArray(tile, at + x * N);
    }
  }
}
