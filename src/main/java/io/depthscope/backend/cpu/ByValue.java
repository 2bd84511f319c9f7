package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;
import static jdk.incubator.vector.VectorOperators.LT;

import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.Op;
import io.depthscope.graph.Sampling;
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

  /** Values below 0 times a slope. */
  static void slope(CpuLayer l, float[] slopes, float[] in, int p0, int p1, float[] tile) {
    int row = row(l, 0);
    for (int c = 0, at = 0; c < l.stage().padded(); c += N) {
      FloatVector slope = FloatVector.fromArray(F, slopes, c);
      for (int p = p0; p < p1; p++, at += N) {
        FloatVector x = FloatVector.fromArray(F, in, p * row + c);
        x.blend(x.mul(slope).add(0f), x.compare(LT, 0f)).intoArray(tile, at);
      }
    }
  }

  /** Each value over what its neighbours among the channels amount to. */
  static void respond(Op.LocalResponse op, CpuLayer l, float[] in, int p0, int p1, float[] tile) {
    int channels = l.stage().channels();
    int row = row(l, 0);
    for (int c = 0, at = 0; c < l.stage().padded(); c += N) {
      for (int p = p0; p < p1; p++, at += N) {
        for (int lane = 0; lane < N; lane++) {
          int channel = c + lane;
          tile[at + lane] = channel < channels ? responding(op, in, p * row, channel, channels) : 0;
        }
      }
    }
  }

  private static float responding(
      Op.LocalResponse op, float[] in, int first, int channel, int channels) {
    double squares = 0;
    for (int k = op.first(channel); k < op.end(channel, channels); k++) {
      squares += (double) in[first + k] * in[first + k];
    }
    return op.of(in[first + channel], squares);
  }

  /** The channels of each position about their mean, in double as the oracle computes it. */
  static void normalize(LayerNorm op, CpuLayer l, float[] in, int p0, int p1, float[] tile) {
    int channels = l.stage().channels();
    int padded = l.stage().padded();
    int row = row(l, 0);
    int block = (p1 - p0) * N;
    for (int p = p0; p < p1; p++) {
      int from = p * row;
      double mean = LayerNorm.mean(in, from, channels);
      double deviation = op.deviation(in, from, channels, mean);
      int at = (p - p0) * N;
      for (int c = 0; c < padded; c++) {
        tile[c / N * block + at + c % N] =
            c < channels ? op.of(in[from + c], mean, deviation, c) : 0;
      }
    }
  }

  /** Values from other places, or constants. */
  static void move(
      CpuLayer l, CpuLayer.Weights.Places places, float[] in, int p0, int p1, float[] tile) {
    int channels = l.stage().channels();
    for (int c = 0, at = 0; c < l.stage().padded(); c += N) {
      int real = l.stage().lanesAt(c);
      for (int p = p0; p < p1; p++, at += N) {
        for (int lane = 0; lane < N; lane++) {
          float value = 0;
          if (lane < real) {
            int from = places.from()[p * channels + c + lane];
            value = from < 0 ? places.fill()[c + lane] : in[from];
          }
          tile[at + lane] = value;
        }
      }
    }
  }

  /** Values between four of the input's. */
  static void resize(LayerForm.Resized form, CpuLayer l, float[] in, int p0, int p1, float[] tile) {
    int width = l.step().out().width();
    int row = row(l, 0);
    int line = l.step().in().width() * row;
    for (int c = 0, at = 0; c < l.stage().padded(); c += N) {
      for (int p = p0; p < p1; p++) {
        Sampling.Tap y = form.rows().get(p / width);
        Sampling.Tap x = form.columns().get(p % width);
        int upperLeft = y.low() * line + x.low() * row + c;
        int upperRight = y.low() * line + x.high() * row + c;
        int lowerLeft = y.high() * line + x.low() * row + c;
        int lowerRight = y.high() * line + x.high() * row + c;
        for (int lane = 0; lane < N; lane++, at++) {
          tile[at] =
              Sampling.between(
                  in[upperLeft + lane],
                  in[upperRight + lane],
                  in[lowerLeft + lane],
                  in[lowerRight + lane],
                  y.share(),
                  x.share());
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
