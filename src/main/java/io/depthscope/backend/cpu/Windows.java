package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.D;
import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;
import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.F2D;

import io.depthscope.graph.Window;
import io.depthscope.stats.StreamSums;
import io.depthscope.tensor.Shape;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Windows over an image: gathering them as rows of a matrix for dense convolutions, and pooling
 * them.
 */
final class Windows {
  private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;

  /** Up to here, the rows of a window, as of the first layer, are copied without a call. */
  private static final int SHORT_RUN = 32;

  private final Window window;
  private final Shape in;
  private final Shape out;
  private final int inputRow;

  /**
   * @param inputRow floats from one position of the input to the next
   */
  Windows(Window window, Shape in, Shape out, int inputRow) {
    this.window = window;
    this.in = in;
    this.out = out;
    this.inputRow = inputRow;
  }

  /**
   * Writes the windows of output positions {@code p0..p1-1} as rows of KH * KW * C floats, with
   * zeros for the padding.
   */
  void gather(float[] input, int p0, int p1, float[] rows) {
    int c = in.channels();
    int run = window.kernelW() * c;
    int rowStep = window.kernelH() * run;
    for (int p = p0; p < p1; p++) {
      int top = p / out.width() * window.strideH() - window.padding().top();
      int left = p % out.width() * window.strideW() - window.padding().left();
      int at = (p - p0) * rowStep;
      if (c == inputRow && run >= FOUR.length() && run <= SHORT_RUN && isInside(top, left)) {
        for (int ky = 0; ky < window.kernelH(); ky++, at += run) {
          copyShort(input, ((top + ky) * in.width() + left) * c, run, rows, at);
        }
      } else {
        gatherWindow(input, top, left, rows, at);
      }
    }
  }

  /** Copies a few floats, at least four: the last vector overlaps the one before. */
  private static void copyShort(float[] from, int at, int n, float[] to, int toAt) {
    if (n >= N) {
      for (int i = 0; i < n - N; i += N) {
        FloatVector.fromArray(F, from, at + i).intoArray(to, toAt + i);
      }
      FloatVector.fromArray(F, from, at + n - N).intoArray(to, toAt + n - N);
    } else {
      int last = n - FOUR.length();
      for (int i = 0; i < last; i += FOUR.length()) {
        FloatVector.fromArray(FOUR, from, at + i).intoArray(to, toAt + i);
      }
      FloatVector.fromArray(FOUR, from, at + last).intoArray(to, toAt + last);
    }
  }

  private boolean isInside(int top, int left) {
    return top >= 0
        && left >= 0
        && top + window.kernelH() <= in.height()
        && left + window.kernelW() <= in.width();
  }

  private void gatherWindow(float[] input, int top, int left, float[] rows, int at) {
    int c = in.channels();
    int run = window.kernelW() * c;
    int from = Math.min(window.kernelW(), Math.max(0, -left));
    int to = Math.max(from, Math.min(window.kernelW(), in.width() - left));
    for (int ky = 0; ky < window.kernelH(); ky++, at += run) {
      int iy = top + ky;
      if (iy < 0 || iy >= in.height() || from == to) {
        Arrays.fill(rows, at, at + run, 0); // the row or the window lies beside the image
        continue;
      }
      Arrays.fill(rows, at, at + from * c, 0);
      copy(input, iy * in.width() + left + from, to - from, rows, at + from * c);
      Arrays.fill(rows, at + to * c, at + run, 0);
    }
  }

  /** Copies {@code n} neighbouring positions and leaves out what lies between their channels. */
  private void copy(float[] input, int first, int n, float[] rows, int at) {
    int c = in.channels();
    if (c == inputRow) {
      System.arraycopy(input, first * c, rows, at, n * c);
      return;
    }
    for (int i = 0; i < n; i++) {
      System.arraycopy(input, (first + i) * inputRow, rows, at + i * c, c);
    }
  }

  /**
   * Mean of the input positions under each window of output positions {@code p0..p1-1}. The sum is
   * one in double: in float32 that of a few values near the largest ones would be infinite, though
   * their mean is not.
   */
  void average(float[] input, int p0, int p1, float[] tile) {
    for (int p = p0; p < p1; p++) {
      Bounds b = bounds(p);
      double count = taps(b.y0, b.y1, window.dilationH()) * taps(b.x0, b.x1, window.dilationW());
      for (int c = 0; c < StreamSums.padded(in.channels()); c += N) {
        DoubleVector low = DoubleVector.zero(D);
        DoubleVector high = low;
        for (int y = b.y0; y < b.y1; y += window.dilationH()) {
          for (int x = b.x0; x < b.x1; x += window.dilationW()) {
            FloatVector v = FloatVector.fromArray(F, input, at(c, y, x));
            low = low.add(v.convertShape(F2D, D, 0));
            high = high.add(v.convertShape(F2D, D, 1));
          }
        }
        FloatVector first = (FloatVector) low.div(count).convertShape(D2F, F, 0);
        FloatVector second = (FloatVector) high.div(count).convertShape(D2F, F, -1);
        // Each fills its own half and leaves 0 in the other.
        first.add(second).intoArray(tile, c * (p1 - p0) + (p - p0) * N);
      }
    }
  }

  /** Maximum of the input positions under each window; NaN wins. */
  void maximum(float[] input, int p0, int p1, float[] tile) {
    for (int p = p0; p < p1; p++) {
      Bounds b = bounds(p);
      for (int c = 0; c < StreamSums.padded(in.channels()); c += N) {
        FloatVector best = Lanes.floats(Float.NEGATIVE_INFINITY);
        for (int y = b.y0; y < b.y1; y += window.dilationH()) {
          for (int x = b.x0; x < b.x1; x += window.dilationW()) {
            best = best.max(FloatVector.fromArray(F, input, at(c, y, x)));
          }
        }
        best.intoArray(tile, c * (p1 - p0) + (p - p0) * N);
      }
    }
  }

  private int at(int c, int y, int x) {
    return (y * in.width() + x) * inputRow + c;
  }

  private record Bounds(int y0, int y1, int x0, int x1) {}

  private Bounds bounds(int p) {
    int top = p / out.width() * window.strideH() - window.padding().top();
    int left = p % out.width() * window.strideW() - window.padding().left();
    return new Bounds(
        inside(top, window.dilationH()),
        Math.min(in.height(), top + (window.kernelH() - 1) * window.dilationH() + 1),
        inside(left, window.dilationW()),
        Math.min(in.width(), left + (window.kernelW() - 1) * window.dilationW() + 1));
  }

  /** The first tap that does not lie before the image. */
  private static int inside(int first, int dilation) {
    return first < 0 ? Math.floorMod(first, dilation) : first;
  }

  private static int taps(int first, int end, int dilation) {
    return (end - first + dilation - 1) / dilation;
  }
}
