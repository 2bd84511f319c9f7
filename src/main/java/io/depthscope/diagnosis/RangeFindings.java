package io.depthscope.diagnosis;

import io.depthscope.record.DeadChannels;
import io.depthscope.record.RunLayer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What is wrong with the ranges of a layer: one scale for channels that differ too much. */
final class RangeFindings {
  /** Removing the channels must halve the range, and so give the others one bit more. */
  static final double DOMINANT_SHARE = 0.5;

  /** More channels than one in twenty are no exception but the layer's nature. */
  static final double DOMINANT_CHANNELS = 0.05;

  /** Of fewer live channels any two set the range. */
  static final int FEWEST_LIVE = 4;

  /** Four bits: the least that networks without retraining are known to live with. */
  static final int FEW_LEVELS = 16;

  /** With fewer bits: a channel that uses less than this share of the codes is squeezed. */
  static final double FEW_LEVELS_SHARE = 1.0 / 16;

  /**
   * A channel that gets a quarter of the codes fares as well as the median one of layers that
   * quantize well; room beyond that is not counted as a cost.
   */
  static final double COMFORTABLE_SHARE = 0.25;

  /**
   * With fewer levels than this, or than half of what is few, a channel is all but a constant, and
   * cannot get worse.
   */
  private static final double LEAST_LEVELS = 0.5;

  /** The rounding of widths and medians, which would else order findings that cost nothing. */
  private static final double NO_COST_DB = 1e-3;

  /** Less than one code in 200 of the range is not worth a sentence. */
  private static final double VISIBLE_SHARE = 0.005;

  private final Weighing weighing;
  private final Prescriptions prescriptions;
  private final RunLayer layer;

  /** What is left of the energies of weights and of rounding by the causes found so far. */
  private double weightsLeft = 1;

  private double roundingLeft = 1;
  private final List<Integer> dead;
  private final List<Integer> live;

  RangeFindings(Weighing weighing, Prescriptions prescriptions, RunLayer layer) {
    this.weighing = weighing;
    this.prescriptions = prescriptions;
    this.layer = layer;
    this.dead = DeadChannels.of(layer);
    this.live = DeadChannels.live(layer);
  }

  List<Finding> all() {
    List<Finding> found = new ArrayList<>();
    dead().ifPresent(found::add);
    if (layer.weights().isPresent()) {
      ChannelRanges weights = ChannelRanges.ofWeights(layer);
      if (weights.quantized() && weights.shared()) {
        dominant(weights, true).ifPresent(found::add);
      }
      few(weights, true).ifPresent(found::add);
    }
    ChannelRanges output = ChannelRanges.ofOutput(layer);
    if (output.quantized()) {
      dominant(output, false).ifPresent(found::add);
      few(output, false).ifPresent(found::add);
    }
    return found;
  }

  private Optional<Finding> dead() {
    if (dead.isEmpty()) {
      return Optional.empty();
    }
    ChannelRanges w = ChannelRanges.ofWeights(layer);
    ChannelRanges x = ChannelRanges.ofOutput(layer);
    double share = share(w, w.all(), live);
    double outputShare = share(x, x.all(), live);
    double now = w.medianLevels(live);
    double without = w.medianLevels(live, w.width(live));
    double weightsCost = cost(w, now, without);
    double outputCost = outputCost(x);
    double errorShare = weightsShare(weightsCost) + roundingShare(outputCost);
    int worst = dead.stream().max(Comparator.comparingDouble(w::reach)).orElseThrow();
    RunLayer.Channel c = layer.channels().get(worst);
    Evidence evidence =
        Evidence.NONE
            .number("deadChannels", dead.size())
            .number("channels", layer.channels().size())
            .number("collapsedChannels", collapsed())
            .number("largestMove", largestMove())
            .number("rangeShare", share)
            .number("weightMin", w.min(w.all()))
            .number("weightMax", w.max(w.all()))
            .number("weightMinWithout", w.min(live))
            .number("weightMaxWithout", w.max(live))
            .number("medianLevels", now)
            .number("medianLevelsWithout", without)
            .number("worstChannel", worst)
            .number("worstFoldingFactor", c.foldingFactor())
            .number("worstBatchNormVariance", c.batchNormVariance())
            .number("outputRangeShare", outputShare);
    return Optional.of(
        weighing.finding(
            Finding.Kind.DEAD_CHANNELS,
            layer,
            dead,
            List.of(),
            deadStatement(w, now, without, share, c, outputShare),
            deadAdvice(share, outputShare, Math.max(weightsCost, outputCost)),
            evidence,
            Math.max(weightsCost, outputCost),
            errorShare));
  }

