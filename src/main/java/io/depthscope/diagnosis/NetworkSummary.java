package io.depthscope.diagnosis;

import io.depthscope.store.RecordedLayer;
import io.depthscope.store.RecordedRun;
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
 * layers and the residual sums. Accuracies and shares are fractions from 0 to 1.
 *
 * @param scheme such as {@code w8a8}
 * @param granularity {@code per-tensor} or {@code per-channel}
 * @param bits of the weights; 32 where they stay in float32
 * @param separable true if a layer is a depthwise convolution
 * @param depth number of layers with weights
 * @param flips share of images whose predicted class changed
 * @param turned share of images that turned from right to wrong or from wrong to right
 * @param weightChannelRangeRatio mean over layers of channelRangeRatio
 * @param weightNarrowChannels share of all channels whose weights use less than half of their
 *     layer's range
 * @param weightRangeFluctuation mean of |log2(range / range of the weighted layer before)|,
 *     octaves; of two before, the wider
 * @param activationRangeFluctuation the same for the outputs of hidden layers. The input and the
 *     classifier are left out: each network has one of them, with a range of its own, so that their
 *     share of the mean would tell how deep a network is and nothing else
 * @param errorGrowthDb slope of a least-squares line through 10 log10 NSR against the number of the
 *     layer, dB a layer; NaN where there is no error or less than two layers
 * @param totalGainDb 10 log10 of NSR of the last layer over that of the first one with weights
 */
public record NetworkSummary(
    String scheme,
    String granularity,
    int bits,
    boolean separable,
    int depth,
    long macs,
    long images,
    double top1Fp32,
    double top1Quantized,
    double relativeAccuracyDrop,
    double flips,
    double turned,
    double qmse,
    double qce,
    double logitSqnrDb,
    double weightChannelRangeRatio,
    double weightNarrowChannels,
    double activationChannelRangeRatio,
    double activationNarrowChannels,
    double weightRangeFluctuation,
    double activationRangeFluctuation,
    double errorGrowthDb,
    double totalGainDb) {

  /** A channel is narrow if it uses less than this share of its layer's range. */
  static final double NARROW = 0.5;

  /** Draws the figures from a run. */
  public static NetworkSummary of(RecordedRun run) {
    List<RecordedLayer> weighted =
        run.layers().stream().filter(l -> l.weights().isPresent()).toList();
    List<RecordedLayer> measured =
        run.layers().stream()
            .filter(l -> l.weights().isPresent() || l.kind().equals("residual-add"))
            .toList();
    RecordedRun.Network n = run.network();
    return new NetworkSummary(
        run.scheme().name(),
        run.scheme().granularity(),
        run.scheme().weights().map(RecordedRun.Format::bits).orElse(32),
        run.layers().stream().anyMatch(l -> l.kind().equals("depthwise")),
        weighted.size(),
        run.layers().stream().mapToLong(RecordedLayer::macs).sum(),
        n.images(),
        n.top1Fp32(),
        n.top1Quantized(),
        n.relativeAccuracyDrop(),
        share(run, RecordedRun.Prediction::flipped),
        share(run, p -> p.broken() || p.mended()),
        n.qmse(),
        n.qce(),
        n.logitSqnrDb(),
        mean(weighted, l -> l.weights().orElseThrow().channelRangeRatio()),
        narrow(
            weighted,
            RecordedLayer.Channel::weightRange,
            l -> l.weights().orElseThrow().folded().range()),
        mean(measured, l -> l.fp32().channelRangeRatio()),
        narrow(measured, c -> c.fp32().range(), l -> l.fp32().statistics().range()),
        fluctuation(run.layers(), l -> l.weights().map(w -> w.folded().range())),
        fluctuation(run.layers(), NetworkSummary::hiddenRange),
        slope(measured),
        totalGain(measured));
  }

  private static double mean(List<RecordedLayer> layers, Function<RecordedLayer, Double> figure) {
    return layers.stream()
        .mapToDouble(figure::apply)
        .filter(Double::isFinite)
        .average()
        .orElse(Double.NaN);
  }

  private static double narrow(
      List<RecordedLayer> layers,
      Function<RecordedLayer.Channel, Double> range,
      Function<RecordedLayer, Double> whole) {
    long narrow = 0;
    long all = 0;
    for (RecordedLayer l : layers) {
      double limit = NARROW * whole.apply(l);
      narrow += l.channels().stream().filter(c -> range.apply(c) < limit).count();
      all += l.channels().size();
    }
    return all == 0 ? Double.NaN : (double) narrow / all;
  }

  private static double share(RecordedRun run, Predicate<RecordedRun.Prediction> which) {
    return (double) run.predictions().stream().filter(which).count() / run.predictions().size();
  }

  private static Optional<Double> hiddenRange(RecordedLayer l) {
    boolean hidden = l.weights().isPresent() && !l.kind().equals("fully-connected");
    return hidden || l.kind().equals("residual-add")
        ? Optional.of(l.fp32().statistics().range())
        : Optional.empty();
  }

  /** Mean step from each layer that has such a range to the nearest before it that has one. */
  private static double fluctuation(
      List<RecordedLayer> all, Function<RecordedLayer, Optional<Double>> range) {
    Map<String, Double> before = new HashMap<>();
    List<Double> steps = new ArrayList<>();
    for (RecordedLayer l : all) {
      double read =
          l.inputs().stream().mapToDouble(before::get).filter(r -> r > 0).max().orElse(Double.NaN);
      Optional<Double> own = range.apply(l);
      before.put(l.name(), own.orElse(read));
      double step = Math.abs(Math.log(own.orElse(Double.NaN) / read) / Math.log(2));
      if (Double.isFinite(step)) {
        steps.add(step);
      }
    }
    return steps.stream().mapToDouble(s -> s).average().orElse(Double.NaN);
  }

  private static double decibel(RecordedLayer l) {
    return -l.error().sqnrDb();
  }

  /** Least squares over the layers that have an error. */
  private static double slope(List<RecordedLayer> layers) {
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

  private static double totalGain(List<RecordedLayer> layers) {
    if (layers.size() < 2) {
      return Double.NaN;
    }
    double gain = decibel(layers.getLast()) - decibel(layers.getFirst());
    return Double.isFinite(gain) ? gain : Double.NaN;
  }
}
