package io.depthscope.diagnosis;

import io.depthscope.quant.Range;
import io.depthscope.record.DeadChannels;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.Quantiles;
import io.depthscope.stats.SourceEnergies;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/** What the error of the layers says: values outside the range, amplification, a mean. */
final class ErrorFindings {
  /**
   * One value in a thousand. Ranges taken from other images than those run leave a few in a hundred
   * thousand outside; a percentile cuts what it says, 0.1 % for percentile:99.9.
   */
  static final double SATURATED_SHARE = 1e-3;

  /** A single channel may lose more before the layer's share shows it. */
  static final double CHANNEL_SATURATED_SHARE = 1e-2;

  /** Below a doubling a gain is ordinary, however alike the other layers are. */
  static final double HIGH_GAIN = 2;

  /** Standard deviations of the logarithm of the gains: one layer in 700 by chance. */
  static final double HIGH_GAIN_SIGMA = 3;

  /** Fewer layers have no typical gain. */
  static final int FEWEST_GAINS = 5;

  /** A mean that makes up more than half of the error's energy is the larger part of it. */
  static final double BIAS_SHARE = 0.5;

  /** A share of 1 would cost infinitely much; what is cut out is never known this well. */
  private static final double LARGEST_SHARE = 0.999;

  /** A layer of which more is inherited only hands on what others did. */
  private static final double OWN = 0.5;

  /** Makes the median absolute deviation of a normal distribution its standard deviation. */
  private static final double SIGMA = 1.4826;

  private final Weighing weighing;
  private final Prescriptions prescriptions;
  private final double typicalGain;
  private final double highGain;

  ErrorFindings(Run run, Weighing weighing, Prescriptions prescriptions) {
    this.weighing = weighing;
    this.prescriptions = prescriptions;
    double[] logs =
        run.layers().stream()
            .mapToDouble(l -> Math.log(l.step().gain()))
            .filter(Double::isFinite)
            .toArray();
    double median = Quantiles.median(Arrays.stream(logs));
    typicalGain = Math.exp(median);
    highGain =
        logs.length < FEWEST_GAINS
            ? Double.POSITIVE_INFINITY
            : Math.max(HIGH_GAIN, Math.exp(median + HIGH_GAIN_SIGMA * deviation(logs, median)));
  }

  /** Standard deviation estimated from the median absolute deviation. */
  private static double deviation(double[] values, double median) {
    return SIGMA * Quantiles.median(Arrays.stream(values).map(v -> Math.abs(v - median)));
  }

  List<Finding> of(RunLayer layer) {
    List<Finding> found = new ArrayList<>();
    saturation(layer).ifPresent(found::add);
    highGain(layer).ifPresent(found::add);
    biasShift(layer).ifPresent(found::add);
    return found;
  }

  private Optional<Finding> saturation(RunLayer layer) {
    double share = layer.error().saturation();
    List<RunLayer.Channel> worst =
        layer.channels().stream()
            .filter(c -> c.error().saturation() > CHANNEL_SATURATED_SHARE)
            .sorted(
                Comparator.comparingDouble((RunLayer.Channel c) -> -c.error().saturation())
                    .thenComparingInt(RunLayer.Channel::channel))
            .toList();
    if (layer.params().isEmpty() || !(share > SATURATED_SHARE || !worst.isEmpty())) {
      return Optional.empty();
    }
    Range range = layer.params().orElseThrow().representable();
    double upper = range.max();
    double lower = range.min();
    double clipped = clippedShare(layer);
    Evidence evidence =
        Evidence.NONE
            .number("saturation", share)
            .number("saturatedChannels", worst.size())
            .number(
                "worstSaturation",
                layer.channels().stream()
                    .mapToDouble(c -> c.error().saturation())
                    .max()
                    .orElse(Double.NaN))
            .number("rangeMin", lower)
            .number("rangeMax", upper)
            .number("fp32Min", layer.fp32().statistics().min())
            .number("fp32Max", layer.fp32().statistics().max())
            .number("clippedErrorShare", clipped);
    StringBuilder s = new StringBuilder();
    s.append(Phrases.percent(share)).append(" of the values lie outside the calibrated range ");
    s.append(Phrases.range(lower, upper)).append(" and are cut off; in float32 they run from ");
    s.append(Phrases.range(layer.fp32().statistics().min(), layer.fp32().statistics().max()));
    s.append('.');
    if (!worst.isEmpty()) {
      s.append(" Worst: ");
      s.append(
          Phrases.worst(
              worst.stream().map(RunLayer.Channel::channel).toList(),
              c -> Phrases.percent(layer.channels().get(c).error().saturation())));
      s.append('.');
    }
    return Optional.of(
        weighing.finding(
            Finding.Kind.SATURATION,
            layer,
            worst.stream().map(RunLayer.Channel::channel).sorted().toList(),
            List.of(),
            s.toString(),
            prescriptions.saturation(),
            evidence,
            -10 * Math.log10(1 - Math.min(LARGEST_SHARE, clipped)),
            weighing.shares().of(layer).clipping()));
  }

