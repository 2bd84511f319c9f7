package io.depthscope.diagnosis;

import io.depthscope.graph.Op;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.Figure;
import io.depthscope.record.Run;
import io.depthscope.record.RunFigures;
import io.depthscope.record.RunLayer;
import io.depthscope.record.RunSetting;
import io.depthscope.stats.Prediction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * What one run says of its network as a whole: the figures that networks are compared by. Figures
 * of weights are means over the layers with weights; figures of activations are means over those
 * layers and what else yields values of its own, such as residual sums. Accuracies and shares are
 * fractions from 0 to 1.
 *
 * @param separable true if a layer is a depthwise convolution
 * @param depth number of layers with weights
 * @param macs multiply-accumulates an image, of all layers
 * @param flips share of images whose predicted class changed
 * @param turned share of images that turned from right to wrong or from wrong to right
 * @param activations of the fp32 outputs. Their fluctuation is that of hidden layers: the input and
 *     the classifier are left out, since each network has one of them, with a range of its own, so
 *     that their share of the mean would tell how deep a network is and nothing else
 * @param errorGrowthDb slope of a least-squares line through 10 log10 NSR against the number of the
 *     layer, dB a layer; NaN where there is no error or less than two layers
 * @param totalGainDb 10 log10 of NSR of the last layer over that of the first one with weights
 */
