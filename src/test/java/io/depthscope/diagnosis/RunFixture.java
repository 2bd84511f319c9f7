package io.depthscope.diagnosis;

import io.depthscope.graph.Op;
import io.depthscope.plan.Feed;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.Distribution;
import io.depthscope.stats.ErrorStatistics;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.Extreme;
import io.depthscope.stats.Prediction;
import io.depthscope.stats.SourceEnergies;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A recorded run made by hand: sound layers of forty channels, in which causes can be planted. */
final class RunFixture {
  static final int CHANNELS = 40;
  static final int IMAGES = 100;
  private static final int SIDE = 4;
  private static final List<String> WITHOUT_WEIGHTS =
      List.of("input", "average-pool", "residual-add", "multiply", "sigmoid");
  private static final long VALUES = (long) IMAGES * SIDE * SIDE;

  /** What differs from layer to layer and from channel to channel. */
  static final class LayerFixture {
    final String name;
    String kind = "conv";

    /** Empty: that of the run. */
    Optional<QuantFormat> weightFormat = Optional.empty();

    /** Empty: the layer before. */
    List<String> inputs = List.of();

    final double[] weight = filled(1);
    final double[] variance = filled(1);
    final double[] low = filled(0);
    final double[] high = filled(6);
    final double[] meanError = filled(0);
    final double[] saturation = filled(0);
    double calibratedLow;
    double calibrated = 6;
    double nsr = 1e-3;
    double saturated;
    long nans;
    long infinities;
    long quantizedInfinities;

    /** Recorded energies of the sources as shares of the total, by {@link ErrorTerm}; or none. */
    double[] sources = {};

    List<Extreme> highest = extremes(6, 6, 6);
    List<Extreme> lowest = extremes(0, 0, 0);
    final BitHistogram histogram = new BitHistogram();

    /** Records what the error consists of. */
    void sources(double inherited, double weights, double clipping, double rounding) {
      sources = new double[] {inherited, weights, clipping, rounding};
    }

    LayerFixture(String name) {
      this.name = name;
      for (int i = 0; i < VALUES * CHANNELS; i++) {
        histogram.add(6f * (i % 1000) / 1000);
      }
    }

    private static double[] filled(double value) {
      double[] all = new double[CHANNELS];
      Arrays.fill(all, value);
      return all;
    }
  }

  final List<LayerFixture> layers = new ArrayList<>();
  Granularity granularity = Granularity.PER_TENSOR;
  Feed feed = Feed.ACCUMULATED;
  int bits = 8;
  RangeEstimator activationRange = new RangeEstimator.MinMax();
  RangeEstimator weightRange = new RangeEstimator.MinMax();
  boolean symmetric;
  String imageName = "image-";
  int rightFp32 = 90;
  int rightQuantized = 89;

  /** Images that change from one wrong class to another. */
  int wrongInAnotherWay;

  final Map<String, Object> manifest = new LinkedHashMap<>();

  RunFixture() {
    for (int i = 1; i <= 6; i++) {
      layers.add(new LayerFixture("conv" + i));
      layers.getLast().nsr = 1e-3 * i; // gains of 2, 1.5, ... as real layers have
    }
    manifest.put("version", "1");
    manifest.put("commit", "c");
    manifest.put("weightsSha256", "w");
    manifest.put("dataFingerprint", "d");
    manifest.put("images", IMAGES);
    manifest.put("preprocessing", "p");
    manifest.put("backend", "cpu");
  }

  LayerFixture layer(String name) {
    return layers.stream().filter(l -> l.name.equals(name)).findFirst().orElseThrow();
  }

  /** A network that has lost most of what it knew, with a large error in every layer. */
  RunFixture broken() {
    rightQuantized = 10;
    for (LayerFixture l : layers) {
      l.nsr *= 100;
    }
    return this;
  }

