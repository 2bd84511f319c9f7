package io.depthscope.remedy;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Takes out of each channel's sums what quantization adds to them in the mean (Nagel et al., 2019).
 * The biases of the quantized form change; the network in float32 stays.
 *
 * <p>Measured: layer by layer on calibration images, before the clamp, with the layers before
 * already corrected; {@code b' = b + mean(W x + b) - mean(Wq xq + b)}. Analytic: of the weights'
 * error alone, {@code b' = b - (Wq - W) E(x)}, without running anything; E(x) is the mean of a
 * clipped normal distribution where a batch norm tells it, else what was seen.
 */
public record BiasCorrection(boolean analytic) implements Fit {
  @Override
  public String name() {
    return analytic ? "bias-correction-analytic" : "bias-correction";
  }

  @Override
  public String words() {
    return analytic ? "analytic bias correction" : "bias correction";
  }

  @Override
  public String summary() {
    return analytic
        ? "the mean of the weights' error is taken out of the biases, from batch norms alone"
        : "the mean of the error before each clamp is taken out of the biases, layer by layer";
  }

  @Override
  public Stage stage() {
    return Stage.BIAS;
  }

  @Override
  public double foresee(Mending before, boolean corrected) {
    return NoiseModel.of(before).corrected(true).sqnrDb();
  }

  @Override
  public Mended apply(Mending before, CalibrationImages images) throws IOException {
    Mending after;
    String by;
    if (analytic) {
      after = analytic(before);
      by = "from what is known of their inputs";
    } else {
      LayerWalk walk = new LayerWalk(before, images);
      after = walk.walk(before, l -> new LayerWalk.Change(Optional.empty(), corrected(l)));
      by = "on " + walk.count() + " images";
    }
    return new Mended(after, List.of(account(before.network(), after.network()) + " " + by));
  }

  /** The biases of a layer's quantized form, given what both streams give it. */
  static float[] corrected(LayerWalk.Layer layer) {
    return corrected(layer, layer.quantized());
  }

  /**
   * The same with other weights.
   *
   * @param quantized [O, KH, KW, I / groups]
   */
  static float[] corrected(LayerWalk.Layer layer, float[] quantized) {
    Op.Convolution op = (Op.Convolution) layer.node().op();
    double[] x = InputMeans.of(op, layer.in(), layer.out(), layer.x());
    double[] xq = InputMeans.of(op, layer.in(), layer.out(), layer.xq());
    return corrected(op, layer.in(), layer.weights(), x, quantized, xq);
  }

  /**
   * The biases of a convolution whose sums have the same means as in float32.
   *
   * @param x means of what each weight multiplies, as {@link InputMeans} gives them
   * @param quantized the quantized weights, [O, KH, KW, I / groups]
   * @param xq means of what each of these multiplies
   */
  private static float[] corrected(
      Op.Convolution op, Shape in, FoldedWeights w, double[] x, float[] quantized, double[] xq) {
    float[] bias = w.bias().clone();
    for (int row = 0; row < bias.length; row++) {
      double shift =
          InputMeans.ofSums(op, in, w.kernel().data(), x, row)
              - InputMeans.ofSums(op, in, quantized, xq, row);
      bias[row] = (float) (bias[row] + shift);
    }
    return bias;
  }

  /**
   * A network whose biases make up for the mean error that each layer's own weights cause, by the
   * means that were seen of what it reads: what correction will leave of that layer alone.
   */
  static Network ofOwnError(Mending m) {
    Mending asSeen =
        new Mending(
            m.network(),
            m.scheme(),
            m.widths(),
            m.policy(),
            m.seen(),
            m.spec(),
            new Norms(Map.of()));
    return analytic(asSeen).network();
  }

  private static Mending analytic(Mending before) {
    Network network = before.network();
    Graph graph = network.graph();
    Map<String, FoldedWeights> mended = new HashMap<>();
    for (Node node : graph.nodes()) {
      Optional<QuantizedTensor> codes = before.spec().weights(node.name());
      if (codes.isEmpty()) {
        continue;
      }
      FoldedWeights w = network.weightsOf(node);
      Op.Convolution op = (Op.Convolution) node.op();
      int input = node.inputs().getFirst();
      double[] means = InputMeans.everywhere(op, expected(before, graph.node(input)));
      float[] bias = corrected(op, graph.shape(input), w, means, codes.get().dequantized(), means);
      mended.put(node.name(), new FoldedWeights(network.quantizable(node).kernel(), bias));
    }
    return before.with(network.withMended(mended), before.spec());
  }

  private static double[] expected(Mending m, Node maker) {
    Seen.Channels seen = m.seen().channels().get(maker.name());
    Optional<Norms.Normal> normal = m.norms().of(maker.name());
    double[] mean = seen.mean().clone();
    for (int c = 0; normal.isPresent() && c < mean.length; c++) {
      if (!seen.isConstant(c)) {
        mean[c] = clipped(normal.get().mean()[c], normal.get().deviation()[c], maker.clamp(), c);
      }
    }
    return mean;
  }

  /** Mean of a normal distribution that is clamped. */
  static double clipped(double mean, double deviation, Clamp clamp, int channel) {
    double lower = clamp.lower(channel);
    double upper = clamp.upper(channel);
    if (!(deviation > 0)) {
      return Math.max(lower, Math.min(upper, mean));
    }
    double a = (lower - mean) / deviation;
    double b = (upper - mean) / deviation;
    double below = cumulative(a);
    double within = cumulative(b) - below;
    double value = mean * within + deviation * (density(a) - density(b));
    value += below > 0 && lower > Double.NEGATIVE_INFINITY ? lower * below : 0;
    double above = 1 - below - within;
    return value + (above > 0 && upper < Double.POSITIVE_INFINITY ? upper * above : 0);
  }

  private static double density(double x) {
    return Double.isInfinite(x) ? 0 : Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  private static double cumulative(double x) {
    return Double.isInfinite(x)
        ? (x > 0 ? 1 : 0)
        : (1 + Op.Unary.Function.ERF.of(x / Math.sqrt(2))) / 2;
  }

  private static String account(Network before, Network after) {
    double largest = 0;
    String where = "";
    int layers = 0;
    for (Node node : after.graph().nodes()) {
      if (!node.op().hasWeights()) {
        continue;
      }
      float[] a = before.quantizable(node).bias();
      float[] b = after.quantizable(node).bias();
      boolean changed = false;
      for (int c = 0; c < a.length; c++) {
        changed |= a[c] != b[c];
        if (Math.abs((double) b[c] - a[c]) > largest) {
          largest = Math.abs((double) b[c] - a[c]);
          where = node.name();
        }
      }
      layers += changed ? 1 : 0;
    }
    return String.format(
        Locale.ROOT, "biases of %d layers corrected, by up to %.3g in %s,", layers, largest, where);
  }
}
