package io.depthscope.verification;

import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.QuantPolicy;
import io.depthscope.plan.Recording;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.LayerWidths;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** What is random about a case, drawn in turn from one seed: weights, images, quantization. */
final class Draw {
  private static final String[] SCHEMES = {"w8a8", "w8a8", "w4a8", "w8a4", "w8", "a8", "w16a16"};

  private final Random random;

  Draw(long seed) {
    random = new Random(seed);
  }

  Random random() {
    return random;
  }

  int pick(int[] values) {
    return values[random.nextInt(values.length)];
  }

  float[] gaussian(int n, double deviation) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  /** Images of random pixels. */
  InputBatch pixels(Shape in, int count) {
    byte[] pixels = new byte[count * in.size()];
    random.nextBytes(pixels);
    int[] indices = new int[count];
    for (int i = 0; i < count; i++) {
      indices[i] = i;
    }
    return new InputBatch(count, indices, pixels, null);
  }

  /** Images of normally distributed values. */
  InputBatch values(Shape in, int count) {
    return InputBatch.ofValues(count, gaussian(count * in.size(), 1.5));
  }

  /** Weights of a layer, whose channels differ in size as trained ones do. */
  FoldedWeights weights(int[] dims) {
    int size = Math.toIntExact(FloatTensor.elements(dims));
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
    return new FoldedWeights(new FloatTensor(dims, kernel), gaussian(channels, 0.3));
  }

  /** Now and then a network of which the quantized form has biases of its own in some layers. */
  Network mended(Network network) {
    Map<String, FoldedWeights> mended = new LinkedHashMap<>();
    if (random.nextInt(3) == 0) {
      for (Node node : network.graph().nodes()) {
        if (node.op().hasWeights() && random.nextBoolean()) {
          FoldedWeights w = network.weightsOf(node);
          float[] bias = gaussian(w.channels(), 0.1);
          for (int c = 0; c < bias.length; c++) {
            bias[c] += w.bias()[c];
          }
          mended.put(node.name(), new FoldedWeights(w.kernel(), bias));
        }
      }
    }
    return network.withMended(mended);
  }

  /** Weights of one product a value and no bias, rounded once by every backend. */
  FoldedWeights factors(int channels) {
    return new FoldedWeights(
        FloatTensor.of(gaussian(channels, 1), channels, 1, 1, 1), new float[channels]);
  }

  /** Weights of every weighted layer of a graph. */
  Map<String, FoldedWeights> weights(Graph graph) {
    Map<String, FoldedWeights> weights = new LinkedHashMap<>();
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      if (node.op().hasWeights()) {
        weights.put(node.name(), weights(graph.kernelDims(i)));
      }
    }
    return weights;
  }

  /**
   * How a network is quantized and measured.
   *
   * @param shrink makes ranges too small on purpose where it is below 1, so that codes are clamped
   * @param mixed whether layers may have widths of their own
   */
  record Quantization(QuantScheme scheme, Feed feed, double shrink, boolean mixed) {}

  Quantization quantization() {
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
    return new Quantization(scheme, feed, shrink, true);
  }

  /**
   * The case of a network whose ranges are those of its own images.
   *
   * @param text what the case is made from, the seed included
   */
  static PlanCase planCase(String text, Network network, InputBatch batch, Quantization q) {
    float[][] table = new float[network.graph().inputShape().channels()][256];
    for (int c = 0; c < table.length; c++) {
      for (int p = 0; p < 256; p++) {
        table[c][p] = (p - 120f + 3 * c) / (50f + 7 * c);
      }
    }
    QuantScheme scheme = q.scheme;
    Map<String, CalibratedTensor> calibration = calibrate(network, table, batch, q.shrink);
    LayerWidths widths = q.mixed ? widths(network, text) : LayerWidths.NONE;
    String whole =
        String.format(
            Locale.ROOT,
            "%s, %s %s %s weights, %s, feed %s, %d images, ranges x %s%s",
            text,
            scheme.name(),
            scheme.weights(),
            scheme.granularity(),
            scheme.activations(),
            q.feed,
            batch.count(),
            q.shrink,
            widths.bits().isEmpty() ? "" : ", bits " + new TreeMap<>(widths.bits()));
    QuantSpec spec = SchemePolicy.spec(network, scheme, widths, QuantPolicy.TFLITE, calibration);
    return new PlanCase(whole, network, table, spec, q.feed, batch);
  }

  /** Every other network of several layers has a width of its own for some of them. */
  private static LayerWidths widths(Network network, String text) {
    Random random = new Random(text.hashCode());
    Map<String, Integer> bits = new HashMap<>();
    if (network.weights().size() > 1 && random.nextBoolean()) {
      for (Node node : network.graph().nodes()) {
        if (node.op().hasWeights() && random.nextBoolean()) {
          bits.put(node.name(), 4 << random.nextInt(3));
        }
      }
    }
    return new LayerWidths(bits);
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
        TensorStatistics s = layer.baseline().layer();
        Range range = new Range(Math.min(0, s.min() * shrink), Math.max(0, s.max() * shrink));
        found.put(network.graph().node(i).name(), new CalibratedTensor(range, layer.histogram()));
      }
    }
    return found;
  }
}
