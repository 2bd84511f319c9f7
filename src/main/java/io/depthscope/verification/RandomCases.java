package io.depthscope.verification;

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
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** Small random networks, each made from nothing but its seed. */
public final class RandomCases {
  private static final int[] CHANNELS = {1, 3, 15, 16, 17, 31, 32, 33, 48, 64, 67, 80, 96};
  private static final int[] EXTENTS = {1, 2, 3, 5, 7, 8, 9, 13};
  private static final int[] KERNELS = {1, 3, 3, 5};
  private static final int[] STRIDES = {1, 1, 2, 3};
  private static final String[] SCHEMES = {"w8a8", "w8a8", "w4a8", "w8", "a8", "w16a16"};

  private static final List<Clamp> CLAMPS = List.of(Clamp.NONE, Clamp.RELU, Clamp.RELU6);
  private static final Op SUM = new Op.Elementwise(Op.Elementwise.Function.ADD);

  /** Multiply-accumulates of a layer, so that the oracle stays quick. */
  private static final long MOST_MACS = 600_000;

  private final Random random;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, FoldedWeights> weights = new LinkedHashMap<>();

  private RandomCases(long seed) {
    random = new Random(seed);
  }

  /**
   * One layer of any kind, fed with float32 values; what takes two inputs gets a second one that
   * every backend computes to the same bits.
   */
  public static PlanCase layer(long seed) {
    RandomCases r = new RandomCases(seed);
    Shape in = new Shape(r.pick(EXTENTS), r.pick(EXTENTS), r.pick(CHANNELS));
    r.nodes.add(new Node("input", new Op.Input(in), List.of()));
    if (r.random.nextInt(8) == 0) {
      r.exactCopy(in);
      r.nodes.add(new Node("sum", SUM, r.clamp(), List.of(0, 1)));
    } else if (seed % 8 == 7) {
      r.exactCopy(in);
      if (r.random.nextInt(3) == 0 || !r.tryPair("pair", r.random.nextInt(2), 1)) {
        r.nodes.add(new Node("unary", r.unary(), List.of(1)));
      }
    } else {
      while (r.nodes.size() == 1) {
        r.tryLayer("layer");
      }
    }
    int images = 1 + r.random.nextInt(4);
    float[] values = r.gaussian(images * in.size(), 1.5);
    return r.finish(seed, "layer", InputBatch.ofValues(images, values));
  }

  /** A chain of four to eight layers with sums where shapes allow, fed with pixels. */
  public static PlanCase network(long seed) {
    RandomCases r = new RandomCases(seed);
    Shape in = new Shape(r.pick(EXTENTS), r.pick(EXTENTS), 1 + r.random.nextInt(4));
    r.nodes.add(new Node("input", new Op.Input(in), List.of()));
    int layers = 4 + r.random.nextInt(5);
    while (r.nodes.size() <= layers) {
      if (r.nodes.size() > 2 && r.random.nextInt(3) == 0) {
        r.trySum();
      } else {
        r.tryLayer("node" + r.nodes.size());
      }
    }
    return r.finish(seed, "network", r.images(in, 2 + r.random.nextInt(4)));
  }

  /** Depthwise and pointwise layers in turn, on images that a backend cuts into several tiles. */
  public static PlanCase separable(long seed) {
    RandomCases r = new RandomCases(seed);
    int[] extents = {29, 45, 64};
    int[] channels = {8, 16, 24, 40};
    Shape in = new Shape(r.pick(extents), r.pick(extents), 3);
    r.nodes.add(new Node("input", new Op.Input(in), List.of()));
    Window stem = Window.square(3, 1, Padding.symmetric(1));
    r.add("stem", r.clamped(Op.Convolution.dense(stem, r.pick(channels))));
    for (int block = 1; block <= 3; block++) {
      r.add("dw" + block, r.depthwise3x3());
      r.add("pw" + block, r.clamped(Op.Convolution.pointwise(r.pick(channels))));
    }
    return r.finish(seed, "separable", r.images(in, 2));
  }

  /**
   * Branches from one stem that are bent by functions, combined, gated by one position and
   * concatenated.
   */
  public static PlanCase branched(long seed) {
    RandomCases r = new RandomCases(seed);
    Shape in = new Shape(r.pick(EXTENTS), r.pick(EXTENTS), 1 + r.random.nextInt(4));
    r.nodes.add(new Node("input", new Op.Input(in), List.of()));
    int channels = r.pick(CHANNELS);
    r.add("stem", r.clamped(Op.Convolution.pointwise(channels)));
    r.nodes.add(new Node("mean", Op.Pool.globalAverage(), List.of(1)));
    r.nodes.add(new Node("gate", r.unary(), List.of(2)));
    for (int i = 4; i < 10; i++) {
      int a = 1 + r.random.nextInt(i - 1);
      int b = 1 + r.random.nextInt(i - 1);
      if (r.random.nextInt(3) == 0 || !r.tryPair("pair" + i, a, b)) {
        r.nodes.add(new Node("unary" + i, r.unary(), List.of(a)));
      }
    }
    int last = r.nodes.size() - 1;
    r.nodes.add(new Node("join", new Op.Concat(2), List.of(last, last)));
    r.add("mix", r.clamped(Op.Convolution.pointwise(r.pick(CHANNELS))));
    return r.finish(seed, "branched", r.images(in, 2 + r.random.nextInt(3)));
  }

