package io.depthscope.verification;

import io.depthscope.backend.InputBatch;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Sampling;
import io.depthscope.graph.Window;
import io.depthscope.plan.Feed;
import io.depthscope.quant.QuantScheme;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Small random networks, each made from nothing but its seed. */
public final class RandomCases {
  private static final int[] CHANNELS = {1, 3, 15, 16, 17, 31, 32, 33, 48, 64, 67, 80, 96};
  private static final int[] EXTENTS = {1, 2, 3, 5, 7, 8, 9, 13};
  private static final int[] KERNELS = {1, 3, 3, 5};
  private static final int[] STRIDES = {1, 1, 2, 3};

  private static final List<Clamp> CLAMPS = List.of(Clamp.NONE, Clamp.RELU, Clamp.RELU6);
  private static final Op SUM = new Op.Elementwise(Op.Elementwise.Function.ADD);

  /** Multiply-accumulates of a layer, so that the oracle stays quick. */
  private static final long MOST_MACS = 600_000;

  private final Draw draw;
  private final Random random;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, FoldedWeights> weights = new LinkedHashMap<>();

  private RandomCases(long seed) {
    draw = new Draw(seed);
    random = draw.random();
  }

  /** One layer of any kind, fed with float32 values. */
  public static PlanCase layer(long seed) {
    RandomCases r = new RandomCases(seed);
    Shape in = new Shape(r.pick(EXTENTS), r.pick(EXTENTS), r.pick(CHANNELS));
    LayerCase layer = null;
    while (layer == null) {
      boolean pair = r.random.nextInt(8) == 0 || seed % 8 == 7;
      Layer l = pair ? r.ofTwoOrOne(in) : r.layerOn(in, /* first= */ true);
      try {
        LayerCase c = new LayerCase("layer", l.op, Collections.nCopies(l.op.arity(), in), l.clamp);
        layer = l.op.macs(c.inputs()) > MOST_MACS ? null : c;
      } catch (IllegalArgumentException doesNotFit) {
        continue;
      }
    }
    return layer.planCase(seed, 1 + r.random.nextInt(4));
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
    return r.finish(seed, "network", r.draw.pixels(in, 2 + r.random.nextInt(4)));
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
      r.add("dw" + block, r.depthwise3x3(r.shape(r.nodes.size() - 1)));
      r.add("pw" + block, r.clamped(Op.Convolution.pointwise(r.pick(channels))));
    }
    return r.finish(seed, "separable", r.draw.pixels(in, 2));
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
    r.nodes.add(new Node("gate", r.steady(), List.of(2)));
    for (int i = 4; i < 10; i++) {
      int a = 1 + r.random.nextInt(i - 1);
      int b = 1 + r.random.nextInt(i - 1);
      if (r.random.nextInt(3) == 0 || !r.tryPair("pair" + i, a, b)) {
        Op op = r.random.nextInt(3) == 0 ? r.moving(r.shape(a)) : r.steady();
        r.nodes.add(new Node("unary" + i, op, List.of(a)));
      }
    }
    int last = r.nodes.size() - 1;
    int joined = 2 + r.random.nextInt(3);
    List<Integer> inputs = Collections.nCopies(joined, last);
    r.nodes.add(new Node("join", new Op.Concat(joined), inputs));
    r.add("mix", r.clamped(Op.Convolution.pointwise(r.pick(CHANNELS))));
    return r.finish(seed, "branched", r.draw.pixels(in, 2 + r.random.nextInt(3)));
  }

  private Op unary() {
    Op.Unary.Function[] functions = Op.Unary.Function.values();
    return new Op.Unary(functions[random.nextInt(functions.length)]);
  }

  /** A function whose values are finite and of the input's size, whatever that is. */
  private Op steady() {
    Op.Unary drawn = (Op.Unary) unary();
    boolean steady = Math.abs(drawn.function().of(-100)) <= 100 && drawn.function().of(100) <= 100;
    return steady ? drawn : new Op.LeakyRelu(new float[] {random.nextInt(9) / 8f - 0.25f});
  }

  /** Values taken from elsewhere, from in between, or held against those around. */
  private Op moving(Shape in) {
    return switch (random.nextInt(6)) {
      case 0, 1 -> rearranged(in);
      case 4 -> normalized(in);
      case 2, 3 -> new Op.Resize(pick(EXTENTS), pick(EXTENTS), sampling(), sampling());
      default -> new Op.LocalResponse(1 + random.nextInt(6), random.nextFloat(), 0.5f, 1);
    };
  }

  /** With so large an epsilon that channels that are all but alike stay so. */
  private Op normalized(Shape in) {
    int values = random.nextBoolean() ? 1 : in.channels();
    return new LayerNorm(0.125f, draw.gaussian(values, 1), draw.gaussian(values, 1));
  }

  private Sampling sampling() {
    return new Sampling((1 + random.nextInt(8)) / 4.0, (random.nextInt(5) - 2) / 4.0);
  }

  private Op rearranged(Shape in) {
    Shape out = new Shape(pick(EXTENTS), pick(EXTENTS), pick(CHANNELS));
    int[] source = new int[out.size()];
    for (int i = 0; i < source.length; i++) {
      source[i] = random.nextInt(8) == 0 ? -1 : random.nextInt(in.size());
    }
    float[] fill = draw.gaussian(random.nextBoolean() ? 1 : out.channels(), 1);
    return new Op.Rearrange(in, out, source, fill, "rearrange");
  }

  private Layer ofTwoOrOne(Shape in) {
    return switch (random.nextInt(6)) {
      case 0 -> bare(unary());
      case 1 -> bare(moving(in));
      case 2 -> bare(new Op.LeakyRelu(draw.gaussian(random.nextBoolean() ? 1 : in.channels(), 1)));
      default -> pair(/* joins= */ true);
    };
  }

  /** A combination or a concatenation of two inputs. */
  private Layer pair(boolean joins) {
    Op.Elementwise.Function[] functions = Op.Elementwise.Function.values();
    int which = random.nextInt(functions.length + 1);
    return joins && which == functions.length
        ? bare(new Op.Concat(2))
        : clamped(new Op.Elementwise(functions[which % functions.length]));
  }

  /** Adds a combination or a concatenation of two nodes, if their shapes allow. */
  private boolean tryPair(String name, int a, int b) {
    Layer layer = pair(shape(a).channels() + shape(b).channels() <= 200);
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
    Draw draw = new Draw(seed);
    Network network = Network.of(graph, draw.weights(graph));
    return Draw.planCase(
        graph.name() + " seed " + seed + ": " + graph.nodes(),
        network,
        draw.pixels(graph.inputShape(), images),
        new Draw.Quantization(scheme, Feed.ACCUMULATED, 1, false));
  }

  /** What is drawn for a node. */
  private record Layer(Op op, Clamp clamp) {}

  private Layer clamped(Op op) {
    return new Layer(
        op,
        op instanceof Op.Convolution c && c.outChannels() > 1 && random.nextInt(8) == 0
            ? clamps(c.outChannels())
            : clamp());
  }

  /** One interval a channel. */
  private Clamp clamps(int channels) {
    float[] lower = new float[channels];
    float[] upper = new float[channels];
    for (int c = 0; c < channels; c++) {
      lower[c] = -random.nextInt(5) / 4f;
      upper[c] = (1 + random.nextInt(24)) / 4f;
    }
    return new Clamp(lower, upper);
  }

  private static Layer bare(Op op) {
    return new Layer(op, Clamp.NONE);
  }

  private void add(String name, Layer layer) {
    int at = nodes.size();
    nodes.add(new Node(name, layer.op(), layer.clamp(), List.of(at - 1)));
    addWeights(name, new Graph("growing", nodes).kernelDims(at));
  }

  private PlanCase finish(long seed, String kind, InputBatch batch) {
    Network network = draw.mended(Network.of(new Graph(kind + seed, nodes), weights));
    String text = kind + " seed " + seed + ": " + nodes;
    return Draw.planCase(text, network, batch, draw.quantization());
  }

  /** Adds a random layer on the last node, unless its geometry does not fit or it is too large. */
  private void tryLayer(String name) {
    int at = nodes.size();
    Layer layer = layerOn(shape(at - 1), /* first= */ at <= 2);
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

  /**
   * A random layer on an input, which its geometry may not fit.
   *
   * @param first whether it comes so early that a global pool is to be rare
   */
  private Layer layerOn(Shape in, boolean first) {
    boolean pools = true;
    return switch (random.nextInt(in.positions() == 1 ? 8 : 7)) {
      case 0, 1 -> {
        int groups = groups(in);
        int channels = Math.ceilDiv(pick(CHANNELS), groups) * groups;
        yield clamped(new Op.Convolution(window(!pools), groups, channels));
      }
      case 2 -> clamped(Op.Convolution.pointwise(pick(CHANNELS)));
      case 3, 4 -> {
        int outputs = random.nextInt(6) == 0 ? 2 + random.nextInt(2) : 1;
        yield clamped(new Op.Convolution(window(!pools), in.channels(), outputs * in.channels()));
      }
      case 5 ->
          random.nextBoolean()
              ? bare(Op.Pool.of(Op.Pool.Kind.AVERAGE, window(pools)))
              : bare(Op.Pool.of(Op.Pool.Kind.MAX, window(pools)));
      case 6 -> !first || random.nextBoolean() ? bare(Op.Pool.globalAverage()) : depthwise3x3(in);
      default -> clamped(Op.Convolution.pointwise(pick(CHANNELS)));
    };
  }

  /** Mostly one group. */
  private int groups(Shape in) {
    int groups = random.nextInt(4) == 0 ? 2 + random.nextInt(4) : 1;
    return in.channels() % groups == 0 ? groups : 1;
  }

  /** The windows with a fast path of their own. */
  private Layer depthwise3x3(Shape in) {
    Padding[] paddings = {
      Padding.symmetric(1), new Padding(0, 1, 0, 1), new Padding(1, 0, 1, 0), Padding.NONE
    };
    Window window =
        Window.square(3, 1 + random.nextInt(2), paddings[random.nextInt(paddings.length)]);
    return clamped(Op.Convolution.depthwise(window, in.channels()));
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

  private void addWeights(String name, int[] dims) {
    weights.put(name, draw.weights(dims));
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
    Window window = new Window(kh, kw, sh, sw, padding);
    return random.nextInt(6) == 0
        ? window.dilated(1 + random.nextInt(3), 1 + random.nextInt(3))
        : window;
  }

  private Clamp clamp() {
    return CLAMPS.get(random.nextInt(CLAMPS.size()));
  }

  private Shape shape(int node) {
    return new Graph("growing", nodes).shape(node);
  }

  private int pick(int[] values) {
    return draw.pick(values);
  }
}
