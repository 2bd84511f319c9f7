package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import io.depthscope.model.ConvGeometry;
import io.depthscope.tensor.Shape;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Windows over an image: gathering them as rows of a matrix for dense convolutions, and pooling
 * them. Images are NHWC with a channel stride that may exceed the channels.
 */
final class Windows {
  private final ConvGeometry geometry;
  private final Shape in;
  private final Shape out;
  private final int stride;

  /**
   * @param stride floats from one input position to the next
   */
  Windows(ConvGeometry geometry, Shape in, Shape out, int stride) {
    this.geometry = geometry;
    this.in = in;
    this.out = out;
    this.stride = stride;
  }

  /** Elements of one gathered window: KH * KW * C. */
  int depth() {
    return geometry.kernelH() * geometry.kernelW() * in.channels();
  }

  /**
   * Writes the windows of output positions {@code p0..p1-1} as rows of {@link #depth()} floats,
   * with zeros for the padding.
   */
  void gather(float[] input, int p0, int p1, float[] rows) {
    int c = in.channels();
    int run = geometry.kernelW() * c;
    int at = 0;
    for (int p = p0; p < p1; p++) {
      int top = p / out.width() * geometry.strideH() - geometry.padding().top();
      int left = p % out.width() * geometry.strideW() - geometry.padding().left();
      for (int ky = 0; ky < geometry.kernelH(); ky++, at += run) {
        int iy = top + ky;
        if (iy < 0 || iy >= in.height()) {
          Arrays.fill(rows, at, at + run, 0);
          continue;
        }
        // Columns of the window inside the image; none where it lies in the padding altogether.
        int from = Math.min(geometry.kernelW(), Math.max(0, -left));
        int to = Math.max(from, Math.min(geometry.kernelW(), in.width() - left));
        Arrays.fill(rows, at, at + from * c, 0);
        if (stride == c && from < to) {
          System.arraycopy(
              input, (iy * in.width() + left + from) * c, rows, at + from * c, (to - from) * c);
        } else {
          for (int kx = from; kx < to; kx++) {
            System.arraycopy(input, (iy * in.width() + left + kx) * stride, rows, at + kx * c, c);
          }
        }
        Arrays.fill(rows, at + to * c, at + run, 0);
      }
    }
  }

  /** Mean of the input positions under each window of output positions {@code p0..p1-1}. */
  void average(float[] input, int p0, int p1, float[] tile) {
    for (int p = p0; p < p1; p++) {
      Bounds b = bounds(p);
      float share = 1f / ((b.y1 - b.y0) * (b.x1 - b.x0));
      for (int c = 0; c < stride; c += N) {
        FloatVector sum = FloatVector.zero(F);
        for (int y = b.y0; y < b.y1; y++) {
          for (int x = b.x0; x < b.x1; x++) {
            sum = sum.add(FloatVector.fromArray(F, input, (y * in.width() + x) * stride + c));
          }
        }
        sum.mul(share).intoArray(tile, c * (p1 - p0) + (p - p0) * N);
      }
    }
  }

  /** Maximum of the input positions under each window; NaN wins. */
  void maximum(float[] input, int p0, int p1, float[] tile) {
    for (int p = p0; p < p1; p++) {
      Bounds b = bounds(p);
      for (int c = 0; c < stride; c += N) {
        FloatVector best = Lanes.floats(Float.NEGATIVE_INFINITY);
        for (int y = b.y0; y < b.y1; y++) {
          for (int x = b.x0; x < b.x1; x++) {
            best = best.max(FloatVector.fromArray(F, input, (y * in.width() + x) * stride + c));
          }
        }
        best.intoArray(tile, c * (p1 - p0) + (p - p0) * N);
      }
    }
  }

  private record Bounds(int y0, int y1, int x0, int x1) {}

  private Bounds bounds(int p) {
    int top = p / out.width() * geometry.strideH() - geometry.padding().top();
    int left = p % out.width() * geometry.strideW() - geometry.padding().left();
    return new Bounds(
        Math.max(0, top),
        Math.min(in.height(), top + geometry.kernelH()),
        Math.max(0, left),
        Math.min(in.width(), left + geometry.kernelW()));
  }
}