  private Op unary() {
    Op.Unary.Function[] functions = Op.Unary.Function.values();
    return new Op.Unary(functions[random.nextInt(functions.length)]);
  }

  /** Adds a combination or a concatenation of two nodes, if their shapes allow. */
  private boolean tryPair(String name, int a, int b) {
    Op.Elementwise.Function[] functions = Op.Elementwise.Function.values();
    int which = random.nextInt(functions.length + 1);
    boolean joins = which == functions.length && shape(a).channels() + shape(b).channels() <= 200;
    Layer layer =
        joins
            ? bare(new Op.Concat(2))
            : clamped(new Op.Elementwise(functions[which % functions.length]));
    nodes.add(new Node(name, layer.op(), layer.clamp(), List.of(a, b)));
    try {
      shape(nodes.size() - 1);
      return true;
    } catch (IllegalArgumentException doesNotFit) {
      nodes.removeLast();
      return false;
    }
  }

  /** A given network with random weights, quantized in a given way, on random pixels. */
  public static PlanCase of(Graph graph, QuantScheme scheme, long seed, int images) {
    RandomCases r = new RandomCases(seed);
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      r.nodes.add(node);
      if (node.op().hasWeights()) {
        r.addWeights(node.name(), graph.kernelDims(i));
      }
    }
    Quantization quantization = new Quantization(scheme, Feed.ACCUMULATED, 1);
    return r.finish(seed, graph.name(), r.images(graph.inputShape(), images), quantization);
  }

  /** What is drawn for a node. */
  private record Layer(Op op, Clamp clamp) {}

  private Layer clamped(Op op) {
    return new Layer(op, clamp());
  }

  private static Layer bare(Op op) {
    return new Layer(op, Clamp.NONE);
  }

  private void add(String name, Layer layer) {
    int at = nodes.size();
    nodes.add(new Node(name, layer.op(), layer.clamp(), List.of(at - 1)));
    addWeights(name, new Graph("growing", nodes).kernelDims(at));
  }

  private InputBatch images(Shape in, int count) {
    byte[] pixels = new byte[count * in.size()];
    random.nextBytes(pixels);
    int[] indices = new int[count];
    for (int i = 0; i < count; i++) {
      indices[i] = i;
    }
    return new InputBatch(count, indices, pixels, null);
  }

  /**
   * How a network is quantized and measured.
   *
   * @param shrink makes ranges too small on purpose where it is below 1, so that codes are clamped
   */
  private record Quantization(QuantScheme scheme, Feed feed, double shrink) {}

  private Quantization quantization() {
    QuantScheme scheme =
        QuantScheme.parse(
            SCHEMES[random.nextInt(SCHEMES.length)],
            random.nextBoolean(),
            random.nextInt(3) == 0,
            random.nextBoolean() ? Granularity.PER_CHANNEL : Granularity.PER_TENSOR,
            new RangeEstimator.MinMax(),
            new RangeEstimator.MinMax());
    Feed feed = random.nextBoolean() ? Feed.ACCUMULATED : Feed.LOCAL;
    double shrink = random.nextInt(3) == 0 ? 0.5 : 1;
    return new Quantization(scheme, feed, shrink);
  }

  private PlanCase finish(long seed, String kind, InputBatch batch) {
    return finish(seed, kind, batch, quantization());
  }

  private PlanCase finish(long seed, String kind, InputBatch batch, Quantization q) {
    Network network = Network.of(new Graph(kind + seed, nodes), weights);
    float[][] table = new float[network.graph().inputShape().channels()][256];
    for (int c = 0; c < table.length; c++) {
      for (int p = 0; p < 256; p++) {
        table[c][p] = (p - 120f + 3 * c) / (50f + 7 * c);
      }
    }
    QuantScheme scheme = q.scheme;
    Map<String, CalibratedTensor> calibration = calibrate(network, table, batch, q.shrink);
    String text =
        String.format(
            Locale.ROOT,
            "%s seed %d: %s, %s %s %s weights, %s, feed %s, %d images, ranges x %s",
            kind,
            seed,
            nodes,
            scheme.name(),
            scheme.weights(),
            scheme.granularity(),
            scheme.activations(),
            q.feed,
            batch.count(),
            q.shrink);
    QuantSpec spec = SchemePolicy.spec(network, scheme, calibration);
    return new PlanCase(text, network, table, spec, q.feed, batch);
  }

  private Map<String, CalibratedTensor> calibrate(
      Network network, float[][] table, InputBatch batch, double shrink) {
    Plan plan = Plan.fp32(network, table, Recording.CALIBRATION);
    Map<String, CalibratedTensor> found = new LinkedHashMap<>();
    try (Program program = new ReferenceBackend().compile(plan, batch.count())) {
      PlanCase.await(program.submit(batch));
      NetworkAccumulator seen = program.statistics();
      for (int i = 0; i < seen.size(); i++) {
        LayerAccumulator layer = seen.layer(i);
        TensorStatistics s = layer.baseline().layer();
        Range range = new Range(s.min() * shrink, s.max() * shrink);
        if (s.min() > 0) {
          range = new Range(0, s.max() * shrink);
        } else if (s.max() < 0) {
          range = new Range(s.min() * shrink, 0);
        }
        found.put(network.graph().node(i).name(), new CalibratedTensor(range, layer.histogram()));
      }
    }
    return found;
  }

  /** Adds a random layer on the last node, unless its geometry does not fit or it is too large. */
  private void tryLayer(String name) {
    Shape in = shape(nodes.size() - 1);
    boolean pools = true;
    Layer layer =
        switch (random.nextInt(in.positions() == 1 ? 8 : 7)) {
          case 0, 1 -> {
            int channels = pick(CHANNELS);
            yield clamped(Op.Convolution.dense(window(!pools), channels));
          }
          case 2 -> clamped(Op.Convolution.pointwise(pick(CHANNELS)));
          case 3, 4 -> clamped(Op.Convolution.depthwise(window(!pools), in.channels()));
          case 5 ->
              random.nextBoolean()
                  ? bare(Op.Pool.of(Op.Pool.Kind.AVERAGE, window(pools)))
                  : bare(Op.Pool.of(Op.Pool.Kind.MAX, window(pools)));
          case 6 ->
              nodes.size() > 2 || random.nextBoolean()
                  ? bare(Op.Pool.globalAverage())
                  : depthwise3x3();
          default -> clamped(Op.Convolution.pointwise(pick(CHANNELS)));
        };
    int at = nodes.size();
    nodes.add(new Node(name, layer.op(), layer.clamp(), List.of(at - 1)));
    try {
      Graph graph = new Graph("growing", nodes);
      if (graph.macs(at) > MOST_MACS) {
        nodes.removeLast();
      } else if (layer.op().hasWeights()) {
        addWeights(name, graph.kernelDims(at));
      }
    } catch (IllegalArgumentException doesNotFit) {
      nodes.removeLast();
    }
  }

  /** The windows with a fast path of their own. */
  private Layer depthwise3x3() {
    Padding[] paddings = {
      Padding.symmetric(1), new Padding(0, 1, 0, 1), new Padding(1, 0, 1, 0), Padding.NONE
    };
    Window window =
        Window.square(3, 1 + random.nextInt(2), paddings[random.nextInt(paddings.length)]);
    return clamped(Op.Convolution.depthwise(window, shape(nodes.size() - 1).channels()));
  }

  private void trySum() {
    int last = nodes.size() - 1;
    int other = random.nextInt(last);
    if (shape(other).equals(shape(last))) {
      nodes.add(new Node("sum" + nodes.size(), SUM, clamp(), List.of(last, other)));
    } else {
      tryLayer("node" + nodes.size());
    }
  }

  /** A depthwise 1x1 convolution without bias: one product, rounded once by every backend. */
  private void exactCopy(Shape in) {
    int channels = in.channels();
    Op copy = Op.Convolution.depthwise(Window.POINTWISE, channels);
    nodes.add(new Node("copy", copy, List.of(0)));
    FloatTensor kernel = FloatTensor.of(gaussian(channels, 1), channels, 1, 1, 1);
    weights.put("copy", new FoldedWeights(kernel, new float[channels]));
  }

  private void addWeights(String name, int[] dims) {
    int size = (int) FloatTensor.elements(dims);
    int channels = dims[0];
    int fanIn = size / channels;
    float[] kernel = gaussian(size, 1.5 / Math.sqrt(fanIn));
    float[] spread = new float[channels];
    for (int c = 0; c < channels; c++) {
      spread[c] = (float) Math.exp(0.5 * random.nextGaussian());
    }
    for (int i = 0; i < size; i++) {
      kernel[i] *= spread[i / fanIn];
    }
    weights.put(name, new FoldedWeights(new FloatTensor(dims, kernel), gaussian(channels, 0.3)));
  }

  private Window window(boolean pool) {
    int kh = pick(KERNELS);
    int kw = random.nextInt(4) == 0 ? pick(KERNELS) : kh;
    int sh = pick(STRIDES);
    int sw = random.nextInt(4) == 0 ? pick(STRIDES) : sh;
    // A pool's window must hold an input position; a convolution may lie in the padding.
    int more = !pool && random.nextInt(8) == 0 ? 3 : 0;
    Padding padding =
        new Padding(
            random.nextInt(kh + more),
            random.nextInt(kh + more),
            random.nextInt(kw + more),
            random.nextInt(kw + more));
    return new Window(kh, kw, sh, sw, padding);
  }

  private Clamp clamp() {
    return CLAMPS.get(random.nextInt(CLAMPS.size()));
  }

  private Shape shape(int node) {
    return new Graph("growing", nodes).shape(node);
  }

  private int pick(int[] values) {
    return values[random.nextInt(values.length)];
  }

  private float[] gaussian(int n, double deviation) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }
}
