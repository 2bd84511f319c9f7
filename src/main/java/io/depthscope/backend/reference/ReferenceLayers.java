package io.depthscope.backend.reference;

import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.Op;
import io.depthscope.graph.Sampling;
import io.depthscope.graph.Window;
import io.depthscope.plan.Arithmetic;
import io.depthscope.plan.Step;
import io.depthscope.tensor.Shape;
import java.util.List;
import java.util.function.DoubleBinaryOperator;

/**
 * Every operation as plain loops: sums in double, one rounding to float32, then the clamp. This is
 * what the other backends are measured against; it is never optimised.
 */
final class ReferenceLayers {

  private ReferenceLayers() {}

  /**
   * Output of a layer.
   *
   * @param arithmetic which weights and biases to use
   * @param inputs NHWC; for the network's input, the image
   */
  static float[] forward(Step l, Arithmetic arithmetic, List<float[]> inputs) {
    float[] kernel = l.kernel(arithmetic);
    float[] first = inputs.getFirst();
    float[] y =
        switch (l.op()) {
          case Op.Input ignored -> first.clone();
          case Op.Convolution c -> convolution(l, c, kernel, l.bias(arithmetic), first);
          case Op.Pool p -> pool(l, p, first);
          case Op.Elementwise e -> elementwise(l, e.function(), first, inputs.get(1));
          case Op.Unary u -> unary(u.function(), first);
          case Op.Concat ignored -> concat(l, inputs);
          case Op.Rearrange r -> rearranged(r, kernel, first);
          case Op.Resize r -> resized(l, r, first);
          case Op.LeakyRelu r -> leaky(l, r, first);
          case Op.LocalResponse r -> response(l, r, first);
          case LayerNorm n -> normalized(l, n, first);
        };
    int channels = l.out().channels();
    for (int i = 0; i < y.length; i++) {
      y[i] = l.node().clamp().apply(y[i], i % channels);
    }
    return y;
  }

  private static float[] convolution(
      Step l, Op.Convolution op, float[] kernel, float[] bias, float[] in) {
    Window g = op.window();
    Shape si = l.in();
    Shape so = l.out();
    int depth = si.channels() / op.groups();
    float[] out = new float[so.size()];
    int at = 0;
    for (int y = 0; y < so.height(); y++) {
      for (int x = 0; x < so.width(); x++) {
        for (int o = 0; o < so.channels(); o++) {
          int firstChannel = op.firstInput(o, depth);
          double acc = 0;
          for (int ky = 0; ky < g.kernelH(); ky++) {
            int iy = row(g, y, ky);
            for (int kx = 0; kx < g.kernelW(); kx++) {
              int ix = column(g, x, kx);
              if (iy < 0 || iy >= si.height() || ix < 0 || ix >= si.width()) {
                continue;
              }
              int w = ((o * g.kernelH() + ky) * g.kernelW() + kx) * depth;
              int v = (iy * si.width() + ix) * si.channels() + firstChannel;
              for (int c = 0; c < depth; c++) {
                acc += (double) in[v + c] * kernel[w + c];
              }
            }
          }
          out[at++] = (float) (acc + bias[o]);
        }
      }
    }
    return out;
  }

  private static float[] elementwise(
      Step l, Op.Elementwise.Function function, float[] a, float[] b) {
    float[] out = new float[l.out().size()];
    for (int i = 0; i < out.length; i++) {
      // An input of one position has as many values as channels, and stands for all positions.
      out[i] = function.of(a[i % a.length], b[i % b.length]);
    }
    return out;
  }

