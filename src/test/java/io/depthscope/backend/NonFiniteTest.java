package io.depthscope.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.testkit.Digests;
import io.depthscope.verification.Findings;
import io.depthscope.verification.LayerCase;
import io.depthscope.verification.LayerFile;
import io.depthscope.verification.NodeTensors;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.StatisticsCheck;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** NaN and infinite activations: counted, NaN becomes the zero point, infinities saturate. */
class NonFiniteTest {
  private static final QuantParams PARAMS = new QuantParams(0.05f, 101, 0, 255);

  private static PlanCase layerCase(Op op, Clamp clamp, int channels, float[] kernel, float[] in) {
    Shape shape = new Shape(5, 3, channels);
    Graph graph =
        new Graph(
            "non-finite",
            List.of(
                new Node("input", new Op.Input(shape), List.of()),
                new Node("layer", op, clamp, List.of(0))));
    boolean candidate = op.quantizesOutput();
    int[] dims = graph.kernelDims(1);
    Map<String, FoldedWeights> weights =
        op.hasWeights() ? Map.of("layer", weights(kernel, dims)) : Map.of();
    return new PlanCase(
        op + " " + clamp,
        Network.of(graph, weights),
        new float[channels][256],
        new QuantSpec(candidate ? Map.of("layer", PARAMS) : Map.of(), Map.of()),
        Feed.ACCUMULATED,
        InputBatch.ofValues(in.length / shape.size(), in));
  }

  private static float[] values(int n, long seed, boolean spoil) {
    Random random = new Random(seed);
    float[] special = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] =
          spoil && random.nextInt(20) == 0
              ? special[random.nextInt(special.length)]
              : (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] filled(int n, float value) {
    float[] values = new float[n];
    Arrays.fill(values, value);
    return values;
  }

  private static FoldedWeights weights(float[] kernel, int... dims) {
    return new FoldedWeights(new FloatTensor(dims, kernel), new float[dims[0]]);
  }

  private static void agree(PlanCase c) {
    Backend reference = new ReferenceBackend();
    Backend cpu = new CpuBackend(2);
    List<NodeTensors> oracle = c.probe(reference);
    List<NodeTensors> got = c.probe(cpu);
    StatisticsCheck.run(reference, c, Recording.STATISTICS, oracle).assertNone(c.text());
    StatisticsCheck.run(cpu, c, Recording.STATISTICS, got).assertNone(c.text());
    NodeTensors a = oracle.getLast();
    NodeTensors b = got.getLast();
    Findings findings = new Findings();
    if (c.spec().outputs().containsKey(a.name())) {
      findings.identical("quantized", a.xq(), b.xq());
    }
    for (int i = 0; i < a.x().length; i++) {
      findings.close("fp32 [" + i + "]", a.x()[i], b.x()[i], 1e-5 * (1 + Math.abs(a.x()[i])));
    }
    findings.assertNone(c.text());
  }

  static List<Clamp> clamps() {
    float[] lower = new float[19];
    float[] upper = new float[19];
    for (int c = 0; c < lower.length; c++) {
      lower[c] = c % 3 == 0 ? Float.NEGATIVE_INFINITY : -0.1f * c;
      upper[c] = c % 4 == 0 ? Float.POSITIVE_INFINITY : 0.2f * c;
    }
    return List.of(
        Clamp.NONE, Clamp.RELU, Clamp.RELU6, Clamp.of(-0.5f, 2), new Clamp(lower, upper));
  }

  /** Every listed way to make values of one input's without weights. */
  private static List<LayerCase> unweighted() {
    List<LayerCase> all = new ArrayList<>();
    for (LayerCase layer : LayerFile.everyKind()) {
      boolean one = layer.op().arity() == 1 && !layer.op().hasWeights();
      if (one && layer.runsOn(new CpuBackend(1))) {
        all.add(layer);
      }
    }
    assertTrue(all.size() > 8, all::toString);
    return all;
  }