public record NetworkSummary(
    QuantScheme scheme,
    boolean separable,
    int depth,
    long macs,
    Run.Network network,
    double flips,
    double turned,
    Ranges weights,
    Ranges activations,
    double errorGrowthDb,
    double totalGainDb) {

  /**
   * How the ranges of a network's tensors and of their channels differ.
   *
   * @param channelRangeRatio mean over layers of channelRangeRatio
   * @param narrowChannels share of all channels that use less than half of their layer's range
   * @param fluctuation mean of |log2(range / range of the layer before)|, octaves; of two before,
   *     the wider
   */
  public record Ranges(double channelRangeRatio, double narrowChannels, double fluctuation) {}

  /** A channel is narrow if it uses less than this share of its layer's range. */
  static final double NARROW = 0.5;

  /** Bits of weights that stay in float32. */
  private static final int FLOAT_BITS = 32;

  /** The figures in the order of study.csv. */
  public static final List<Figure<NetworkSummary>> FIGURES =
      List.of(
          Figure.count("bits", NetworkSummary::bits),
          Figure.count("depth", NetworkSummary::depth),
          Figure.count("macs", NetworkSummary::macs),
          ofNetwork("images"),
          ofNetwork("top1Fp32"),
          ofNetwork("top1Quantized"),
          ofNetwork("relativeAccuracyDrop"),
          Figure.share("flips", NetworkSummary::flips),
          Figure.share("turned", NetworkSummary::turned),
          ofNetwork("qmse"),
          ofNetwork("qce"),
          ofNetwork("logitSqnrDb"),
          Figure.share("weightChannelRangeRatio", s -> s.weights.channelRangeRatio),
          Figure.share("weightNarrowChannels", s -> s.weights.narrowChannels),
          Figure.share("activationChannelRangeRatio", s -> s.activations.channelRangeRatio),
          Figure.share("activationNarrowChannels", s -> s.activations.narrowChannels),
          new Figure<>("weightRangeFluctuation", Figure.Unit.OCTAVE, s -> s.weights.fluctuation),
          new Figure<>(
              "activationRangeFluctuation", Figure.Unit.OCTAVE, s -> s.activations.fluctuation),
          Figure.decibel("errorGrowthDb", NetworkSummary::errorGrowthDb),
          Figure.decibel("totalGainDb", NetworkSummary::totalGainDb));

  private static Figure<NetworkSummary> ofNetwork(String name) {
    return RunFigures.NETWORK.figure(name).in(NetworkSummary::network);
  }

  /** How often the network is right. */
  public Run.Accuracy accuracy() {
    return network.accuracy().orElseThrow();
  }

  /** How its classes change. */
  public Run.Classes classes() {
    return network.classes().orElseThrow();
  }

  /** Where the runs of a scheme stand in a study. */
  public static Study.Setting setting(QuantScheme scheme) {
    return new Study.Setting(bits(scheme), scheme.granularity());
  }

  /** Bits of the weights; 32 where they stay in float32. */
  public int bits() {
    return bits(scheme);
  }

  private static int bits(QuantScheme scheme) {
    return scheme.weights().map(QuantFormat::bits).orElse(FLOAT_BITS);
  }

  /**
   * Draws the figures from a run.
   *
   * @throws IllegalArgumentException if a file had its parameters: networks are compared by
   *     schemes; or if nothing says how often it is right
   */
  public static NetworkSummary of(Run run) {
    if (run.network().accuracy().isEmpty()) {
      throw new IllegalArgumentException(run.name() + " has no accuracy: no labels or no classes");
    }
    if (RunSetting.asWritten(run)) {
      throw new IllegalArgumentException(
          run.name() + " has parameters " + RunSetting.quantization(run));
    }
    List<RunLayer> weighted = run.layers().stream().filter(l -> l.weights().isPresent()).toList();
    List<RunLayer> measured =
        run.layers().stream()
            .filter(l -> l.weights().isPresent() || l.role() == Op.Role.COMPUTED)
            .toList();
    return new NetworkSummary(
        run.scheme(),
        run.layers().stream().anyMatch(l -> l.role() == Op.Role.DEPTHWISE),
        weighted.size(),
        run.layers().stream().mapToLong(RunLayer::macs).sum(),
        run.network(),
        share(run, Prediction::flipped),
        share(run, p -> p.broken() || p.mended()),
        new Ranges(
            mean(weighted, l -> l.weights().orElseThrow().channelRangeRatio()),
            narrow(
                weighted,
                RunLayer.Channel::weightRange,
                l -> l.weights().orElseThrow().folded().range()),
            fluctuation(run.layers(), l -> l.weights().map(w -> w.folded().range()))),
        new Ranges(
            mean(measured, l -> l.fp32().channelRangeRatio()),
            narrow(measured, c -> c.fp32().range(), l -> l.fp32().statistics().range()),
            fluctuation(run.layers(), NetworkSummary::hiddenRange)),
        slope(measured),
        totalGain(measured));
  }

  private static double mean(List<RunLayer> layers, Function<RunLayer, Double> figure) {
    return layers.stream()
        .mapToDouble(figure::apply)
        .filter(Double::isFinite)
        .average()
        .orElse(Double.NaN);
  }

  private static double narrow(
      List<RunLayer> layers,
      Function<RunLayer.Channel, Double> range,
      Function<RunLayer, Double> whole) {
    long narrow = 0;
    long all = 0;
    for (RunLayer l : layers) {
      double limit = NARROW * whole.apply(l);
      narrow += l.channels().stream().filter(c -> range.apply(c) < limit).count();
      all += l.channels().size();
    }
    return all == 0 ? Double.NaN : (double) narrow / all;
  }

  private static double share(Run run, Predicate<Prediction> which) {
    return (double) run.predictions().stream().filter(which).count() / run.predictions().size();
  }

  private static Optional<Double> hiddenRange(RunLayer l) {
    boolean hidden = l.weights().isPresent() && l.role() != Op.Role.FULLY_CONNECTED;
    return hidden || l.role() == Op.Role.COMPUTED
        ? Optional.of(l.fp32().statistics().range())
        : Optional.empty();
  }

  /** Mean step from each layer that has such a range to the nearest before it that has one. */
  private static double fluctuation(
      List<RunLayer> all, Function<RunLayer, Optional<Double>> range) {
    Map<String, Double> before = new HashMap<>();
    List<Double> steps = new ArrayList<>();
    for (RunLayer l : all) {
      double read =
          l.inputs().stream().mapToDouble(before::get).filter(r -> r > 0).max().orElse(Double.NaN);
      Optional<Double> own = range.apply(l);
      before.put(l.name(), own.orElse(read));
      double step = Math.abs(RunLayer.Step.octaves(own.orElse(Double.NaN), read));
      if (Double.isFinite(step)) {
        steps.add(step);
      }
    }
    return steps.stream().mapToDouble(s -> s).average().orElse(Double.NaN);
  }

  private static double decibel(RunLayer l) {
    return -l.error().sqnrDb();
  }

  /** Least squares over the layers that have an error. */
  private static double slope(List<RunLayer> layers) {
    double[] y = layers.stream().mapToDouble(NetworkSummary::decibel).toArray();
    int[] finite = IntStream.range(0, y.length).filter(i -> Double.isFinite(y[i])).toArray();
    double meanX = Arrays.stream(finite).average().orElse(Double.NaN);
    double meanY = Arrays.stream(finite).mapToDouble(i -> y[i]).average().orElse(Double.NaN);
    double xy = 0;
    double xx = 0;
    for (int i : finite) {
      xy += (i - meanX) * (y[i] - meanY);
      xx += (i - meanX) * (i - meanX);
    }
    return finite.length < 2 ? Double.NaN : xy / xx;
  }

  private static double totalGain(List<RunLayer> layers) {
    if (layers.size() < 2) {
      return Double.NaN;
    }
    double gain = decibel(layers.getLast()) - decibel(layers.getFirst());
    return Double.isFinite(gain) ? gain : Double.NaN;
  }
}
