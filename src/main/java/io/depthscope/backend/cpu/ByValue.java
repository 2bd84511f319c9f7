package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import io.depthscope.graph.Op;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * Operations that look at one position at a time. Inputs and tiles are blocked: one vector of
 * channels after the other, position by position within. Padding channels of a tile are finite.
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
    int positionsA = l.plan().ins().get(0).positions();
    int positionsB = l.plan().ins().get(1).positions();
    int stepA = positionsA == 1 ? 0 : N;
    int stepB = positionsB == 1 ? 0 : N;
    for (int c = 0, at = 0; c < l.stage().padded(); c += N) {
      for (int p = p0; p < p1; p++, at += N) {
        FloatVector u = FloatVector.fromArray(F, a, c * positionsA + p * stepA);
        FloatVector v = FloatVector.fromArray(F, b, c * positionsB + p * stepB);
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

  /** A function of each value, in double as the oracle computes it. */
  static void map(
      Op.Unary.Function function, CpuLayer l, float[] in, int p0, int p1, float[] tile) {
    int positions = l.plan().in().positions();
    for (int c = 0, at = 0; c < l.stage().padded(); c += N) {
      int real = l.stage().lanesAt(c);
      for (int p = p0; p < p1; p++, at += N) {
        int from = c * positions + p * N;
        for (int lane = 0; lane < N; lane++) {
          tile[at + lane] = lane < real ? (float) function.of(in[from + lane]) : 0;
        }
      }
    }
  }

  /** The channels of several inputs, one after the other. */
  static void join(CpuLayer l, List<float[]> inputs, int p0, int p1, float[] tile) {
    int positions = l.plan().out().positions();
    int rows = p1 - p0;
    Arrays.fill(tile, 0, rows * l.stage().padded(), 0);
    int channel = 0;
    for (int k = 0; k < inputs.size(); k++) {
      float[] in = inputs.get(k);
      int channels = l.plan().ins().get(k).channels();
      for (int c = 0; c < channels; c++, channel++) {
        int from = c / N * N * positions + c % N;
        int to = channel / N * N * rows + channel % N;
        for (int p = p0; p < p1; p++) {
          tile[to + (p - p0) * N] = in[from + p * N];
        }
      }
    }
  }
}
