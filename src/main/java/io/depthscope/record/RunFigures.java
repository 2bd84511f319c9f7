package io.depthscope.record;

import static io.depthscope.record.Figure.count;
import static io.depthscope.record.Figure.decibel;
import static io.depthscope.record.Figure.number;
import static io.depthscope.record.Figure.share;

import io.depthscope.quant.QuantParams;
import io.depthscope.stats.Distribution;
import io.depthscope.stats.ErrorStatistics;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.SourceEnergies;
import io.depthscope.stats.TensorStatistics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Every figure of a run by name, once. Files, tables, pages and comparisons go through these lists;
 * docs/results-schema.md says what the figures mean.
 */
public final class RunFigures {

  /** Of a distribution. */
  public static final FigureList<Distribution> DISTRIBUTION =
      FigureList.of(
          v ->
              new Distribution(
                  v.number(), v.number(), v.number(), v.number(), v.number(), v.number()),
          number("min", Distribution::min),
          number("max", Distribution::max),
          number("mean", Distribution::mean),
          number("variance", Distribution::variance),
          number("skewness", Distribution::skewness),
          number("excessKurtosis", Distribution::excessKurtosis));

  /** How many values there are; tables have one such column for all tensors of a row. */
  static final Figure<TensorStatistics> COUNT = count("count", TensorStatistics::count);

  /** Of a tensor or a channel. */
  public static final FigureList<TensorStatistics> TENSOR =
      new FigureList<>(
          FigureList.joined(
              List.of(COUNT),
              DISTRIBUTION.in(TensorStatistics::distribution),
              List.of(
                  count("zeros", TensorStatistics::zeros),
                  count("nans", TensorStatistics::nans),
                  count("infinities", TensorStatistics::infinities))),
          v ->
              new TensorStatistics(
                  v.count(), DISTRIBUTION.reader().read(v), v.count(), v.count(), v.count()));

  /** Of an error, its sources left out. */
  public static final FigureList<ErrorStatistics> ERROR =
      FigureList.of(
          v ->
              new ErrorStatistics(
                  v.number(),
                  v.number(),
                  v.number(),
                  v.number(),
                  v.number(),
                  v.number(),
                  v.number(),
                  Optional.empty()),
          number("mse", ErrorStatistics::mse),
          number("meanError", ErrorStatistics::meanError),
          number("maxAbs", ErrorStatistics::maxAbs),
          decibel("sqnrDb", ErrorStatistics::sqnrDb),
          number("nsr", ErrorStatistics::nsr),
          number("cosine", ErrorStatistics::cosine),
          share("saturation", ErrorStatistics::saturation));

  /** Energy of the whole error; tables leave it out. */
  static final Figure<SourceEnergies> TOTAL = number("total", SourceEnergies::total);

  /** Of the sources of an error. */
  public static final FigureList<SourceEnergies> ENERGIES =
      new FigureList<>(
          energies(),
          v -> {
            double total = v.number();
            Map<ErrorTerm, Double> terms = new EnumMap<>(ErrorTerm.class);
            for (ErrorTerm t : ErrorTerm.values()) {
              terms.put(t, v.number());
            }
            return new SourceEnergies(total, terms, v.number());
          });

  /** Of the whole network. */
  public static final FigureList<Run.Network> NETWORK =
      FigureList.of(
          RunFigures::network,
          count("images", Run.Network::images),
          count("skippedImages", Run.Network::skippedImages),
          share("top1Fp32", Run.Accuracy::top1Fp32).ofSome(Run.Network::accuracy),
          share("top1Quantized", Run.Accuracy::top1Quantized).ofSome(Run.Network::accuracy),
          share("top5Fp32", Run.Accuracy::top5Fp32).ofSome(Run.Network::accuracy),
          share("top5Quantized", Run.Accuracy::top5Quantized).ofSome(Run.Network::accuracy),
          share("agreementTop1", Run.Classes::agreementTop1).ofSome(Run.Network::classes),
          share("relativeAccuracyDrop", Run.Accuracy::relativeAccuracyDrop)
              .ofSome(Run.Network::accuracy),
          number("qmse", Run.Classes::qmse).ofSome(Run.Network::classes),
          number("qce", Run.Classes::qce).ofSome(Run.Network::classes),
          decibel("logitSqnrDb", Run.Classes::logitSqnrDb).ofSome(Run.Network::classes));

