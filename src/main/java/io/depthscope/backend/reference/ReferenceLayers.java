package io.depthscope.backend.reference;

import io.depthscope.model.ConvGeometry;
import io.depthscope.model.Layer;
import io.depthscope.plan.LayerPlan;
import io.depthscope.tensor.Shape;

/**
 * Every layer as plain loops: sums in double, one rounding to float32, then the activation
 * function. This is what the other backends are measured against; it is never optimised.
 */
final class ReferenceLayers {

  private ReferenceLayers() {}

  /**
   * Output of a layer.
   *
   * @param kernel the weights to use, in the layout of the plan
   * @param first the first input, NHWC
   * @param second the second input of a residual sum, otherwise null
   */
  static float[] forward(LayerPlan l, float[] kernel, float[] first, float[] second) {
    float[] y =
        switch (l.node().layer()) {
          case Layer.Input ignored -> first.clone();
          case Layer.Convolution c -> convolution(l, c.geometry(), kernel, first);
          case Layer.DepthwiseConvolution c -> depthwise(l, c.geometry(), kernel, first);
          case Layer.FullyConnected ignored ->
              convolution(l, ConvGeometry.POINTWISE, kernel, first);
          case Layer.ResidualAdd ignored -> sum(first, second);
          case Layer.GlobalAveragePool ignored ->
              averagePool(l, ConvGeometry.global(l.in()), first);
          case Layer.AveragePool p -> averagePool(l, p.geometry(), first);
          case Layer.MaxPool p -> maxPool(l, p.geometry(), first);
        };
    for (int i = 0; i < y.length; i++) {
      y[i] = l.node().layer().activationFunction().apply(y[i]);
    }
    return y;
  }

  private static float[] convolution(LayerPlan l, ConvGeometry g, float[] kernel, float[] in) {
    Shape si = l.in();
    Shape so = l.out();
    float[] out = new float[so.size()];
    int at = 0;
    for (int y = 0; y < so.height(); y++) {
      for (int x = 0; x < so.width(); x++) {
        for (int o = 0; o < so.channels(); o++) {
          double acc = 0;
          for (int ky = 0; ky < g.kernelH(); ky++) {
            int iy = y * g.strideH() + ky - g.padding().top();
            for (int kx = 0; kx < g.kernelW(); kx++) {
              int ix = x * g.strideW() + kx - g.padding().left();
              if (iy < 0 || iy >= si.height() || ix < 0 || ix >= si.width()) {
                continue;
              }
              int w = ((o * g.kernelH() + ky) * g.kernelW() + kx) * si.channels();
              int v = (iy * si.width() + ix) * si.channels();
              for (int c = 0; c < si.channels(); c++) {
                acc += (double) in[v + c] * kernel[w + c];
              }
            }
          }
          out[at++] = (float) (acc + l.bias()[o]);
        }
      }
    }
    return out;
  }

  private static float[] depthwise(LayerPlan l, ConvGeometry g, float[] kernel, float[] in) {
    Shape si = l.in();
    Shape so = l.out();
    float[] out = new float[so.size()];
    int at = 0;
    for (int y = 0; y < so.height(); y++) {
      for (int x = 0; x < so.width(); x++) {
        for (int c = 0; c < so.channels(); c++) {
          double acc = 0;
          for (int ky = 0; ky < g.kernelH(); ky++) {
            int iy = y * g.strideH() + ky - g.padding().top();
            for (int kx = 0; kx < g.kernelW(); kx++) {
              int ix = x * g.strideW() + kx - g.padding().left();
              if (iy < 0 || iy >= si.height() || ix < 0 || ix >= si.width()) {
                continue;
              }
              acc +=
                  (double) in[(iy * si.width() + ix) * si.channels() + c]
                      * kernel[(ky * g.kernelW() + kx) * si.channels() + c];
            }
          }
          out[at++] = (float) (acc + l.bias()[c]);
        }
      }
    }
    return out;
  }

  private static float[] sum(float[] a, float[] b) {
    float[] out = new float[a.length];
    for (int i = 0; i < a.length; i++) {
      out[i] = a[i] + b[i];
    }
    return out;
  }

  private static float[] averagePool(LayerPlan l, ConvGeometry g, float[] in) {
    Shape si = l.in();
    Shape so = l.out();
    float[] out = new float[so.size()];
    int at = 0;
    for (int y = 0; y < so.height(); y++) {
      for (int x = 0; x < so.width(); x++) {
        for (int c = 0; c < so.channels(); c++) {
          double acc = 0;
          int n = 0;
          for (int iy = first(y, g.strideH(), g.padding().top());
              iy < last(y, g.strideH(), g.padding().top(), g.kernelH(), si.height());
              iy++) {
            for (int ix = first(x, g.strideW(), g.padding().left());
                ix < last(x, g.strideW(), g.padding().left(), g.kernelW(), si.width());
                ix++) {
              acc += in[(iy * si.width() + ix) * si.channels() + c];
              n++;
            }
          }
          out[at++] = (float) (acc / n);
        }
      }
    }
    return out;
  }

  private static float[] maxPool(LayerPlan l, ConvGeometry g, float[] in) {
    Shape si = l.in();
    Shape so = l.out();
    float[] out = new float[so.size()];
    int at = 0;
    for (int y = 0; y < so.height(); y++) {
      for (int x = 0; x < so.width(); x++) {
        for (int c = 0; c < so.channels(); c++) {
          float best = Float.NEGATIVE_INFINITY;
          for (int iy = first(y, g.strideH(), g.padding().top());
              iy < last(y, g.strideH(), g.padding().top(), g.kernelH(), si.height());
              iy++) {
            for (int ix = first(x, g.strideW(), g.padding().left());
                ix < last(x, g.strideW(), g.padding().left(), g.kernelW(), si.width());
                ix++) {
              best = Math.max(best, in[(iy * si.width() + ix) * si.channels() + c]);
            }
          }
          out[at++] = best;
        }
      }
    }
    return out;
  }

  /** First input row (or column) of a window, the padding left out. */
  private static int first(int out, int stride, int before) {
    return Math.max(0, out * stride - before);
  }

  /** One past the last input row (or column) of a window. */
  private static int last(int out, int stride, int before, int kernel, int extent) {
    return Math.min(extent, out * stride - before + kernel);
  }
}
