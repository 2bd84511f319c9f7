package io.depthscope.remedy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.QuantPolicy;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.run.Zoo;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.verification.RandomCases;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Remedies on random networks and on a trained one. */
class RemedyTest {
  private static final CpuBackend CPU = new CpuBackend(2);
  private static final int IMAGES = 12;

  static CalibrationImages images(Network network, long seed) {
    Shape in = network.graph().inputShape();
    Random random = new Random(seed);
    List<InputBatch> batches = new ArrayList<>();
    for (int b = 0; b < 3; b++) {
      byte[] pixels = new byte[IMAGES / 3 * in.size()];
      random.nextBytes(pixels);
      int[] indices = new int[IMAGES / 3];
      for (int i = 0; i < indices.length; i++) {
        indices[i] = b * indices.length + i;
      }
      batches.add(new InputBatch(indices.length, indices, pixels, null));
    }
    float[][] table = new float[in.channels()][256];
    for (float[] channel : table) {
      for (int p = 0; p < 256; p++) {
        channel[p] = p / 127.5f - 1;
      }
    }
    return new CalibrationImages(CPU, table, batches, IMAGES / 3, 1L << 30, () -> false);
  }

  static QuantScheme scheme(String name, Granularity granularity) {
    return QuantScheme.parse(
        name, false, false, granularity, new RangeEstimator.MinMax(), new RangeEstimator.MinMax());
  }

  private static Mending begin(Network network, String scheme, CalibrationImages images)
      throws IOException {
    return Mending.begin(
        network, scheme(scheme, Granularity.PER_TENSOR), QuantPolicy.TFLITE, images);
  }

  static Network trained() throws IOException {
    return Zoo.load("dws-cnn-synthetic.safetensors", LoadOptions.NONE).network();
  }

  private static float[] joined(List<BatchOutput> outputs, boolean candidate) {
    int n = outputs.stream().mapToInt(o -> o.baseline().length).sum();
    float[] all = new float[n];
    int at = 0;
    for (BatchOutput o : outputs) {
      float[] values = candidate ? o.candidate() : o.baseline();
      System.arraycopy(values, 0, all, at, values.length);
      at += values.length;
    }
    return all;
  }

  private static float[] fp32(Network network, CalibrationImages images) throws IOException {
    return joined(
        images.outputs(Plan.fp32(network, images.table(), Recording.PLAIN)),
        /* candidate= */ false);
  }

  private static double sqnr(Mending m, float[] original, CalibrationImages images)
      throws IOException {
    Plan plan = Plan.of(m.network(), images.table(), m.spec(), Feed.ACCUMULATED, Recording.PAIRED);
    float[] quantized = joined(images.outputs(plan), /* candidate= */ true);
    double signal = 0;
    double error = 0;
    for (int i = 0; i < original.length; i++) {
      double e = (double) quantized[i] - original[i];
      signal += (double) original[i] * original[i];
      error += e * e;
    }
    return 10 * Math.log10(signal / error);
  }

  private static void assertSameOutputs(float[] expected, float[] actual, String what) {
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    for (float v : expected) {
      least = Math.min(least, v);
      most = Math.max(most, v);
    }
    double bound = 1e-4 * Math.max(most - least, 1e-3);
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      assertFalse(
          !(Math.abs(expected[i] - actual[i]) <= bound),
          what + " output " + i + " is " + actual[i] + ", not " + expected[i]);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
  void rewritesKeepWhatRandomNetworksCompute(long seed) throws IOException {
    Map<String, Network> networks =
        Map.of(
            "branched", RandomCases.branched(seed).network(),
            "separable", RandomCases.separable(seed).network(),
            "any", RandomCases.network(seed).network());
    for (Map.Entry<String, Network> e : networks.entrySet()) {
      Network network = new Network(e.getValue().graph(), e.getValue().weights(), Map.of());
      CalibrationImages images = images(network, seed);
      float[] expected = fp32(network, images);
      for (Rewrite r :
          List.of(new DeadChannelRepair(), new Equalization(), new ChannelSplitting(0.2))) {
        Mending after = r.apply(begin(network, "w8a8", images), images).mending();
        String what = r.name() + " of " + e.getKey() + " seed " + seed;
        assertSameOutputs(expected, fp32(after.network(), images), what);
      }
    }
  }

  /** Input, two convolutions in a row of which the second is padded, a pool and a classifier. */
  private static Network chain(float[] firstBias, float[][] rows) {
    Shape in = new Shape(6, 6, 3);
    int channels = rows.length;
    List<Node> nodes =
        List.of(
            new Node("input", new Op.Input(in), List.of()),
            new Node("first", Op.Convolution.pointwise(channels), Clamp.RELU6, List.of(0)),
            new Node(
                "second",
                Op.Convolution.depthwise(Window.square(3, 1, new Padding(1, 1, 1, 1)), channels),
                Clamp.RELU6,
                List.of(1)),
            new Node("mix", Op.Convolution.pointwise(4), List.of(2)),
            new Node("pool", Op.Pool.globalAverage(), List.of(3)));
    Random random = new Random(7);
    float[] first = new float[channels * 3];
    for (int c = 0; c < channels; c++) {
      System.arraycopy(rows[c], 0, first, c * 3, 3);
    }
    Map<String, FoldedWeights> weights = new HashMap<>();
    weights.put("first", new FoldedWeights(FloatTensor.of(first, channels, 1, 1, 3), firstBias));
    weights.put("second", random(random, channels, 3, 3, 1));
    weights.put("mix", random(random, 4, 1, 1, channels));
    return Network.of(new Graph("chain", nodes), weights);
  }

  private static FoldedWeights random(Random random, int... dims) {
    float[] kernel = new float[(int) FloatTensor.elements(dims)];
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = (float) random.nextGaussian();
    }
    float[] bias = new float[dims[0]];
    for (int i = 0; i < bias.length; i++) {
      bias[i] = (float) random.nextGaussian() / 4;
    }
    return new FoldedWeights(new FloatTensor(dims, kernel), bias);
  }