  static List<Extreme> extremes(double... values) {
    List<Extreme> all = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      all.add(new Extreme(10 + i, (float) values[i]));
    }
    return all;
  }

  Run run() {
    QuantFormat format = symmetric ? QuantFormat.symmetric(bits) : QuantFormat.asymmetric(bits);
    List<RunLayer> recordedLayers = new ArrayList<>();
    double before = Double.NaN;
    for (LayerFixture l : layers) {
      recordedLayers.add(layer(l, recordedLayers.size(), format, l.nsr / before));
      before = l.nsr;
    }
    List<Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      predictions.add(
          new Prediction(
              i,
              imageName + i + ".png",
              1,
              i < rightFp32 ? 1 : 2,
              i < rightQuantized
                  ? 1
                  : i < rightFp32 ? 3 : i < rightFp32 + wrongInAnotherWay ? 4 : 2,
              1,
              0.1,
              20));
    }
    double top1 = (double) rightFp32 / IMAGES;
    double quantized = (double) rightQuantized / IMAGES;
    return new Run(
        "fixture",
        "net",
        "family",
        new QuantScheme(
            Optional.of(format), Optional.of(format), granularity, activationRange, weightRange),
        feed,
        100,
        new Run.Network(
            IMAGES,
            0,
            Optional.of(
                new Run.Accuracy(top1, quantized, top1, quantized, (top1 - quantized) / top1)),
            Optional.of(
                new Run.Classes(
                    predictions.stream().filter(p -> !p.flipped()).count() / (double) IMAGES,
                    0.01,
                    0.5,
                    -10 * Math.log10(layers.getLast().nsr)))),
        List.of(new Run.Output(layers.getLast().name, 20, 0.99, 0.1, 1, 0, 6)),
        recordedLayers,
        predictions,
        manifest);
  }

  private RunLayer layer(LayerFixture l, int index, QuantFormat format, double gain) {
    double widest = Arrays.stream(l.weight).max().orElseThrow();
    QuantParams output = QuantParams.of(new Range(l.calibratedLow, l.calibrated), format);
    double mse = 12 * l.nsr; // the mean square of a value spread evenly over 0..6
    List<QuantParams> weights = new ArrayList<>();
    List<RunLayer.Channel> channels = new ArrayList<>();
    for (int c = 0; c < CHANNELS; c++) {
      double reach = granularity == Granularity.PER_CHANNEL ? l.weight[c] : widest;
      QuantParams kernel = QuantParams.of(new Range(-reach, reach), l.weightFormat.orElse(format));
      if (granularity == Granularity.PER_CHANNEL || c == 0) {
        weights.add(kernel);
      }
      channels.add(
          new RunLayer.Channel(
              c,
              Optional.of(distribution(-l.weight[c], l.weight[c])),
              l.variance[c],
              1 / Math.sqrt(l.variance[c] + 1e-3),
              2 * l.weight[c] / kernel.scale(),
              tensor(VALUES, l.low[c], l.high[c]),
              (l.high[c] - l.low[c]) / output.scale(),
              tensor(VALUES, l.low[c], l.high[c]),
              error(mse, l.meanError[c], l.nsr, l.saturation[c], Optional.empty())));
    }
    double low = Arrays.stream(l.low).min().orElseThrow();
    double high = Arrays.stream(l.high).max().orElseThrow();
    long count = VALUES * CHANNELS;
    boolean first = index == 0 || !l.inputs.isEmpty();
    return new RunLayer(
        new RunLayer.Identity(
            index,
            l.name,
            l.kind,
            role(l.kind),
            first ? l.inputs : List.of(layers.get(index - 1).name),
            "relu6",
            new Shape(SIDE, SIDE, CHANNELS),
            1),
        WITHOUT_WEIGHTS.contains(l.kind)
            ? Optional.empty()
            : Optional.of(
                new RunLayer.Weights(
                    tensor(360, -widest, widest),
                    1,
                    -1,
                    1,
                    1e-4,
                    40,
                    0,
                    RunLayer.WeightCodes.of(weights))),
        new RunLayer.Output(tensor(count, low, high, l.nans, l.infinities), 1),
        new RunLayer.Output(tensor(count, low, high, 0, l.quantizedInfinities), 1),
        Optional.of(output),
        error(mse, 0, l.nsr, l.saturated, energies(l, mse * count)),
        new RunLayer.Step(gain, 0),
        new RunLayer.Reach(l.highest, l.lowest),
        new RunLayer.Details(
            channels,
            Optional.of(l.histogram),
            Optional.of(new RunLayer.Codes(output.qmin(), new long[output.codes()]))));
  }

  private static Optional<SourceEnergies> energies(LayerFixture l, double total) {
    if (l.sources.length == 0) {
      return Optional.empty();
    }
    Map<ErrorTerm, Double> terms = new EnumMap<>(ErrorTerm.class);
    double cross = 1;
    for (ErrorTerm t : ErrorTerm.values()) {
      terms.put(t, l.sources[t.ordinal()] * total);
      cross -= l.sources[t.ordinal()];
    }
    return Optional.of(new SourceEnergies(total, terms, cross * total));
  }

  private static ErrorStatistics error(
      double mse,
      double meanError,
      double nsr,
      double saturation,
      Optional<SourceEnergies> energies) {
    return new ErrorStatistics(
        mse, meanError, 1, -10 * Math.log10(nsr), nsr, 1 - nsr / 2, saturation, energies);
  }

  private static Distribution distribution(double min, double max) {
    double variance = (max - min) * (max - min) / 12;
    return new Distribution(min, max, (min + max) / 2, variance, 0, 0);
  }

  private static TensorStatistics tensor(long count, double min, double max) {
    return tensor(count, min, max, 0, 0);
  }

  private static TensorStatistics tensor(
      long count, double min, double max, long nans, long infinities) {
    return new TensorStatistics(count, distribution(min, max), 0, nans, infinities);
  }

  private static Op.Role role(String kind) {
    return switch (kind) {
      case "conv" -> Op.Role.CONVOLUTION;
      case "residual-add", "multiply", "sigmoid" -> Op.Role.COMPUTED;
      case "average-pool" -> Op.Role.PASSED;
      default -> Op.Role.named(kind);
    };
  }
}
