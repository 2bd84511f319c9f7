package io.depthscope.remedy;

import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
import io.depthscope.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What an output channel's error depends on: the centred second moments of the values that its
 * weights multiply, over images and positions. With the weights' errors e of a row, the mean square
 * of the error of its sums about their mean is {@code e H e}.
 *
 * @param size weights of a row
 * @param samples positions that were looked at
 * @param quantized H: of what the quantized network gives, size x size
 * @param mixed C: the float32 network's values by the quantized one's, size x size
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record GramMatrix(int size, long samples, double[] quantized, double[] mixed) {

  /** Positions a weight, of those there are: more add little. */
  private static final int SAMPLES_PER_WEIGHT = 100;

  private static final int FEWEST_SAMPLES = 8192;

  /** Rows of values that are summed in float32 before they are added in double. */
  private static final int BLOCK = 64;

  /** From here on the mixed moments are known well enough to be divided by. */
  private static final int SAMPLES_FOR_TARGET = 20;

  /** True if there are enough samples to fit weights to them freely. */
  boolean fitsTarget() {
    return samples >= (long) SAMPLES_FOR_TARGET * size;
  }

  /** Of a group of a convolution. */
  static GramMatrix of(LayerWalk.Layer layer, int group) {
    Op.Convolution op = (Op.Convolution) layer.node().op();
    int depth = layer.in().channels() / op.groups();
    int size = op.window().kernelH() * op.window().kernelW() * depth;
    long images = layer.x().stream().mapToLong(LayerWalk.Inputs::images).sum();
    long all = images * layer.out().positions();
    long wanted = Math.min(all, Math.max(FEWEST_SAMPLES, (long) SAMPLES_PER_WEIGHT * size));
    Sampled sampled = new Sampled(op.window(), layer.in(), layer.out(), group * depth, depth);
    double step = (double) all / wanted;
    List<Sums> parts =
        IntStream.range(0, layer.x().size())
            .parallel()
            .mapToObj(b -> sampled.sums(layer, b, size, step))
            .toList();
    Sums total = parts.getFirst();
    for (Sums part : parts.subList(1, parts.size())) { // in order, whoever made them
      total.add(part);
    }
    return total.centred(size);
  }

  /** Which values a row multiplies. */
  private record Sampled(Window window, Shape in, Shape out, int first, int depth) {

    Sums sums(LayerWalk.Layer layer, int batch, int size, double step) {
      Sums sums = new Sums(size);
      LayerWalk.Inputs x = layer.x().get(batch);
      LayerWalk.Inputs xq = layer.xq().get(batch);
      float[][] rows = new float[BLOCK][size];
      float[][] rowsQ = new float[BLOCK][size];
      int n = 0;
      // Positions at equal distances, of each batch alike: none depends on another batch.
      long positions = (long) x.images() * out.positions();
      for (double at = 0; at < positions; at += step) {
        int image = (int) ((long) at / out.positions());
        int position = (int) ((long) at % out.positions());
        gather(x, image, position, rows[n]);
        gather(xq, image, position, rowsQ[n]);
        if (++n == BLOCK) {
          sums.add(rows, rowsQ, n);
          n = 0;
        }
      }
      sums.add(rows, rowsQ, n);
      return sums;
    }

    private void gather(LayerWalk.Inputs from, int image, int position, float[] row) {
      int oy = position / out.width();
      int ox = position % out.width();
      int base = from.at() + image * from.stride() + first;
      int to = 0;
      for (int ky = 0; ky < window.kernelH(); ky++) {
        int y = oy * window.strideH() + ky * window.dilationH() - window.padding().top();
        for (int kx = 0; kx < window.kernelW(); kx++) {
          int x = ox * window.strideW() + kx * window.dilationW() - window.padding().left();
          if (y >= 0 && y < in.height() && x >= 0 && x < in.width()) {
            int at = base + (y * in.width() + x) * in.channels();
            System.arraycopy(from.values(), at, row, to, depth);
          } else {
            Arrays.fill(row, to, to + depth, 0);
          }
          to += depth;
        }
      }
    }
  }

  /** Sums of products and of values. */
  private static final class Sums {
    private final double[] quantized;
    private final double[] mixed;
    private final double[] sum;
    private final double[] sumQ;
    private long count;

    Sums(int size) {
      quantized = new double[size * size];
      mixed = new double[size * size];
      sum = new double[size];
      sumQ = new double[size];
    }

    void add(float[][] rows, float[][] rowsQ, int n) {
      int size = sum.length;
      for (int r = 0; r < n; r++) {
        for (int i = 0; i < size; i++) {
          sum[i] += rows[r][i];
          sumQ[i] += rowsQ[r][i];
        }
      }
      float[] block = new float[size];
      for (int i = 0; i < size; i++) {
        products(rowsQ, rowsQ, n, i, i, block);
        flush(block, quantized, i, i);
        products(rows, rowsQ, n, i, 0, block);
        flush(block, mixed, i, 0);
      }
      count += n;
    }

    /** Of column i of the left with the columns from..end of the right. */
    private static void products(
        float[][] left, float[][] right, int n, int i, int from, float[] to) {
      Arrays.fill(to, 0);
      int r = 0;
      for (; r + 4 <= n; r += 4) {
        float a = left[r][i];
        float b = left[r + 1][i];
        float c = left[r + 2][i];
        float d = left[r + 3][i];
        if (a == 0 && b == 0 && c == 0 && d == 0) {
          continue;
        }
        float[] ra = right[r];
        float[] rb = right[r + 1];
        float[] rc = right[r + 2];
        float[] rd = right[r + 3];
        for (int j = from; j < to.length; j++) {
          to[j] += a * ra[j] + b * rb[j] + (c * rc[j] + d * rd[j]);
        }
      }
      for (; r < n; r++) {
        float a = left[r][i];
        float[] ra = right[r];
        for (int j = from; j < to.length; j++) {
          to[j] += a * ra[j];
        }
      }
    }

    private static void flush(float[] block, double[] to, int i, int from) {
      int row = i * block.length;
      for (int j = from; j < block.length; j++) {
        to[row + j] += block[j];
      }
    }

    void add(Sums later) {
      add(quantized, later.quantized);
      add(mixed, later.mixed);
      add(sum, later.sum);
      add(sumQ, later.sumQ);
      count += later.count;
    }

    private static void add(double[] to, double[] values) {
      for (int i = 0; i < to.length; i++) {
        to[i] += values[i];
      }
    }

    GramMatrix centred(int size) {
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          if (j >= i) {
            double h = quantized[i * size + j] / count - sumQ[i] / count * (sumQ[j] / count);
            quantized[i * size + j] = h;
            quantized[j * size + i] = h;
          }
          mixed[i * size + j] = mixed[i * size + j] / count - sum[i] / count * (sumQ[j] / count);
        }
      }
      return new GramMatrix(size, count, quantized, mixed);
    }
  }
}
