package io.depthscope.verification;

import io.depthscope.backend.InputBatch;
import io.depthscope.backend.PairedProgram;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.model.Activation;
import io.depthscope.model.ConvGeometry;
import io.depthscope.model.FoldedWeights;
import io.depthscope.model.Layer;
import io.depthscope.model.Model;
import io.depthscope.model.Node;
import io.depthscope.model.Padding;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.ExecutionPlan;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
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

  /** Multiply-accumulates of a layer, so that the oracle stays quick. */
  private static final long MOST_MACS = 600_000;

  private final Random random;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, FoldedWeights> weights = new LinkedHashMap<>();

  private RandomCases(long seed) {
    random = new Random(seed);
  }

  /**
   * One layer of any kind, fed with float32 values; a sum gets a second input that every backend
   * computes to the same bits.
   */
  public static PlanCase layer(long seed) {
    RandomCases r = new RandomCases(seed);
    Shape in = new Shape(r.pick(EXTENTS), r.pick(EXTENTS), r.pick(CHANNELS));
    r.nodes.add(new Node("input", new Layer.Input(in), List.of()));
    if (r.random.nextInt(8) == 0) {
      r.exactCopy(in);
      r.nodes.add(new Node("sum", new Layer.ResidualAdd(r.activation()), List.of(0, 1)));
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
    r.nodes.add(new Node("input", new Layer.Input(in), List.of()));
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
    r.nodes.add(new Node("input", new Layer.Input(in), List.of()));
    ConvGeometry stem = ConvGeometry.square(3, 1, Padding.symmetric(1));
    r.add("stem", new Layer.Convolution(r.pick(channels), stem, false, true, r.activation()));
    for (int block = 1; block <= 3; block++) {
      r.add("dw" + block, r.depthwise3x3());
      r.add(
          "pw" + block,
          new Layer.Convolution(
              r.pick(channels), ConvGeometry.POINTWISE, false, true, r.activation()));
    }
    return r.finish(seed, "separable", r.images(in, 2));
  }

  /** A given network with random weights, quantized in a given way, on random pixels. */
  public static PlanCase of(Model model, QuantScheme scheme, long seed, int images) {
    RandomCases r = new RandomCases(seed);
    for (int i = 0; i < model.size(); i++) {
      Node node = model.node(i);
      r.nodes.add(node);
      if (node.layer().hasWeights()) {
        r.addWeights(node.name(), model.kernelDims(i), model.channels(i));
      }
    }
    Quantization quantization = new Quantization(scheme, Feed.ACCUMULATED, 1);
    return r.finish(seed, model.name(), r.images(model.inputShape(), images), quantization);
  }

  private void add(String name, Layer layer) {
    nodes.add(new Node(name, layer, List.of(nodes.size() - 1)));
    int at = nodes.size() - 1;
    Model model = new Model("growing", nodes);
    addWeights(name, model.kernelDims(at), model.channels(at));
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
    Model model = new Model(kind + seed, nodes);
    float[][] table = new float[model.inputShape().channels()][256];
    for (int c = 0; c < table.length; c++) {
      for (int p = 0; p < 256; p++) {
        table[c][p] = (p - 120f + 3 * c) / (50f + 7 * c);
      }
    }
    QuantScheme scheme = q.scheme;
    Map<String, CalibratedTensor> calibration = calibrate(model, table, batch, q.shrink);
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
    return new PlanCase(text, model, weights, table, scheme, calibration, Map.of(), q.feed, batch);
  }

  private Map<String, CalibratedTensor> calibrate(
      Model model, float[][] table, InputBatch batch, double shrink) {
    ExecutionPlan plan = ExecutionPlan.fp32(model, weights, table, Recording.CALIBRATION);
    Map<String, CalibratedTensor> found = new LinkedHashMap<>();
    try (PairedProgram program = new ReferenceBackend().compile(plan, batch.count())) {
      PlanCase.await(program.submit(batch));
      NetworkAccumulator seen = program.statistics();
      for (int i = 0; i < seen.size(); i++) {
        LayerAccumulator layer = seen.layer(i);
        TensorStatistics s = layer.fp32().layer();
        Range range = new Range(s.min() * shrink, s.max() * shrink);
        if (s.min() > 0) {
          range = new Range(0, s.max() * shrink);
        } else if (s.max() < 0) {
          range = new Range(s.min() * shrink, 0);
        }
        found.put(model.node(i).name(), new CalibratedTensor(range, layer.histogram()));
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
          case 0, 1 ->
              new Layer.Convolution(pick(CHANNELS), geometry(!pools), false, true, activation());
          case 2 ->
              new Layer.Convolution(
                  pick(CHANNELS), ConvGeometry.POINTWISE, false, true, activation());
          case 3, 4 -> new Layer.DepthwiseConvolution(geometry(!pools), false, true, activation());
          case 5 ->
              random.nextBoolean()
                  ? new Layer.AveragePool(geometry(pools))
                  : new Layer.MaxPool(geometry(pools));
          case 6 ->
              nodes.size() > 2 || random.nextBoolean()
                  ? new Layer.GlobalAveragePool()
                  : depthwise3x3();
          default -> new Layer.FullyConnected(pick(CHANNELS), activation());
        };
    nodes.add(new Node(name, layer, List.of(nodes.size() - 1)));
    try {
      Model model = new Model("growing", nodes);
      int at = nodes.size() - 1;
      if (model.macs(at) > MOST_MACS) {
        nodes.removeLast();
      } else if (layer.hasWeights()) {
        addWeights(name, model.kernelDims(at), model.channels(at));
      }
    } catch (IllegalArgumentException doesNotFit) {
      nodes.removeLast();
    }
  }

  /** The geometries with a fast path of their own. */
  private Layer depthwise3x3() {
    Padding[] paddings = {
      Padding.symmetric(1), new Padding(0, 1, 0, 1), new Padding(1, 0, 1, 0), Padding.NONE
    };
    return new Layer.DepthwiseConvolution(
        ConvGeometry.square(3, 1 + random.nextInt(2), paddings[random.nextInt(paddings.length)]),
        false,
        true,
        activation());
  }

  private void trySum() {
    int last = nodes.size() - 1;
    int other = random.nextInt(last);
    if (shape(other).equals(shape(last))) {
      nodes.add(
          new Node(
              "sum" + nodes.size(), new Layer.ResidualAdd(activation()), List.of(last, other)));
    } else {
      tryLayer("node" + nodes.size());
    }
  }

  /** A depthwise 1x1 convolution without bias: one product, rounded once by every backend. */
  private void exactCopy(Shape in) {
    nodes.add(
        new Node(
            "copy",
            new Layer.DepthwiseConvolution(ConvGeometry.POINTWISE, false, true, Activation.NONE),
            List.of(0)));
    int[] dims = {1, 1, in.channels()};
    weights.put(
        "copy",
        new FoldedWeights(
            new FloatTensor(dims, gaussian(in.channels(), 1)), new float[in.channels()]));
  }

  private void addWeights(String name, int[] dims, int channels) {
    int size = (int) FloatTensor.elements(dims);
    int fanIn = size / channels;
    float[] kernel = gaussian(size, 1.5 / Math.sqrt(fanIn));
    boolean channelsLast = dims.length == 3;
    float[] spread = new float[channels];
    for (int c = 0; c < channels; c++) {
      spread[c] = (float) Math.exp(0.5 * random.nextGaussian());
    }
    for (int i = 0; i < size; i++) {
      kernel[i] *= spread[channelsLast ? i % channels : i / fanIn];
    }
    weights.put(name, new FoldedWeights(new FloatTensor(dims, kernel), gaussian(channels, 0.3)));
  }

  private ConvGeometry geometry(boolean pool) {
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
    return new ConvGeometry(kh, kw, sh, sw, padding);
  }

  private Activation activation() {
    return Activation.values()[random.nextInt(Activation.values().length)];
  }

  private Shape shape(int node) {
    return new Model("growing", nodes).shape(node);
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