  @Test
  void deadChannelsLoseTheirWeightsAndKeepTheirValue() throws IOException {
    // Channel 0 is 0 and channel 1 is 0.3 for any input; a padded layer reads both.
    Network network =
        chain(new float[] {-900, 0.3f, 0.5f}, new float[][] {{90, 90, 9}, {0, 0, 0}, {1, -1, 1}});
    CalibrationImages images = images(network, 3);
    Mending before = begin(network, "w8a8", images);
    Network after = new DeadChannelRepair().apply(before, images).mending().network();
    assertSameOutputs(fp32(network, images), fp32(after, images), "repaired");
    float[] first = after.weights().get("first").kernel().data();
    assertEquals(0, first[0] + first[1] + first[2]);
    assertTrue(first[6] != 0, "a live channel keeps its weights");
    float[] second = after.weights().get("second").kernel().data();
    for (int tap = 0; tap < 9; tap++) {
      assertEquals(0, second[tap], "nothing is read of a channel that is 0");
      assertTrue(second[9 + tap] != 0, "a padded window sees where a constant ends");
    }
    assertEquals(0.3f, after.weights().get("first").bias()[1], "the constant");
  }

  @Test
  void aChannelThatOnlySleepsIsLeftAlone() throws IOException {
    // The first wakes where two of its inputs are at their most, as in no image here.
    Network network =
        chain(new float[] {-179, -1, 0.5f}, new float[][] {{90, 90, 0}, {0, 0, 0}, {1, -1, 1}});
    CalibrationImages images = images(network, 3);
    Mending before = begin(network, "w8a8", images);
    assertTrue(before.seen().channels().get("first").isConstant(0));
    Remedy.Mended mended = new DeadChannelRepair().apply(before, images);
    float[] first = mended.mending().network().weights().get("first").kernel().data();
    assertEquals(180, first[0] + first[1]);
    assertTrue(
        mended.account().stream().anyMatch(line -> line.contains(" more are constant")),
        mended.account()::toString);
  }

