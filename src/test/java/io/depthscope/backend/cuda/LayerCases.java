package io.depthscope.backend.cuda;

import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.verification.PlanCase;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Single layers of every kind at the sizes where tiles, lanes and vectors end: one less, as many,
 * and one more than fit.
 */
final class LayerCases {
  static final int[] CHANNELS = {1, 3, 4, 5, 31, 32, 33, 63, 64, 65, 67, 128, 129};

  /** Positions around the 16, 98 and 256 that tiles hold, and around the half of 98. */
  private static final int[][] EXTENTS = {
    {1, 1}, {4, 4}, {1, 17}, {7, 7}, {5, 10}, {97, 1}, {7, 14}, {9, 11}, {15, 17}, {16, 16},
    {1, 257}, {13, 2}
  };

  private static final Padding[] PADDINGS = {
    Padding.symmetric(1), new Padding(0, 1, 0, 1), new Padding(1, 0, 1, 0), Padding.NONE
  };

  private static final String[] SCHEMES = {"w8a8", "w4a8", "w8a4", "w16a16", "w8"};
  private static final int MOST_IMAGES = 100;
  private static final int MOST_OUTPUTS = 130_000;

  private final Random random;

  private LayerCases(long seed) {
    random = new Random(seed);
  }

  /** All of them; the same at every call. */
  static List<PlanCase> all() {
    List<PlanCase> all = new ArrayList<>();
    long seed = 0;
    for (int i = 0; i < EXTENTS.length; i++) {
      int h = EXTENTS[i][0];
      int w = EXTENTS[i][1];
      int in = CHANNELS[(5 * i + 3) % CHANNELS.length];
      int out = CHANNELS[(7 * i + 2) % CHANNELS.length];
      all.add(new LayerCases(seed++).convolution(new Shape(h, w, in), out, Window.POINTWISE));
      Window same = Window.square(3, 1, Padding.symmetric(1));
      all.add(new LayerCases(seed++).convolution(new Shape(h, w, out % 40 + 1), in, same));
      all.add(new LayerCases(seed++).depthwise(new Shape(h, w, in), same));
      all.add(new LayerCases(seed++).sum(new Shape(h, w, in)));
      all.add(new LayerCases(seed++).pool(new Shape(h, w, out), same, i % 2 == 0));
      all.add(new LayerCases(seed++).input(new Shape(h, w, in), i % 2 == 0));
    }
    addUnclamped(all);
    for (int i = 0; i < CHANNELS.length; i++) {
      int channels = CHANNELS[i];
      int other = CHANNELS[CHANNELS.length - 1 - i];
      all.add(new LayerCases(seed++).fullyConnected(other, channels));
      Shape odd = new Shape(11 + i % 3, 9 + i % 4, channels);
      Window two = Window.square(3, 2, PADDINGS[i % PADDINGS.length]);
      Window one = Window.square(3, 1, PADDINGS[(i + 1) % PADDINGS.length]);
      all.add(new LayerCases(seed++).depthwise(odd, two));
      all.add(new LayerCases(seed++).depthwise(odd, one));
      all.add(new LayerCases(seed++).convolution(new Shape(7, 5, 3), channels, two));
      all.add(new LayerCases(seed++).pool(odd, two, i % 2 == 1));
      all.add(new LayerCases(seed++).global(new Shape(3 + i, 5, channels)));
    }
    // Wider than the columns of a depthwise tile, higher than its rows; other windows and strides.
    Window wide = new Window(5, 2, 3, 1, new Padding(4, 0, 1, 1));
    for (Shape in : List.of(new Shape(3, 70, 4), new Shape(67, 3, 33), new Shape(41, 37, 8))) {
      for (int stride = 1; stride <= 2; stride++) {
        Window g = Window.square(3, stride, Padding.symmetric(1));
        all.add(new LayerCases(seed++).depthwise(in, g));
      }
      all.add(new LayerCases(seed++).depthwise(in, wide));
      all.add(new LayerCases(seed++).convolution(in, 5, wide));
    }
    return all;
  }