  /** The share of the error at the output that is gone where the weights' SQNR rises by this. */
  private double weightsShare(double db) {
    double share = Weighing.shareOf(db) * weightsLeft;
    weightsLeft -= share;
    return share * weighing.shares().of(layer).weights();
  }

  /** The same of the rounding of the output. */
  private double roundingShare(double db) {
    double share = Weighing.shareOf(db) * roundingLeft;
    roundingLeft -= share;
    return share * weighing.shares().of(layer).rounding();
  }

  private double share(double db, boolean weights) {
    return weights ? weightsShare(db) : roundingShare(db);
  }

  /** How far the output of a dead channel moves at most, as a share of the layer's range. */
  private double largestMove() {
    double range = layer.fp32().statistics().range();
    return dead.stream()
        .mapToDouble(c -> layer.channels().get(c).fp32().range() / range)
        .max()
        .orElse(0);
  }

  private long collapsed() {
    return dead.stream()
        .filter(c -> DeadChannels.hasCollapsed(layer.channels().get(c).batchNormVariance()))
        .count();
  }

  private String deadStatement(
      ChannelRanges w,
      double now,
      double without,
      double share,
      RunLayer.Channel worst,
      double outputShare) {
    boolean one = dead.size() == 1;
    StringBuilder s = new StringBuilder();
    s.append(dead.size()).append(" of ").append(w.all().size());
    s.append(one ? " channels is dead" : " channels are dead");
    double most = largestMove();
    s.append(one ? ": its output " : ": their output ");
    if (most == 0) {
      s.append("is the same for every image. ");
    } else {
      s.append("hardly changes, by at most ").append(Phrases.percent(most));
      s.append(" of the layer's range. ");
    }
    if (share < VISIBLE_SHARE) {
      s.append(one ? "Its" : "Their").append(" folded weights do not widen the layer's range.");
    } else {
      s.append(one ? "It causes " : "They cause ").append(Phrases.percent(share));
      s.append(" of the range of the weights, ");
      s.append(Phrases.range(w.min(w.all()), w.max(w.all())))
          .append(one ? " with it and " : " with them and ");
      s.append(Phrases.range(w.min(live), w.max(live))).append(" without.");
      if (w.shared() && Double.isFinite(now) && Double.isFinite(without)) {
        s.append(" The median live channel gets ").append(Phrases.number(now));
        s.append(" of ").append(w.codes()).append(" levels and would get ");
        s.append(Phrases.number(without)).append(one ? " without it." : " without them.");
      } else if (w.quantized() && !w.shared()) {
        s.append(" With a scale for each channel that costs the others nothing.");
      }
      s.append(" Farthest reach: ");
      s.append(Phrases.worst(byReach(w, dead), i -> Phrases.number(w.reach(i)))).append('.');
      if (Double.isFinite(worst.foldingFactor())) {
        s.append(" Folding multiplied the weights of channel ").append(worst.channel());
        s.append(" by ").append(Phrases.number(worst.foldingFactor())).append('.');
      }
    }
    if (outputShare >= DOMINANT_SHARE) {
      s.append(one ? " Its constant causes " : " Their constants cause ")
          .append(Phrases.percent(outputShare));
      s.append(" of the range of the output.");
    }
    return s.toString();
  }

  private static List<Integer> byReach(ChannelRanges r, List<Integer> channels) {
    return channels.stream()
        .sorted(Comparator.comparingDouble((Integer c) -> -r.reach(c)))
        .toList();
  }

  private Advice deadAdvice(double share, double outputShare, double cost) {
    if (cost <= 0 || (share < VISIBLE_SHARE && outputShare < DOMINANT_SHARE)) {
      return Advice.of("Nothing to mend for quantization; the channels can be pruned.");
    }
    boolean constant = dead.stream().anyMatch(c -> layer.channels().get(c).fp32().range() == 0);
    return prescriptions.dead(layer, constant);
  }

