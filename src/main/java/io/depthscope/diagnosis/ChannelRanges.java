package io.depthscope.diagnosis;

import io.depthscope.quant.QuantParams;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.Quantiles;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The ranges of a layer's channels, of its folded weights or of its fp32 output, and the levels
 * that a scale leaves them.
 */
final class ChannelRanges {
  private final double[] min;
  private final double[] max;
  private final double[] levels;
  private final int count;
  private final boolean symmetric;
  private final boolean shared;

  /**
   * @param count number of codes; 0 where nothing is quantized
   */
  private ChannelRanges(int channels, int count, boolean symmetric, boolean shared) {
    this.min = new double[channels];
    this.max = new double[channels];
    this.levels = new double[channels];
    this.count = count;
    this.symmetric = symmetric;
    this.shared = shared;
  }

  /** Of the folded weights; the layer must have some. */
  static ChannelRanges ofWeights(RunLayer layer) {
    Optional<RunLayer.WeightCodes> codes = layer.weights().flatMap(RunLayer.Weights::codes);
    ChannelRanges r =
        new ChannelRanges(
            layer.channels().size(),
            codes.map(RunLayer.WeightCodes::count).orElse(0),
            codes.map(RunLayer.WeightCodes::symmetric).orElse(false),
            codes.map(c -> !c.perChannel()).orElse(true));
    for (int i = 0; i < r.min.length; i++) {
      RunLayer.Channel c = layer.channels().get(i);
      r.min[i] = c.weightMin();
      r.max[i] = c.weightMax();
      r.levels[i] = c.weightEffectiveLevels();
    }
    return r;
  }

  /** Of the output. */
  static ChannelRanges ofOutput(RunLayer layer) {
    ChannelRanges r =
        new ChannelRanges(
            layer.channels().size(),
            layer.params().map(QuantParams::codes).orElse(0),
            layer.params().map(QuantParams::symmetric).orElse(false),
            true);
    for (int i = 0; i < r.min.length; i++) {
      RunLayer.Channel c = layer.channels().get(i);
      r.min[i] = c.fp32().min();
      r.max[i] = c.fp32().max();
      r.levels[i] = c.effectiveLevels();
    }
    return r;
  }

  /** True if the tensor is quantized. */
  boolean quantized() {
    return count > 0;
  }

  /** True if one scale serves all channels. */
  boolean shared() {
    return shared;
  }

  /**
   * Codes there are, the one included that symmetric codes leave out, so that limits do not depend
   * on it; 0 where nothing is quantized.
   */
  int codes() {
    return symmetric ? count + 1 : count;
  }

  /** Smallest value of some channels; 0 for none. */
  double min(List<Integer> channels) {
    return channels.stream().mapToDouble(c -> min[c]).min().orElse(0);
  }

  double max(List<Integer> channels) {
    return channels.stream().mapToDouble(c -> max[c]).max().orElse(0);
  }

  /** Largest magnitude of a channel. */
  double reach(int channel) {
    return Math.max(Math.abs(min[channel]), Math.abs(max[channel]));
  }

  /** What a scale for these channels must span: 0 is always in it, symmetric codes mirror it. */
  double width(List<Integer> channels) {
    double low = Math.min(0, min(channels));
    double high = Math.max(0, max(channels));
    return symmetric ? 2 * Math.max(-low, high) : high - low;
  }

  /**
   * The fewest of some channels without which the {@link #width} of the others is at most {@code
   * limit}; of equally few, those that leave the narrowest.
   *
   * @return in the order of {@code channels}; empty if they fit, or if they are of no width at all
   */
  List<Integer> fewestBeyond(List<Integer> channels, double limit) {
    if (!(width(channels) > limit)) {
      return List.of();
    }
    if (symmetric) {
      return channels.stream().filter(c -> reach(c) > limit / 2).toList();
    }
    // What is left has an upper end, 0 or a channel's, and a lower end no farther than the limit.
    double[] ends =
        DoubleStream.concat(DoubleStream.of(0), channels.stream().mapToDouble(c -> max[c]))
            .filter(high -> high >= 0 && high <= limit)
            .distinct()
            .sorted()
            .toArray();
    int most = 0;
    double narrowest = Double.POSITIVE_INFINITY;
    double best = 0;
    for (double high : ends) {
      int fit = 0;
      double lowest = 0;
      double highest = 0;
      for (int c : channels) {
        if (fits(c, high - limit, high)) {
          fit++;
          lowest = Math.min(lowest, min[c]);
          highest = Math.max(highest, max[c]);
        }
      }
      if (fit > most || (fit == most && highest - lowest < narrowest)) {
        most = fit;
        narrowest = highest - lowest;
        best = high;
      }
    }
    double high = best;
    return channels.stream().filter(c -> !fits(c, high - limit, high)).toList();
  }

  private boolean fits(int channel, double low, double high) {
    return min[channel] >= low && max[channel] <= high;
  }

  /** Effective levels of a channel as recorded; NaN where nothing is quantized. */
  double levels(int channel) {
    return levels[channel];
  }

  /** Median over some channels of the effective levels, as recorded. */
  double medianLevels(List<Integer> channels) {
    return Quantiles.median(channels.stream().mapToDouble(c -> levels[c]));
  }

  /** The same if the scale had to span this width alone. */
  double medianLevels(List<Integer> channels, double width) {
    return Quantiles.median(channels.stream().mapToDouble(c -> levels(c, width)));
  }

  /**
   * Levels of a channel if the scale had to span this width alone: at least those recorded, which a
   * clipped range may have raised, and just those if each channel has its own scale.
   */
  double levels(int channel, double width) {
    if (!shared || !quantized()) {
      return levels[channel];
    }
    double steps = count - 1;
    return Math.max(levels[channel], (max[channel] - min[channel]) * steps / width);
  }

  /** All channels. */
  List<Integer> all() {
    return IntStream.range(0, min.length).boxed().toList();
  }
}