  /** Functions, products, differences and concatenations. */
  private static void addUnclamped(List<PlanCase> all) {
    long seed = 10_000;
    for (int i = 0; i < EXTENTS.length; i++) {
      Shape in = new Shape(EXTENTS[i][0], EXTENTS[i][1], CHANNELS[(5 * i + 2) % CHANNELS.length]);
      Op.Unary.Function[] functions = Op.Unary.Function.values();
      Op unary = new Op.Unary(functions[i % functions.length]);
      all.add(new LayerCases(seed++).layer(in, unary, Clamp.NONE));
      Op.Elementwise.Function[] pairs = Op.Elementwise.Function.values();
      all.add(new LayerCases(seed++).combined(in, pairs[i % pairs.length], i / pairs.length % 3));
      all.add(new LayerCases(seed++).joined(in, i % 2));
    }
  }

  private static Node input(Shape in) {
    return new Node("input", new Op.Input(in), List.of());
  }

  private PlanCase input(Shape in, boolean pixels) {
    return finish(List.of(input(in)), pixels);
  }

  private PlanCase layer(Shape in, Op op, Clamp clamp) {
    return finish(List.of(input(in), new Node("layer", op, clamp, List.of(0))), false);
  }

  private PlanCase convolution(Shape in, int channels, Window g) {
    return layer(in, Op.Convolution.dense(g, channels), clamp());
  }

  private PlanCase fullyConnected(int in, int out) {
    return layer(new Shape(1, 1, in), Op.Convolution.pointwise(out), clamp());
  }

  private PlanCase depthwise(Shape in, Window g) {
    return layer(in, Op.Convolution.depthwise(g, in.channels()), clamp());
  }

  private PlanCase pool(Shape in, Window g, boolean max) {
    Op.Pool.Kind kind = max ? Op.Pool.Kind.MAX : Op.Pool.Kind.AVERAGE;
    return layer(in, Op.Pool.of(kind, g), Clamp.NONE);
  }

  private PlanCase global(Shape in) {
    return layer(in, Op.Pool.globalAverage(), Clamp.NONE);
  }

  private PlanCase sum(Shape in) {
    Op copy = Op.Convolution.depthwise(Window.POINTWISE, in.channels());
    Op sum = new Op.Elementwise(Op.Elementwise.Function.ADD);
    return finish(
        List.of(
            input(in),
            new Node("copy", copy, List.of(0)),
            new Node("sum", sum, clamp(), List.of(0, 1))),
        false);
  }

  /** Both inputs of one shape, or one of them of one position. */
  private PlanCase combined(Shape in, Op.Elementwise.Function function, int broadcast) {
    Op copy = Op.Convolution.depthwise(Window.POINTWISE, in.channels());
    Op second = broadcast == 0 ? copy : Op.Pool.of(Op.Pool.Kind.MAX, Window.global(in));
    List<Integer> inputs = broadcast == 2 ? List.of(1, 0) : List.of(0, 1);
    return finish(
        List.of(
            input(in),
            new Node("copy", second, List.of(0)),
            new Node("pair", new Op.Elementwise(function), clamp(), inputs)),
        false);
  }

  private PlanCase joined(Shape in, int more) {
    Op copy = new Op.Convolution(Window.POINTWISE, in.channels(), in.channels());
    Op wider = more == 0 ? copy : new Op.Concat(2);
    List<Integer> inputs = more == 0 ? List.of(0) : List.of(0, 0);
    return finish(
        List.of(
            input(in),
            new Node("copy", wider, inputs),
            new Node("join", new Op.Concat(2), List.of(1, 0))),
        false);
  }

  private Clamp clamp() {
    return List.of(Clamp.NONE, Clamp.RELU, Clamp.RELU6, Clamp.of(-0.5f, 1.5f))
        .get(random.nextInt(4));
  }

