package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import io.depthscope.graph.Window;
import io.depthscope.stats.StreamSums;
import io.depthscope.tensor.Shape;
import jdk.incubator.vector.FloatVector;

/**
 * Convolutions whose channels fall into groups, or whose windows are dilated. Each output is one
 * chain of fused multiply-adds, rows of the window first, then columns, then channels, so that the
 * vector width changes no bit.
 */
final class GroupedConvolution {
  private final Window window;
  private final Shape in;
  private final Shape out;
  private final int inputRow;

  /** Input channels of a group. */
  private final int inputs;

  /** For each output channel, padded, the first input channel of its group. */
  private final int[] first;

  /**
   * @param inputRow floats from one position of the input to the next
   */
  GroupedConvolution(LayerForm.Grouped form, Shape in, Shape out, int inputRow) {
    this.window = form.window();
    this.in = in;
    this.out = out;
    this.inputRow = inputRow;
    inputs = in.channels() / form.groups();
    first = new int[StreamSums.padded(out.channels())];
    int outputs = out.channels() / form.groups();
    for (int c = 0; c < out.channels(); c++) {
      first[c] = c / outputs * inputs;
    }
  }

  /**
   * Sums of output positions {@code p0..p1-1}, laid out as {@link Gemm} writes them.
   *
   * @param kernel [KH * KW * inputs, padded channels]
   */
  void positions(float[] input, float[] kernel, int p0, int p1, float[] tile) {
    for (int c = 0, at = 0; c < first.length; c += N) {
      for (int p = p0; p < p1; p++, at += N) {
        sum(input, kernel, p, c).intoArray(tile, at);
      }
    }
  }

  private FloatVector sum(float[] input, float[] kernel, int p, int c) {
    int top = p / out.width() * window.strideH() - window.padding().top();
    int left = p % out.width() * window.strideW() - window.padding().left();
    FloatVector sum = FloatVector.zero(F);
    for (int ky = 0; ky < window.kernelH(); ky++) {
      int y = top + ky * window.dilationH();
      if (y < 0 || y >= in.height()) {
        continue;
      }
      for (int kx = 0; kx < window.kernelW(); kx++) {
        int x = left + kx * window.dilationW();
        if (x < 0 || x >= in.width()) {
          continue;
        }
        int from = (y * in.width() + x) * inputRow;
        int by = (ky * window.kernelW() + kx) * inputs * first.length + c;
        for (int i = 0; i < inputs; i++, by += first.length) {
          FloatVector value = FloatVector.fromArray(F, input, from + i, first, c);
          sum = value.fma(FloatVector.fromArray(F, kernel, by), sum);
        }
      }
    }
    return sum;
  }
}