  private static float[] unary(Op.Unary.Function function, float[] in) {
    float[] out = new float[in.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) function.of(in[i]);
    }
    return out;
  }

  private static float[] concat(Step l, List<float[]> inputs) {
    float[] out = new float[l.out().size()];
    int first = 0;
    for (int k = 0; k < inputs.size(); k++) {
      int channels = l.ins().get(k).channels();
      for (int p = 0; p < l.out().positions(); p++) {
        System.arraycopy(
            inputs.get(k), p * channels, out, p * l.out().channels() + first, channels);
      }
      first += channels;
    }
    return out;
  }

  private static float[] rearranged(Op.Rearrange op, float[] fill, float[] in) {
    float[] out = new float[op.source().length];
    for (int i = 0; i < out.length; i++) {
      int from = op.source()[i];
      out[i] = from < 0 ? fill[i % op.output().channels() % fill.length] : in[from];
    }
    return out;
  }

  private static float[] resized(Step l, Op.Resize op, float[] in) {
    Shape si = l.in();
    Shape so = l.out();
    List<Sampling.Tap> rows = op.rows().taps(si.height(), so.height());
    List<Sampling.Tap> columns = op.columns().taps(si.width(), so.width());
    float[] out = new float[so.size()];
    int at = 0;
    for (Sampling.Tap y : rows) {
      for (Sampling.Tap x : columns) {
        for (int c = 0; c < so.channels(); c++) {
          out[at++] =
              Sampling.between(
                  in[(y.low() * si.width() + x.low()) * si.channels() + c],
                  in[(y.low() * si.width() + x.high()) * si.channels() + c],
                  in[(y.high() * si.width() + x.low()) * si.channels() + c],
                  in[(y.high() * si.width() + x.high()) * si.channels() + c],
                  y.share(),
                  x.share());
        }
      }
    }
    return out;
  }

  private static float[] leaky(Step l, Op.LeakyRelu op, float[] in) {
    float[] out = new float[in.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = op.of(in[i], i % l.out().channels());
    }
    return out;
  }

  private static float[] response(Step l, Op.LocalResponse op, float[] in) {
    int channels = l.out().channels();
    float[] out = new float[in.length];
    for (int i = 0; i < out.length; i++) {
      int c = i % channels;
      double squares = 0;
      for (int k = op.first(c); k < op.end(c, channels); k++) {
        squares += (double) in[i - c + k] * in[i - c + k];
      }
      out[i] = op.of(in[i], squares);
    }
    return out;
  }

  private static float[] normalized(Step l, LayerNorm op, float[] in) {
    int channels = l.out().channels();
    float[] out = new float[in.length];
    for (int p = 0; p < in.length; p += channels) {
      double mean = LayerNorm.mean(in, p, channels);
      double deviation = op.deviation(in, p, channels, mean);
      for (int c = 0; c < channels; c++) {
        out[p + c] = op.of(in[p + c], mean, deviation, c);
      }
    }
    return out;
  }

  private static float[] pool(Step l, Op.Pool op, float[] in) {
    Window g = op.windowOn(l.in());
    return switch (op.kind()) {
      case AVERAGE -> fold(l, g, in, 0, Double::sum, true);
      case MAX -> fold(l, g, in, Double.NEGATIVE_INFINITY, Math::max, false);
    };
  }

  /**
   * What a step makes of the input positions under each window, and whether that is a mean's sum.
   */
  private static float[] fold(
      Step l, Window g, float[] in, double first, DoubleBinaryOperator step, boolean mean) {
    Shape si = l.in();
    Shape so = l.out();
    float[] out = new float[so.size()];
    int at = 0;
    for (int y = 0; y < so.height(); y++) {
      for (int x = 0; x < so.width(); x++) {
        for (int c = 0; c < so.channels(); c++) {
          double acc = first;
          int n = 0;
          for (int ky = 0; ky < g.kernelH(); ky++) {
            int iy = row(g, y, ky);
            for (int kx = 0; kx < g.kernelW(); kx++) {
              int ix = column(g, x, kx);
              if (iy < 0 || iy >= si.height() || ix < 0 || ix >= si.width()) {
                continue;
              }
              acc = step.applyAsDouble(acc, in[(iy * si.width() + ix) * si.channels() + c]);
              n++;
            }
          }
          out[at++] = (float) (mean ? acc / n : acc);
        }
      }
    }
    return out;
  }

  private static int row(Window g, int y, int ky) {
    return y * g.strideH() + ky * g.dilationH() - g.padding().top();
  }

  private static int column(Window g, int x, int kx) {
    return x * g.strideW() + kx * g.dilationW() - g.padding().left();
  }
}
