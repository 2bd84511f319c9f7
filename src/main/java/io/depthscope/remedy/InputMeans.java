package io.depthscope.remedy;

import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
import io.depthscope.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * The mean, over images and output positions, of what each weight of a convolution multiplies.
 * Padding counts as 0. The mean of a convolution's sums follows from it without running it.
 */
final class InputMeans {
  private InputMeans() {}

  /** Means by tap and input channel: taps x channels. */
  static double[] of(Op.Convolution op, Shape in, Shape out, List<LayerWalk.Inputs> batches) {
    List<double[]> parts =
        batches.parallelStream().map(b -> sums(op.window(), in, out, b)).toList();
    double[] mean = new double[op.window().kernelH() * op.window().kernelW() * in.channels()];
    long images = 0;
    for (int p = 0; p < parts.size(); p++) { // in order: the sum depends on no thread
      for (int i = 0; i < mean.length; i++) {
        mean[i] += parts.get(p)[i];
      }
      images += batches.get(p).images();
    }
    for (int i = 0; i < mean.length; i++) {
      mean[i] /= (double) images * out.positions();
    }
    return mean;
  }

  /** The same where a channel has one mean, whatever tap reads it. */
  static double[] everywhere(Op.Convolution op, double[] channels) {
    int taps = op.window().kernelH() * op.window().kernelW();
    double[] means = new double[taps * channels.length];
    for (int tap = 0; tap < taps; tap++) {
      System.arraycopy(channels, 0, means, tap * channels.length, channels.length);
    }
    return means;
  }

  /** Sums over columns first: they serve all rows of the kernel that read them. */
  private static double[] sums(Window w, Shape in, Shape out, LayerWalk.Inputs batch) {
    int channels = in.channels();
    int across = w.kernelW() * channels;
    double[] sums = new double[w.kernelH() * across];
    double[][] rows = new double[in.height()][across];
    for (int image = 0; image < batch.images(); image++) {
      int at = batch.at() + image * batch.stride();
      for (int y = 0; y < in.height(); y++) {
        Arrays.fill(rows[y], 0);
        for (int kx = 0; kx < w.kernelW(); kx++) {
          for (int ox = 0; ox < out.width(); ox++) {
            int x = ox * w.strideW() + kx * w.dilationW() - w.padding().left();
            if (x >= 0 && x < in.width()) {
              int from = at + (y * in.width() + x) * channels;
              add(rows[y], kx * channels, batch.values(), from, channels);
            }
          }
        }
      }
      for (int ky = 0; ky < w.kernelH(); ky++) {
        for (int oy = 0; oy < out.height(); oy++) {
          int y = oy * w.strideH() + ky * w.dilationH() - w.padding().top();
          for (int i = 0; y >= 0 && y < in.height() && i < across; i++) {
            sums[ky * across + i] += rows[y][i];
          }
        }
      }
    }
    return sums;
  }

  private static void add(double[] to, int at, float[] values, int from, int n) {
    for (int i = 0; i < n; i++) {
      to[at + i] += values[from + i];
    }
  }

  /**
   * The mean of the sums of an output channel.
   *
   * @param kernel [O, KH, KW, I / groups]
   */
  static double ofSums(Op.Convolution op, Shape in, float[] kernel, double[] means, int row) {
    int depth = in.channels() / op.groups();
    int taps = op.window().kernelH() * op.window().kernelW();
    int first = op.firstInput(row, depth);
    double sum = 0;
    for (int tap = 0; tap < taps; tap++) {
      for (int c = 0; c < depth; c++) {
        sum += kernel[(row * taps + tap) * depth + c] * means[tap * in.channels() + first + c];
      }
    }
    return sum;
  }
}