  private float[] gaussian(int n, double deviation) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  /** As many images as make several tiles of several images, and one that is not full. */
  private static int images(Graph graph) {
    int positions = graph.outputShape().positions();
    int inATile = Math.max(1, positions <= 16 ? 64 / graph.outputShape().channels() : 0);
    int wanted = Math.max(Math.max(3, 98 / positions + 2), inATile + 1);
    int affordable = Math.max(2, MOST_OUTPUTS / graph.outputShape().size());
    return Math.min(Math.min(wanted, affordable), MOST_IMAGES);
  }

  private PlanCase finish(List<Node> nodes, boolean pixels) {
    Graph graph = new Graph("layer", nodes);
    Map<String, FoldedWeights> weights = new LinkedHashMap<>();
    for (int i = 0; i < graph.size(); i++) {
      if (graph.node(i).op().hasWeights()) {
        int[] dims = graph.kernelDims(i);
        int size = (int) FloatTensor.elements(dims);
        int fanIn = size / graph.channels(i);
        boolean copy = graph.node(i).name().equals("copy"); // exact: one product, no bias
        float[] bias = copy ? new float[graph.channels(i)] : gaussian(graph.channels(i), 0.3);
        weights.put(
            graph.node(i).name(),
            new FoldedWeights(new FloatTensor(dims, gaussian(size, 1.5 / Math.sqrt(fanIn))), bias));
      }
    }
    Network network = Network.of(graph, weights);
    Shape in = graph.inputShape();
    int images = images(graph);
    InputBatch batch;
    if (pixels) {
      byte[] bytes = new byte[images * in.size()];
      random.nextBytes(bytes);
      int[] indices = InputBatch.ofValues(images, new float[0]).indices();
      batch = new InputBatch(images, indices, bytes, null);
    } else {
      batch = InputBatch.ofValues(images, gaussian(images * in.size(), 1.5));
    }
    float[][] table = new float[in.channels()][256];
    for (int c = 0; c < table.length; c++) {
      for (int p = 0; p < 256; p++) {
        table[c][p] = (p - 120f + 3 * c) / (50f + 7 * c);
      }
    }
    String scheme = SCHEMES[random.nextInt(SCHEMES.length)];
    Granularity granularity =
        random.nextBoolean() ? Granularity.PER_CHANNEL : Granularity.PER_TENSOR;
    RangeEstimator minMax = new RangeEstimator.MinMax();
    QuantScheme quantization =
        QuantScheme.parse(
            scheme, random.nextBoolean(), random.nextBoolean(), granularity, minMax, minMax);
    Feed feed = random.nextInt(3) == 0 ? Feed.LOCAL : Feed.ACCUMULATED;
    double shrink = random.nextInt(3) == 0 ? 0.6 : 1;
    String text =
        "%s, %s %s, feed %s, %d images of %s, ranges x %s"
            .formatted(nodes, scheme, granularity, feed, images, in, shrink);
    return new PlanCase(
        text,
        network,
        table,
        SchemePolicy.spec(network, quantization, calibrate(network, table, batch, shrink)),
        feed,
        batch);
  }

  private static Map<String, CalibratedTensor> calibrate(
      Network network, float[][] table, InputBatch batch, double shrink) {
    Plan plan = Plan.fp32(network, table, Recording.CALIBRATION);
    Map<String, CalibratedTensor> found = new LinkedHashMap<>();
    try (Program program = new ReferenceBackend().compile(plan, batch.count())) {
      PlanCase.await(program.submit(batch));
      NetworkAccumulator seen = program.statistics();
      for (int i = 0; i < seen.size(); i++) {
        LayerAccumulator layer = seen.layer(i);
        var s = layer.baseline().layer();
        Range range = new Range(Math.min(0, s.min() * shrink), Math.max(0, s.max() * shrink));
        found.put(network.graph().node(i).name(), new CalibratedTensor(range, layer.histogram()));
      }
    }
    return found;
  }
}
