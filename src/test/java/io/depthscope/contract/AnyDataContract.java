package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.Range;
import io.depthscope.stats.ChannelMoments;
import io.depthscope.stats.ErrorSums;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.verification.Findings;
import io.depthscope.verification.NodeTensors;
import io.depthscope.verification.PlanCase;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Statistics of any data agree with two passes in double: means a million spreads away, tiny and
 * huge values, constants, images of one value, outliers.
 *
 * <p>The network hands its input through a depthwise layer of weights 1, so that the values are
 * those given, on every backend; then come a pool to one value an image, and a pointwise layer.
 */
abstract class AnyDataContract {
  private static final double SHARE = 1e-5;
  private static final int IMAGES = 5;
  private static final int CHANNELS = 19;

  abstract List<Backend> backends();

  /** Values of a channel by image and position. */
  enum Data {
    FAR_MEANS {
      @Override
      double value(Random r, int c, int image, int position) {
        return Math.pow(10, c % 7) + r.nextGaussian();
      }
    },
    FAR_MEANS_BELOW_ZERO {
      @Override
      double value(Random r, int c, int image, int position) {
        return -Math.pow(10, c % 7) * (1 + 0.3 * image) + r.nextGaussian();
      }
    },
    ONE_VALUE_AN_IMAGE {
      @Override
      double value(Random r, int c, int image, int position) {
        return 0.8 + 0.001 * c + (image % 2 == 0 ? 0 : 1e-4 * Math.pow(0.5, c));
      }
    },
    CONSTANT {
      @Override
      double value(Random r, int c, int image, int position) {
        return 0.1 * Math.pow(10, c - 9);
      }
    },
    OUTLIER_FIRST {
      @Override
      double value(Random r, int c, int image, int position) {
        return position == 0 ? Math.pow(10, c % 7) : r.nextGaussian() * (c % 2 + 0.01);
      }
    },
    OUTLIER_LAST {
      @Override
      double value(Random r, int c, int image, int position) {
        return position == 200 ? -Math.pow(10, c % 7) : r.nextDouble();
      }
    },
    TWO_VALUES {
      @Override
      double value(Random r, int c, int image, int position) {
        return r.nextInt(1 << (1 + c % 8)) == 0 ? 0.7 : 0.7 + 1e-3 * (1 + c);
      }
    },
    TINY {
      @Override
      double value(Random r, int c, int image, int position) {
        return r.nextGaussian() * Math.pow(10, -9 - 1.8 * c); // down to subnormals
      }
    },
    TINY_BESIDE_LARGE {
      @Override
      double value(Random r, int c, int image, int position) {
        return r.nextGaussian() * (c % 2 == 0 ? 1 : Math.pow(10, -2 * c));
      }
    },
    HUGE {
      @Override
      double value(Random r, int c, int image, int position) {
        return (2 * r.nextDouble() - 0.8) * Math.pow(10, 6 + 1.72 * c); // up to 1e37
      }
    },
    HEAVY_TAILS {
      @Override
      double value(Random r, int c, int image, int position) {
        return 3 + Math.tan(1.55 * (2 * r.nextDouble() - 1)) * Math.pow(10, c - 9);
      }
    };

    abstract double value(Random r, int c, int image, int position);
  }

  private static FoldedWeights weights(float[] kernel, int... dims) {
    return new FoldedWeights(new FloatTensor(dims, kernel), new float[CHANNELS]);
  }

  private static PlanCase network(Data data, int height, int width, long seed) {
    Shape in = new Shape(height, width, CHANNELS);
    Graph graph =
        new Graph(
            "any data",
            List.of(
                new Node("input", new Op.Input(in), List.of()),
                new Node("same", Op.Convolution.depthwise(Window.POINTWISE, CHANNELS), List.of(0)),
                new Node("pool", Op.Pool.globalAverage(), List.of(1)),
                new Node("mix", Op.Convolution.pointwise(CHANNELS), Clamp.RELU, List.of(2))));
    float[] ones = new float[CHANNELS];
    Arrays.fill(ones, 1);
    float[] diagonal = new float[CHANNELS * CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
      diagonal[c * CHANNELS + c] = c % 3 == 0 ? -1 : 1;
    }
    Random random = new Random(seed);
    float[] values = new float[IMAGES * in.size()];
    double lo = 0;
    double hi = 0;
    for (int i = 0; i < values.length; i++) {
      int position = i / CHANNELS;
      values[i] =
          (float)
              data.value(
                  random, i % CHANNELS, position / in.positions(), position % in.positions());
      lo = Math.min(lo, values[i]);
      hi = Math.max(hi, values[i]);
    }
    QuantFormat format = QuantFormat.asymmetric(8);
    return new PlanCase(
        data + ", " + in + ", seed " + seed,
        Network.of(
            graph,
            Map.of(
                "same", weights(ones, CHANNELS, 1, 1, 1),
                "mix", weights(diagonal, CHANNELS, 1, 1, CHANNELS))),
        new float[CHANNELS][256],
        new QuantSpec(
            Map.of(
                "same", QuantParams.of(new Range(lo, hi), format),
                "mix", QuantParams.of(new Range(0, hi), format)),
            Map.of()),
        Feed.ACCUMULATED,
        InputBatch.ofValues(IMAGES, values));
  }

