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
 * position by position within. The 3x3 kernel with stride 1 or 2 has loops of its own, for few
 * channels and for many; every other geometry takes the general one.
 */
final class Depthwise {
  /** Up to here, walking along the channels of a position has not enough to do. */
  private static final int FEW_CHANNELS = 32;

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
    this.zeros = new float[channels];
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
      int at = (y - y0) * out.width() * N;
      int top = y * window.strideH() - window.padding().top();
      if (fast && channels > FEW_CHANNELS) {
        byChannels(input, weights, top, tile, at, positions);
        continue;
      }
      for (int c = 0; c < channels; c += N) {
        if (fast) {
          byColumns(input, weights, top, c, tile, at + c * positions);
        } else {
          generalRow(input, weights, top, c, tile, at + c * positions);
        }
      }
    }
  }

  /** Windows of a row whose last column is one of the image. */
  private int inside() {
    return Math.min(out.width(), (in.width() + window.padding().left() - 3) / window.strideW() + 1);
  }

  private void byColumns(float[] input, float[] w, int top, int c, float[] tile, int at) {
    float[] r0 = row(input, top);
    float[] r1 = row(input, top + 1);
    float[] r2 = row(input, top + 2);
    int d0 = step(top);
    int d1 = step(top + 1);
    int d2 = step(top + 2);
    int o0 = d0 == 0 ? 0 : rowOffset(top) + c;
    int o1 = d1 == 0 ? 0 : rowOffset(top + 1) + c;
    int o2 = d2 == 0 ? 0 : rowOffset(top + 2) + c;
    int left = window.padding().left();
    int cs = channels;
    int inside = inside();
    int width = out.width();
    if (window.strideW() == 1) {
      ColumnSweep.stride1(
          r0, o0, d0, r1, o1, d1, r2, o2, d2, w, cs, c, left, inside, width, tile, at);
    } else {
      ColumnSweep.stride2(
          r0, o0, d0, r1, o1, d1, r2, o2, d2, w, cs, c, left, inside, width, tile, at);
    }
  }

  /** Two outputs at a time, but for those at the edges. */
  private void byChannels(float[] input, float[] w, int top, float[] tile, int at, int positions) {
    float[] r0 = row(input, top);
    float[] r1 = row(input, top + 1);
    float[] r2 = row(input, top + 2);
    int d0 = step(top);
    int d1 = step(top + 1);
    int d2 = step(top + 2);
    int stride = window.strideW();
    int left = window.padding().left();
    int inside = inside();
    int cs = channels;
    int x = 0;
    while (x < out.width()) {
      int missing = x == 0 ? left : 0;
      int column = x * stride - left + missing;
      int o0 = rowOffset(top) + column * d0;
      int o1 = rowOffset(top + 1) + column * d1;
      int o2 = rowOffset(top + 2) + column * d2;
      int to = at + x * N;
      if (missing == 1 || x >= inside) {
        ChannelSweep.edge(r0, o0, d0, r1, o1, d1, r2, o2, d2, w, cs, missing, tile, to, positions);
        x++;
      } else if (x + 1 == inside) {
        ChannelSweep.one(r0, o0, d0, r1, o1, d1, r2, o2, d2, w, cs, tile, to, positions);
        x++;
      } else {
        if (stride == 1) {
          ChannelSweep.two(r0, o0, d0, r1, o1, d1, r2, o2, d2, w, cs, tile, to, positions);
        } else {
          ChannelSweep.twoApart(r0, o0, d0, r1, o1, d1, r2, o2, d2, w, cs, tile, to, positions);
        }
        x += 2;
      }
    }
  }

  private boolean isOutside(int y) {
    return y < 0 || y >= in.height();
  }

  private float[] row(float[] input, int y) {
    return isOutside(y) ? zeros : input;
  }

  private int rowOffset(int y) {
    return isOutside(y) ? 0 : y * in.width() * inputRow;
  }

  /** Floats from one column of a row to the next. */
  private int step(int y) {
    return isOutside(y) ? 0 : inputRow;
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