  @ParameterizedTest
  @MethodSource("clamps")
  void nonFiniteInputsSpreadAsInTheOracle(Clamp clamp) {
    int channels = 19;
    int size = 15 * channels;
    Window window = Window.square(3, 1, Padding.symmetric(1));
    Random random = new Random(5);
    float[] depthwise = new float[9 * channels];
    float[] dense = new float[33 * channels];
    for (float[] w : new float[][] {depthwise, dense}) {
      for (int i = 0; i < w.length; i++) {
        w[i] = (float) random.nextGaussian();
      }
    }
    List<PlanCase> cases = new ArrayList<>();
    for (long seed = 0; seed < 4; seed++) {
      float[] in = values(3 * size, seed, true);
      Op byChannel = Op.Convolution.depthwise(window, channels);
      cases.add(layerCase(byChannel, clamp, channels, depthwise, in));
      Clamp whole = clamp.isPerChannel() ? Clamp.NONE : clamp;
      cases.add(layerCase(Op.Convolution.pointwise(33), whole, channels, dense, in));
      for (LayerCase layer : unweighted()) {
        Op op = layer.resized(new Shape(5, 3, channels), channels).op();
        cases.add(layerCase(op, Clamp.NONE, channels, new float[0], in));
      }
    }
    cases.forEach(NonFiniteTest::agree);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 17})
  void hugeWeightsOverflowToCountedInfinities(int channels) {
    int size = 15 * channels;
    float[] in = values(2 * size, 9, false);
    in[0] = 0;
    PlanCase c =
        layerCase(
            Op.Convolution.depthwise(Window.POINTWISE, channels),
            Clamp.NONE,
            channels,
            filled(channels, 3e38f),
            in);
    agree(c);
    for (Backend backend : List.of(new ReferenceBackend(), new CpuBackend(1))) {
      try (Program program = backend.compile(c.plan(Recording.STATISTICS), 2)) {
        BatchOutput out = PlanCase.await(program.submit(c.batch()));
        LayerAccumulator layer = program.statistics().layer(1);
        long infinite = 0;
        for (int i = 0; i < in.length; i++) {
          float x = in[i] * 3e38f;
          infinite += Float.isInfinite(x) ? 1 : 0;
          int code = x == 0 ? 101 : x > 0 ? 255 : 0;
          assertEquals(PARAMS.dequantize(code), out.candidate()[i], backend.name() + " " + i);
        }
        assertTrue(infinite > size / 4, "the case has too few infinities");
        assertEquals(infinite, layer.baseline().layer().infinities(), backend.name());
        assertEquals(0, layer.baseline().layer().nans(), backend.name());
        assertEquals(0, layer.candidate().layer().infinities(), backend.name());
        assertEquals(in.length - 1, layer.layerError().saturated(), backend.name());
        assertEquals(1, layer.codes()[101], backend.name());
      }
    }
  }

  /** The sum of a window may be beyond float32 where its mean is not. */
  @ParameterizedTest
  @ValueSource(ints = {1, 16, 20})
  void meansOfHugeValuesAreFinite(int channels) {
    int size = 15 * channels;
    float[] in = values(2 * size, 12, false);
    for (int i = 0; i < in.length; i++) {
      in[i] = Math.abs(in[i]) * 8e37f;
    }
    Op windowed = Op.Pool.of(Op.Pool.Kind.AVERAGE, Window.square(3, 1, Padding.symmetric(1)));
    for (Op pool : List.of(Op.Pool.globalAverage(), windowed)) {
      PlanCase c = layerCase(pool, Clamp.NONE, channels, new float[0], in);
      agree(c);
      float[] x = c.probe(new CpuBackend(1)).getLast().x();
      for (float v : x) {
        assertTrue(Float.isFinite(v), pool + " gives " + v);
      }
      assertArrayEquals(c.probe(new ReferenceBackend()).getLast().x(), x);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 16, 20})
  void nanBecomesTheZeroPoint(int channels) {
    int size = 15 * channels;
    float[] in = filled(size, Float.NaN);
    in[1] = 2;
    PlanCase c =
        layerCase(
            Op.Convolution.depthwise(Window.POINTWISE, channels),
            Clamp.NONE,
            channels,
            filled(channels, 1),
            in);
    agree(c);
    for (Backend backend : List.of(new ReferenceBackend(), new CpuBackend(1))) {
      try (Program program = backend.compile(c.plan(Recording.STATISTICS), 1)) {
        BatchOutput out = PlanCase.await(program.submit(c.batch()));
        LayerAccumulator layer = program.statistics().layer(1);
        assertEquals(size - 1, layer.baseline().layer().nans(), backend.name());
        assertEquals(2, layer.baseline().layer().max(), backend.name());
        assertEquals(size - 1, layer.codes()[101], backend.name());
        assertEquals(0, layer.candidate().layer().nans(), backend.name());
        assertEquals(0f, out.candidate()[0], backend.name());
        assertEquals(0, layer.layerError().saturated(), backend.name());
      }
    }
  }

  /** What an image leaves in a worker's buffers must not show in the next one's sums. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16, 17})
  void anImageWithInfinitiesDoesNotTouchTheNext(int channels) throws IOException {
    Shape shape = new Shape(7, 5, channels);
    Op byChannel = Op.Convolution.depthwise(Window.POINTWISE, channels);
    Op pointwise = Op.Convolution.pointwise(channels);
    Graph graph =
        new Graph(
            "chain",
            List.of(
                new Node("input", new Op.Input(shape), List.of()),
                new Node("dw", byChannel, List.of(0)),
                new Node("pw1", pointwise, List.of(1)),
                new Node("pw2", pointwise, List.of(2))));
    float[] square = values(channels * channels, 3, false);
    Map<String, FoldedWeights> weights =
        Map.of(
            "dw", weights(filled(channels, 0.7f), channels, 1, 1, 1),
            "pw1", weights(square, channels, 1, 1, channels),
            "pw2", weights(square, channels, 1, 1, channels));
    float[] in = values(4 * shape.size(), 11, false);
    for (int i = 0; i < shape.size(); i++) {
      in[i] = Float.POSITIVE_INFINITY;
    }
    PlanCase c =
        new PlanCase(
            "chain",
            Network.of(graph, weights),
            new float[channels][256],
            new QuantSpec(Map.of("dw", PARAMS), Map.of()),
            Feed.ACCUMULATED,
            InputBatch.ofValues(4, in));
    Backend cpu = new CpuBackend(1);
    assertArrayEquals(
        Digests.interrupted(cpu, c, Recording.STATISTICS, 1, 1),
        Digests.run(cpu, c, Recording.STATISTICS, 1));
  }
}