  /** Of one output of the network. */
  public static final FigureList<Run.Output> NETWORK_OUTPUT =
      FigureList.of(
          v ->
              new Run.Output(
                  "", v.number(), v.number(), v.number(), v.number(), v.number(), v.number()),
          decibel("sqnrDb", Run.Output::sqnrDb),
          number("cosine", Run.Output::cosine),
          number("meanAbs", Run.Output::meanAbs),
          number("maxAbs", Run.Output::maxAbs),
          number("min", Run.Output::min),
          number("max", Run.Output::max));

  static final Figure<RunLayer.Weights> UNFOLDED_MIN =
      number("unfoldedMin", RunLayer.Weights::unfoldedMin);

  static final Figure<RunLayer.Weights> UNFOLDED_MAX =
      number("unfoldedMax", RunLayer.Weights::unfoldedMax);

  static final Figure<RunLayer.Weights> WEIGHT_SQNR = decibel("sqnrDb", RunLayer.Weights::sqnrDb);

  static final Figure<RunLayer.Weights> WEIGHT_RANGE_RATIO =
      share("channelRangeRatio", RunLayer.Weights::channelRangeRatio);

  /** Of a layer's weights, their codes left out. */
  public static final FigureList<RunLayer.Weights> WEIGHTS =
      new FigureList<>(
          FigureList.joined(
              TENSOR.in(RunLayer.Weights::folded),
              List.of(
                  WEIGHT_RANGE_RATIO,
                  UNFOLDED_MIN,
                  UNFOLDED_MAX,
                  number("mse", RunLayer.Weights::mse),
                  WEIGHT_SQNR,
                  share("saturation", RunLayer.Weights::saturation))),
          v ->
              new RunLayer.Weights(
                  TENSOR.reader().read(v),
                  v.number(),
                  v.number(),
                  v.number(),
                  v.number(),
                  v.number(),
                  v.number(),
                  Optional.empty()));

  static final Figure<RunLayer.Output> RANGE_RATIO =
      share("channelRangeRatio", RunLayer.Output::channelRangeRatio);

  /** Of one stream of a layer's output. */
  public static final FigureList<RunLayer.Output> OUTPUT =
      new FigureList<>(
          FigureList.joined(TENSOR.in(RunLayer.Output::statistics), List.of(RANGE_RATIO)),
          v -> new RunLayer.Output(TENSOR.reader().read(v), v.number()));

  /** Of a layer against those it reads: with the figures of its fp32 output. */
  public static final Figure<RunLayer.Step> RANGE_FLUCTUATION =
      new Figure<>("rangeFluctuation", Figure.Unit.OCTAVE, RunLayer.Step::rangeFluctuation);

  /** Of a layer against those it reads: with the figures of its error. */
  public static final Figure<RunLayer.Step> GAIN = number("gain", RunLayer.Step::gain);

  static final Figure<QuantParams> SCALE =
      new Figure<>("scale", Figure.Unit.FLOAT32, QuantParams::scale);

  static final Figure<QuantParams> ZERO_POINT = count("zeroPoint", QuantParams::zeroPoint);

  /** Of the parameters of a quantized tensor. */
  public static final FigureList<QuantParams> PARAMS =
      FigureList.of(
          v -> new QuantParams((float) v.number(), v.integer(), v.integer(), v.integer()),
          SCALE,
          ZERO_POINT,
          count("qmin", QuantParams::qmin),
          count("qmax", QuantParams::qmax));

  public static final Figure<RunLayer.Channel> WEIGHT_MIN =
      number("weightMin", RunLayer.Channel::weightMin);

  public static final Figure<RunLayer.Channel> WEIGHT_MAX =
      number("weightMax", RunLayer.Channel::weightMax);

  /** Of a channel's weights. */
  public static final Figure<RunLayer.Channel> WEIGHT_LEVELS =
      number("weightEffectiveLevels", RunLayer.Channel::weightEffectiveLevels);

