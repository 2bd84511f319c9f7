package io.depthscope.diagnosis;

import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.Range;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.store.RecordedLayer;
import io.depthscope.store.RecordedRun;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
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
      List.of("input", "average-pool", "residual-add");
  private static final long VALUES = (long) IMAGES * SIDE * SIDE;

  /** What differs from layer to layer and from channel to channel. */
  static final class LayerFixture {
    final String name;
    String kind = "conv";

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
    double clippingShare = Double.NaN;
    List<RecordedLayer.Extreme> highest = extremes(6, 6, 6);
    List<RecordedLayer.Extreme> lowest = extremes(0, 0, 0);
    final BitHistogram histogram = new BitHistogram();

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
  String granularity = "per-tensor";
  int bits = 8;
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

  static List<RecordedLayer.Extreme> extremes(double... values) {
    List<RecordedLayer.Extreme> all = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      all.add(new RecordedLayer.Extreme(10 + i, values[i]));
    }
    return all;
  }

  RecordedRun run() {
    QuantFormat format = symmetric ? QuantFormat.symmetric(bits) : QuantFormat.asymmetric(bits);
    Optional<RecordedRun.Format> recorded =
        Optional.of(new RecordedRun.Format(bits, symmetric, symmetric));
    List<RecordedLayer> recordedLayers = new ArrayList<>();
    double before = Double.NaN;
    for (LayerFixture l : layers) {
      recordedLayers.add(layer(l, recordedLayers.size(), format, l.nsr / before));
      before = l.nsr;
    }
    List<RecordedRun.Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      predictions.add(
          new RecordedRun.Prediction(
              i,
              imageName + i + ".png",
              1,
              i < rightFp32 ? 1 : 2,
              i < rightQuantized
                  ? 1
                  : i < rightFp32 ? 3 : i < rightFp32 + wrongInAnotherWay ? 4 : 2,
              1,
              0.1));
    }
    double top1 = (double) rightFp32 / IMAGES;
    double quantized = (double) rightQuantized / IMAGES;
    return new RecordedRun(
        "fixture",
        "net",
        "family",
        new RecordedRun.Scheme(
            "w" + bits + "a" + bits, recorded, recorded, granularity, "min-max", "min-max"),
        "accumulated",
        100,
        new RecordedRun.Network(
            IMAGES,
            0,
            top1,
            quantized,
            top1,
            quantized,
            predictions.stream().filter(p -> !p.flipped()).count() / (double) IMAGES,
            (top1 - quantized) / top1,
            0.01,
            0.5,
            -10 * Math.log10(layers.getLast().nsr)),
        recordedLayers,
        predictions,
        manifest);
  }

  private RecordedLayer layer(LayerFixture l, int index, QuantFormat format, double gain) {
    double widest = Arrays.stream(l.weight).max().orElseThrow();
    QuantParams output = QuantParams.of(new Range(l.calibratedLow, l.calibrated), format);
    double mse = 12 * l.nsr; // the mean square of a value spread evenly over 0..6
    List<RecordedLayer.Channel> channels = new ArrayList<>();
    for (int c = 0; c < CHANNELS; c++) {
      double reach = granularity.equals("per-channel") ? l.weight[c] : widest;
      double scale = QuantParams.of(new Range(-reach, reach), format).scale();
      channels.add(
          new RecordedLayer.Channel(
              c,
              -l.weight[c],
              l.weight[c],
              1,
              l.variance[c],
              1 / Math.sqrt(l.variance[c] + 1e-3),
              2 * l.weight[c] / scale,
              tensor(VALUES, l.low[c], l.high[c]),
              (l.high[c] - l.low[c]) / output.scale(),
              tensor(VALUES, l.low[c], l.high[c]),
              error(mse, l.meanError[c], l.nsr, l.saturation[c], Double.NaN, Map.of())));
    }
    double low = Arrays.stream(l.low).min().orElseThrow();
    double high = Arrays.stream(l.high).max().orElseThrow();
    long count = VALUES * CHANNELS;
    return new RecordedLayer(
        index,
        l.name,
        l.kind,
        index == 0 || !l.inputs.isEmpty() ? l.inputs : List.of(layers.get(index - 1).name),
        "relu6",
        new Shape(SIDE, SIDE, CHANNELS),
        1,
        WITHOUT_WEIGHTS.contains(l.kind)
            ? Optional.empty()
            : Optional.of(
                new RecordedLayer.Weights(tensor(360, -widest, widest), 1, -1, 1, 1e-4, 40, 0)),
        new RecordedLayer.Activations(
            tensor(count, low, high, l.nans, l.infinities), 1, 0, l.highest, l.lowest),
        new RecordedLayer.Activations(
            tensor(count, low, high, 0, l.quantizedInfinities),
            1,
            Double.NaN,
            List.of(),
            List.of()),
        Optional.of(output),
        error(mse, 0, l.nsr, l.saturated, gain, energies(l, mse * count)),
        channels,
        histogram(l.histogram),
        Optional.of(new RecordedLayer.Codes(output.qmin(), new long[output.codes()])));
  }

  private static Map<String, Double> energies(LayerFixture l, double total) {
    return Double.isNaN(l.clippingShare)
        ? Map.of()
        : Map.of("total", total, "clipping", l.clippingShare * total);
  }

  private static RecordedLayer.ErrorFigures error(
      double mse,
      double meanError,
      double nsr,
      double saturation,
      double gain,
      Map<String, Double> energies) {
    return new RecordedLayer.ErrorFigures(
        mse, meanError, 1, -10 * Math.log10(nsr), nsr, 1 - nsr / 2, saturation, gain, energies);
  }

  private static TensorStatistics tensor(long count, double min, double max) {
    return tensor(count, min, max, 0, 0);
  }

  private static TensorStatistics tensor(
      long count, double min, double max, long nans, long infinities) {
    double variance = (max - min) * (max - min) / 12;
    return new TensorStatistics(
        count, min, max, (min + max) / 2, variance, 0, 0, 0, nans, infinities);
  }

  private static RecordedLayer.Histogram histogram(BitHistogram h) {
    List<Integer> bins = new ArrayList<>();
    for (int i = 0; i < h.counts().length; i++) {
      if (h.counts()[i] > 0) {
        bins.add(i);
      }
    }
    return new RecordedLayer.Histogram(
        bins.stream().mapToInt(Integer::intValue).toArray(),
        bins.stream().mapToLong(b -> h.counts()[b]).toArray());
  }
}
