package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import io.depthscope.graph.Op;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * Operations that look at one position at a time. A tile is laid out as {@link Gemm} writes it; its
 * padding channels are finite.
 */
final class ByValue {
  private ByValue() {}

  /** Two inputs; one of a single position is used for all. */
  static void combine(
      Op.Elementwise.Function function,
      CpuLayer l,
      float[] a,
      float[] b,
      int p0,
      int p1,
      float[] tile) {
    int stepA = l.step().ins().get(0).positions() == 1 ? 0 : row(l, 0);
    int stepB = l.step().ins().get(1).positions() == 1 ? 0 : row(l, 1);
    for (int c = 0, at = 0; c < l.stage().padded(); c += N) {
      for (int p = p0; p < p1; p++, at += N) {
        FloatVector u = FloatVector.fromArray(F, a, p * stepA + c);
        FloatVector v = FloatVector.fromArray(F, b, p * stepB + c);
        FloatVector y =
            switch (function) {
              case ADD -> u.add(v);
              case MUL -> u.mul(v);
              case SUB -> u.sub(v);
            };
        y.intoArray(tile, at);
      }
    }
  }

  /** Floats from one position of an input to the next. */
  private static int row(CpuLayer l, int input) {
    return CpuLayer.rowFloats(l.step().ins().get(input));
  }

  /** A function of each value, in double as the oracle computes it. */
  static void map(
      Op.Unary.Function function, CpuLayer l, float[] in, int p0, int p1, float[] tile) {
    int row = row(l, 0);
    for (int c = 0, at = 0; c < l.stage().padded(); c += N) {
      int real = l.stage().lanesAt(c);
      for (int p = p0; p < p1; p++, at += N) {
        int from = p * row + c;
        for (int lane = 0; lane < N; lane++) {
          tile[at + lane] = lane < real ? (float) function.of(in[from + lane]) : 0;
        }
      }
    }
  }

  /** The channels of several inputs, one after the other. */
  static void join(CpuLayer l, List<float[]> inputs, int p0, int p1, float[] tile) {
    int rows = p1 - p0;
    Arrays.fill(tile, 0, rows * l.stage().padded(), 0);
    int channel = 0;
    for (int k = 0; k < inputs.size(); k++) {
      float[] in = inputs.get(k);
      int channels = l.step().ins().get(k).channels();
      int row = row(l, k);
      for (int c = 0; c < channels; c++, channel++) {
        int to = channel / N * N * rows + channel % N;
        for (int p = p0; p < p1; p++) {
          tile[to + (p - p0) * N] = in[p * row + c];
        }
      }
    }
  }
}