  /** A few live channels; the dead ones are taken away before, as they have their own finding. */
  private Optional<Finding> dominant(ChannelRanges r, boolean weights) {
    int most = Math.max(1, (int) (DOMINANT_CHANNELS * live.size()));
    if (live.size() < FEWEST_LIVE) {
      return Optional.empty();
    }
    List<Integer> few = r.fewestBeyond(live, (1 - DOMINANT_SHARE) * r.width(live));
    if (few.isEmpty() || few.size() > most) {
      return Optional.empty();
    }
    List<Integer> rest = new ArrayList<>(live);
    rest.removeAll(few);
    double share = share(r, live, rest);
    double now = r.medianLevels(rest, r.width(live));
    double without = r.medianLevels(rest, r.width(rest));
    String what = weights ? "weights" : "output";
    double cost = cost(r, now, without);
    Evidence evidence =
        Evidence.NONE
            .fact(Finding.OF_WEIGHTS, weights)
            .number("dominantChannels", few.size())
            .number("liveChannels", live.size())
            .number("rangeShare", share)
            .number("min", r.min(live))
            .number("max", r.max(live))
            .number("minWithout", r.min(rest))
            .number("maxWithout", r.max(rest))
            .number("medianLevels", now)
            .number("medianLevelsWithout", without);
    return Optional.of(
        weighing.finding(
            Finding.Kind.DOMINANT_CHANNELS,
            layer,
            few,
            List.of(),
            String.format(
                    Locale.ROOT,
                    "%s of %d live ones %s %s of the range of the %s (reach: %s): %s with %s and %s without. The",
                    Phrases.count(few.size(), "channel", "channels"),
                    live.size(),
                    few.size() == 1 ? "causes" : "cause",
                    Phrases.percent(share),
                    what,
                    Phrases.worst(byReach(r, few), c -> Phrases.number(r.reach(c))),
                    Phrases.range(r.min(live), r.max(live)),
                    few.size() == 1 ? "it" : "them",
                    Phrases.range(r.min(rest), r.max(rest)))
                + String.format(
                    Locale.ROOT,
                    " median of the other channels gets %s of %d levels%s and would get %s.",
                    Phrases.number(now),
                    r.codes(),
                    dead.isEmpty() || !weights ? "" : ", once the dead are gone,",
                    Phrases.number(without)),
            weights ? prescriptions.dominantWeights(layer) : prescriptions.dominantOutput(),
            evidence,
            cost,
            share(cost, weights)));
  }

  private Optional<Finding> few(ChannelRanges r, boolean weights) {
    double limit = Math.min(FEW_LEVELS, FEW_LEVELS_SHARE * r.codes());
    List<Integer> few = live.stream().filter(c -> r.levels(c) < limit).toList();
    if (few.isEmpty()) {
      return Optional.empty();
    }
    double width = r.width(live);
    List<Integer> still = few.stream().filter(c -> !(r.levels(c, width) >= limit)).toList();
    double share = (double) few.size() / live.size();
    double median = r.medianLevels(few);
    double medianWithout = r.medianLevels(still, width);
    Evidence evidence =
        Evidence.NONE
            .fact(Finding.OF_WEIGHTS, weights)
            .number("limit", limit)
            .number("fewChannels", few.size())
            .number("fewWithoutDead", still.size())
            .number("medianLevelsWithoutDead", medianWithout)
            .number("liveChannels", live.size())
            .number("channelShare", share)
            .number("medianLevels", median);
    double fewCost = fewCost(still, medianWithout, limit);
    boolean one = few.size() == 1;
    String without =
        still.size() == few.size()
            ? ""
            : " Without the dead channels it would be "
                + (still.isEmpty() ? "none." : still.size() + " of them.");
    return Optional.of(
        weighing.finding(
            Finding.Kind.FEW_LEVELS,
            layer,
            few,
            List.of(),
            String.format(
                Locale.ROOT,
                "%d of %d live channels %s fewer than %s of the %d levels of the %s, %s (fewest: %s).%s",
                few.size(),
                live.size(),
                one ? "gets" : "get",
                Phrases.number(limit),
                r.codes(),
                weights ? "weights" : "output",
                (one ? "" : "the median of them ") + Phrases.number(median),
                Phrases.worst(
                    few.stream().sorted(Comparator.comparingDouble(r::levels)).toList(),
                    c -> Phrases.number(r.levels(c))),
                without),
            weights ? prescriptions.fewWeights(layer) : prescriptions.fewOutputs(layer),
            evidence,
            fewCost,
            share(fewCost, weights)));
  }

  /** What the dead channels take is their own finding's cost; here counts what remains. */
  private double fewCost(List<Integer> still, double median, double limit) {
    if (still.isEmpty()) {
      return 0;
    }
    double share = (double) still.size() / live.size();
    return share * 20 * Math.log10(limit / Math.max(Math.min(LEAST_LEVELS, limit / 2), median));
  }

  /** What leaving channels out takes off the range. */
  private static double share(ChannelRanges r, List<Integer> with, List<Integer> without) {
    double width = r.width(with);
    return width > 0 ? 1 - r.width(without) / width : 0;
  }

  /** What the median channel loses, as far as it is short of levels. */
  private static double cost(ChannelRanges r, double now, double without) {
    double comfortable = COMFORTABLE_SHARE * r.codes();
    double gained = 20 * Math.log10(Math.min(without, comfortable) / now);
    return gained > NO_COST_DB && Double.isFinite(gained) ? gained : 0;
  }

  private double outputCost(ChannelRanges x) {
    return x.quantized() ? cost(x, x.medianLevels(live), x.medianLevels(live, x.width(live))) : 0;
  }
}