  @Test
  void equalizedLayersUseTheirRange() throws IOException {
    Network network =
        chain(
            new float[] {0.1f, 0.2f, 0.3f},
            new float[][] {{0.01f, 0.02f, 0.01f}, {1, 2, 1}, {9, 4, 1}});
    CalibrationImages images = images(network, 4);
    Network after =
        new Equalization().apply(begin(network, "w8a8", images), images).mending().network();
    float[] first = after.weights().get("first").kernel().data();
    float[] second = after.weights().get("second").kernel().data();
    for (int c = 0; c < 3; c++) {
      double made = 0;
      double read = 0;
      for (int i = 0; i < 3; i++) {
        made = Math.max(made, Math.abs(first[c * 3 + i]));
      }
      for (int i = 0; i < 9; i++) {
        read = Math.max(read, Math.abs(second[c * 9 + i]));
      }
      assertEquals(1, made / read, 0.01, "channel " + c);
    }
    Clamp clamp = after.graph().node(1).clamp();
    assertTrue(clamp.isPerChannel(), "each channel's clamp is scaled by itself");
    assertEquals(0, clamp.lower(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"w8a8", "w4", "w8"})
  void correctedBiasesLeaveNoMeanError(String scheme) throws IOException {
    Network network = trained();
    CalibrationImages images = images(network, 5);
    Mending before = begin(network, scheme, images);
    Mending after = new BiasCorrection(false).apply(before, images).mending();
    Plan plan =
        Plan.of(after.network(), images.table(), after.spec(), Feed.ACCUMULATED, Recording.PAIRED);
    List<BatchOutput> out = images.outputs(plan);
    float[] x = joined(out, /* candidate= */ false);
    float[] xq = joined(out, /* candidate= */ true);
    int classes = x.length / IMAGES;
    double step = after.spec().output("classifier").map(p -> (double) p.scale()).orElse(1e-4);
    for (int c = 0; c < classes; c++) {
      double mean = 0;
      for (int i = c; i < x.length; i += classes) {
        mean += ((double) xq[i] - x[i]) / IMAGES;
      }
      assertEquals(0, mean, step, "class " + c); // rounding and clipping of the outputs are left
    }
    assertSameOutputs(fp32(network, images), x, "the float32 network stays");
  }

  @ParameterizedTest
  @CsvSource({"w4a8, PER_TENSOR", "w4a8, PER_CHANNEL", "w3a8, PER_CHANNEL"})
  void learnedRoundingErrsLess(String name, Granularity granularity) throws IOException {
    Network network = trained();
    CalibrationImages images = images(network, 6);
    float[] original = fp32(network, images);
    Mending before = Mending.begin(network, scheme(name, granularity), QuantPolicy.TFLITE, images);
    double corrected =
        sqnr(new BiasCorrection(false).apply(before, images).mending(), original, images);
    for (Rounding.Method method : Rounding.Method.values()) {
      Mending after = new Rounding(method).apply(before, images).mending();
      double learned = sqnr(after, original, images);
      assertTrue(learned > corrected + 1, method + ": " + learned + " dB after " + corrected);
    }
  }

  @Test
  void theNoiseModelComesCloseToWhatIsMeasured() throws IOException {
    Network network = trained();
    CalibrationImages images = images(network, 8);
    float[] original = fp32(network, images);
    Mending before = begin(network, "w8a8", images);
    BiasCorrection remedy = new BiasCorrection(false);
    double foreseen = remedy.foresee(before, false);
    double measured = sqnr(remedy.apply(before, images).mending(), original, images);
    assertEquals(measured, foreseen, 5);
    assertTrue(foreseen > NoiseModel.of(before).sqnrDb(), "correcting biases is predicted to help");
  }

  @Test
  void clippedMeansAreThoseOfTheDistribution() {
    Random random = new Random(9);
    for (Clamp clamp : List.of(Clamp.NONE, Clamp.RELU, Clamp.RELU6, Clamp.of(-1, 0.5f))) {
      double sum = 0;
      int n = 400_000;
      for (int i = 0; i < n; i++) {
        double x = 0.7 + 2.5 * random.nextGaussian();
        sum += Math.max(clamp.lower(0), Math.min(clamp.upper(0), x));
      }
      assertEquals(sum / n, BiasCorrection.clipped(0.7, 2.5, clamp, 0), 0.02, clamp.toString());
      assertEquals(
          Math.max(clamp.lower(0), Math.min(clamp.upper(0), 9)),
          BiasCorrection.clipped(9, 0, clamp, 0),
          1e-12);
    }
  }

  @Test
  void choleskyInverts() {
    int n = 90;
    Random random = new Random(10);
    double[] root = random.doubles(n * n, -1, 1).toArray();
    double[] a = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        for (int k = 0; k < n; k++) {
          a[i * n + j] += root[i * n + k] * root[j * n + k];
        }
      }
      a[i * n + i] += 1;
    }
    double[] factor = a.clone();
    assertTrue(Cholesky.factor(factor, n));
    double[] inverse = Cholesky.inverse(factor, n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double product = 0;
        for (int k = 0; k < n; k++) {
          product += a[i * n + k] * inverse[k * n + j];
        }
        assertEquals(i == j ? 1 : 0, product, 1e-9);
      }
    }
    a[0] = -1;
    assertFalse(Cholesky.factor(a, n), "not positive definite");
  }

  @Test
  void rangesLoseNoMoreThanMinMax() throws IOException {
    Network network = trained();
    CalibrationImages images = images(network, 11);
    Mending before = begin(network, "w8a4", images);
    Mending after = new RangeSearch().choose(before).mending();
    before
        .spec()
        .outputs()
        .forEach(
            (name, p) -> {
              var histogram = before.seen().tensors().get(name).histogram();
              double now = after.spec().output(name).orElseThrow().noise(histogram);
              assertTrue(now <= p.noise(histogram), name);
            });
    assertTrue(!after.spec().outputs().equals(before.spec().outputs()), "some are better");
  }
}