  /** Of a channel's output. */
  public static final Figure<RunLayer.Channel> LEVELS =
      number("effectiveLevels", RunLayer.Channel::effectiveLevels);

  public static final Figure<RunLayer.Channel> BATCH_NORM_VARIANCE =
      number("batchNormVariance", RunLayer.Channel::batchNormVariance);

  public static final Figure<RunLayer.Channel> FOLDING_FACTOR =
      number("foldingFactor", RunLayer.Channel::foldingFactor);

  private RunFigures() {}

  /** A group of figures is there as a whole or not at all. */
  private static Run.Network network(FigureList.Values v) throws IOException {
    long images = v.count();
    long skipped = v.count();
    List<OptionalDouble> f = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      f.add(v.optional());
    }
    return new Run.Network(
        images,
        skipped,
        group(f, 0, 1, 2, 3, 5).map(a -> new Run.Accuracy(a[0], a[1], a[2], a[3], a[4])),
        group(f, 4, 6, 7, 8).map(c -> new Run.Classes(c[0], c[1], c[2], c[3])));
  }

  private static Optional<double[]> group(List<OptionalDouble> figures, int... places) {
    double[] values = new double[places.length];
    int there = 0;
    for (int i = 0; i < places.length; i++) {
      OptionalDouble figure = figures.get(places[i]);
      there += figure.isPresent() ? 1 : 0;
      values[i] = figure.orElse(Double.NaN);
    }
    if (there != 0 && there != places.length) {
      throw new IllegalArgumentException(
          "some figures of the network are null that belong to others");
    }
    return there == 0 ? Optional.empty() : Optional.of(values);
  }

  private static List<Figure<SourceEnergies>> energies() {
    List<Figure<SourceEnergies>> all = new ArrayList<>();
    all.add(TOTAL);
    for (ErrorTerm t : ErrorTerm.values()) {
      all.add(number(name(t), e -> e.of(t)));
    }
    all.add(number("cross", SourceEnergies::cross));
    return List.copyOf(all);
  }

  /** {@code inherited}, {@code weights}, {@code clipping}, {@code rounding}. */
  public static String name(ErrorTerm source) {
    return source.name().toLowerCase(Locale.ROOT);
  }

  /** The unit of every figure that has one, by its name. */
  public static Map<String, String> units() {
    Map<String, String> units = new LinkedHashMap<>();
    for (FigureList<?> list : List.of(NETWORK, NETWORK_OUTPUT, WEIGHTS, OUTPUT, ERROR)) {
      for (Figure<?> f : list.figures()) {
        if (!f.unit().toString().isEmpty()) {
          units.put(f.name(), f.unit().toString());
        }
      }
    }
    units.put(RANGE_FLUCTUATION.name(), RANGE_FLUCTUATION.unit().toString());
    return units;
  }

  /**
   * All figures of a run by their place in results.json, in the order of the file: {@code
   * network.top1Quantized}, {@code layers.NAME.error.sqnrDb}.
   */
  public static Map<String, Double> byPlace(Run run) {
    Map<String, Double> all = new LinkedHashMap<>();
    NETWORK.each("network.", run.network(), all::put);
    for (Run.Output o : run.outputs()) {
      NETWORK_OUTPUT.each("outputs." + o.layer() + ".", o, all::put);
    }
    for (RunLayer l : run.layers()) {
      String layer = "layers." + l.name() + ".";
      all.put(layer + "macs", (double) l.macs());
      l.weights().ifPresent(w -> WEIGHTS.each(layer + "weights.", w, all::put));
      OUTPUT.each(layer + "fp32.", l.fp32(), all::put);
      all.put(layer + "fp32." + RANGE_FLUCTUATION.name(), RANGE_FLUCTUATION.of(l.step()));
      OUTPUT.each(layer + "quantized.", l.quantized(), all::put);
      l.params().ifPresent(p -> PARAMS.each(layer + "quantized.params.", p, all::put));
      ERROR.each(layer + "error.", l.error(), all::put);
      l.error().energies().ifPresent(e -> ENERGIES.each(layer + "error.energies.", e, all::put));
      all.put(layer + "error." + GAIN.name(), GAIN.of(l.step()));
    }
    return all;
  }
}