  /** Share of the error's energy that clipping causes: as recorded, or from the fp32 values. */
  private static double clippedShare(RunLayer layer) {
    Optional<SourceEnergies> recorded = layer.error().energies();
    double share =
        recorded.isPresent()
            ? recorded.get().of(ErrorTerm.CLIPPING) / recorded.get().total()
            : ErrorShares.clippedEnergy(layer)
                / (layer.error().mse() * layer.fp32().statistics().count());
    return share >= 0 ? Math.min(1, share) : 0;
  }

  private Optional<Finding> highGain(RunLayer layer) {
    double gain = layer.step().gain();
    if (!(gain > highGain) || !Double.isFinite(gain)) {
      return Optional.empty();
    }
    double step = 10 * Math.log10(gain);
    double before = layer.error().sqnrDb() + step;
    double own = weighing.shares().at(layer.identity().index()).get(layer.identity().index()).all();
    Evidence evidence =
        Evidence.NONE
            .number("gain", gain)
            .number("medianGain", typicalGain)
            .number("gainLimit", highGain)
            .number("sqnrBeforeDb", before)
            .number("ownShare", own);
    return Optional.of(
        weighing.finding(
            Finding.Kind.HIGH_GAIN,
            layer,
            List.of(),
            List.of(),
            String.format(
                    Locale.ROOT,
                    "The relative error grows %s times in this layer (median of the layers: %s): the SQNR",
                    Phrases.number(gain),
                    Phrases.number(typicalGain))
                + String.format(
                    Locale.ROOT,
                    " steps down by %s, from %s to %s; %s of its error is its own.",
                    Phrases.decibel(step),
                    Phrases.decibel(before),
                    Phrases.decibel(layer.error().sqnrDb()),
                    Phrases.percent(own)),
            prescriptions.gain(layer, own >= OWN),
            evidence,
            step,
            weighing.shares().of(layer).all()));
  }

  private Optional<Finding> biasShift(RunLayer layer) {
    double shift = 0;
    double energy = 0;
    List<Integer> shifted = new ArrayList<>();
    for (RunLayer.Channel c : layer.channels()) {
      double mse = c.error().mse();
      double square = c.error().meanError() * c.error().meanError();
      if (c.fp32().count() < DeadChannels.FEWEST_VALUES || !Double.isFinite(mse)) {
        return Optional.empty();
      }
      shift += square;
      energy += mse;
      if (square > BIAS_SHARE * mse) {
        shifted.add(c.channel());
      }
    }
    double share = energy > 0 ? shift / energy : 0;
    if (!(share > BIAS_SHARE)) {
      return Optional.empty();
    }
    int worst =
        IntStream.range(0, layer.channels().size())
            .boxed()
            .max(Comparator.comparingDouble(c -> square(layer, c)))
            .orElseThrow();
    Evidence evidence =
        Evidence.NONE
            .number("biasShare", share)
            .number("shiftedChannels", shifted.size())
            .number("worstChannel", worst)
            .number("worstMeanError", layer.channels().get(worst).error().meanError());
    return Optional.of(
        weighing.finding(
            Finding.Kind.BIAS_SHIFT,
            layer,
            shifted,
            List.of(),
            String.format(
                    Locale.ROOT,
                    "%s of the error's energy is a shift of the channels' means; it is most of the error of",
                    Phrases.percent(share))
                + String.format(
                    Locale.ROOT,
                    " %d of %d channels. Farthest off on average: %s.",
                    shifted.size(),
                    layer.channels().size(),
                    Phrases.worst(
                        shifted.stream()
                            .sorted(Comparator.comparingDouble((Integer c) -> -square(layer, c)))
                            .toList(),
                        c -> Phrases.number(layer.channels().get(c).error().meanError()))),
            prescriptions.biasShift(),
            evidence,
            -10 * Math.log10(1 - Math.min(LARGEST_SHARE, share)),
            share * weighing.shares().of(layer).all()));
  }

  private static double square(RunLayer layer, int channel) {
    double mean = layer.channels().get(channel).error().meanError();
    return mean * mean;
  }
}