  @ParameterizedTest
  @EnumSource(Data.class)
  void agreesWithTwoPassesInDouble(Data data) {
    int[][] sizes = {{1, 1}, {4, 4}, {15, 17}, {29, 31}};
    for (Backend backend : backends()) {
      for (int i = 0; i < sizes.length; i++) {
        PlanCase c = network(data, sizes[i][0], sizes[i][1], 40 + i);
        List<NodeTensors> tensors = c.probe(backend);
        Findings findings = new Findings();
        try (Program program = backend.compile(c.plan(Recording.ERROR_SOURCES), IMAGES)) {
          PlanCase.await(program.submit(c.batch()));
          NetworkAccumulator statistics = program.statistics();
          for (int node = 0; node < tensors.size(); node++) {
            check(findings, statistics.layer(node), tensors.get(node));
          }
        }
        findings.assertNone(backend.name() + ": " + c.text());
      }
    }
  }

  private static void check(Findings findings, LayerAccumulator actual, NodeTensors t) {
    for (int c = 0; c < CHANNELS; c++) {
      String name = t.name() + " channel " + c;
      moments(findings, name + " fp32", actual.baseline(), t.x(), c);
      moments(findings, name + " quantized", actual.candidate(), t.xq(), c);
      errors(findings, name, actual.channelError(c), t, c);
    }
  }

  private static void moments(
      Findings findings, String what, ChannelMoments actual, float[] values, int c) {
    TensorStatistics s = actual.channel(c);
    int n = values.length / CHANNELS;
    double first = values[c];
    double mean = 0;
    for (int i = c; i < values.length; i += CHANNELS) {
      mean += (values[i] - first) / n;
    }
    mean += first;
    double[] m = new double[5];
    double magnitudes = 0;
    for (int i = c; i < values.length; i += CHANNELS) {
      double d = values[i] - mean;
      for (int k = 2; k <= 4; k++) {
        m[k] += Math.pow(d, k) / n;
      }
      magnitudes += Math.abs(Math.pow(d, 3)) / n;
    }
    findings.close(
        what + " mean", mean, s.mean(), SHARE * Math.sqrt(m[2]) + 1e-15 * Math.abs(mean));
    if (s.min() == s.max()) {
      findings.close(what + " variance of a constant", 0, s.variance(), 0);
      findings.close(what + " kurtosis of a constant", Double.NaN, s.excessKurtosis(), 0);
      return;
    }
    double spread = Math.sqrt(m[2]);
    findings.close(what + " variance", m[2], s.variance(), SHARE * m[2]);
    double cube = m[2] * spread;
    findings.close(what + " skewness", m[3] / cube, s.skewness(), SHARE * magnitudes / cube);
    double kurtosis = m[4] / (m[2] * m[2]);
    findings.close(what + " kurtosis", kurtosis - 3, s.excessKurtosis(), 2 * SHARE * kurtosis);
    double least = s.skewness() * s.skewness() - 2;
    if (!(s.excessKurtosis() >= least)) {
      findings.add(what + ": kurtosis " + s.excessKurtosis() + " below skewness^2 - 2 = " + least);
    }
  }

  private static void errors(
      Findings findings, String what, ErrorSums actual, NodeTensors t, int c) {
    double signal = 0;
    double quantizedSignal = 0;
    double noise = 0;
    double sum = 0;
    double magnitudes = 0;
    double own = 0;
    boolean erased = true;
    for (int i = c; i < t.x().length; i += CHANNELS) {
      double x = t.x()[i];
      double e = t.xq()[i] - x;
      signal += x * x;
      quantizedSignal += (double) t.xq()[i] * t.xq()[i];
      noise += e * e;
      sum += e;
      magnitudes += Math.abs(e);
      own += Math.pow((double) t.xq()[i] - t.y()[i], 2);
      erased &= t.xq()[i] == 0;
    }
    findings.close(what + " signal", signal, actual.signal(), SHARE * signal);
    findings.close(
        what + " quantized signal",
        quantizedSignal,
        actual.quantizedSignal(),
        SHARE * quantizedSignal);
    findings.close(what + " noise", noise, actual.noise(), SHARE * noise);
    findings.close(what + " sum of errors", sum, actual.sum(), SHARE * magnitudes);
    double rounded =
        actual.terms().get(ErrorTerm.ROUNDING) + actual.terms().get(ErrorTerm.CLIPPING);
    findings.close(what + " rounding and clipping", own, rounded, SHARE * own);
    if (erased && signal > 0) {
      findings.close(what + " sqnr of an erased channel", 0, actual.sqnrDb(), 0);
      findings.close(what + " nsr of an erased channel", 1, actual.nsr(), 0);
    }
  }
}
