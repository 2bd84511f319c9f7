package io.depthscope.report;

import io.depthscope.quant.QuantParams;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.store.RecordedLayer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** One layer as a page holds it; see {@link RunData} for who reads it. */
final class LayerData {
  /** Codes are counted in at most this many groups: more cannot be told apart in a figure. */
  private static final int MOST_CODE_GROUPS = 512;

  /** Columns of the channels, by the name the page's scripts use. */
  private static final Map<String, ToDoubleFunction<RecordedLayer.Channel>> CHANNEL_COLUMNS =
      channelColumns();

  /** Columns of the layers where several runs stand side by side, likewise. */
  private static final Map<String, ToDoubleFunction<RecordedLayer>> LAYER_COLUMNS = layerColumns();

  private LayerData() {}

  private static Map<String, ToDoubleFunction<RecordedLayer>> layerColumns() {
    Map<String, ToDoubleFunction<RecordedLayer>> columns = new LinkedHashMap<>();
    columns.put("weightRange", l -> l.weights().map(w -> w.folded().range()).orElse(Double.NaN));
    columns.put("weightRatio", l -> l.weights().map(w -> w.channelRangeRatio()).orElse(Double.NaN));
    columns.put("fp32Range", l -> l.fp32().statistics().range());
    columns.put("fp32Ratio", l -> l.fp32().channelRangeRatio());
    columns.put("sqnrDb", l -> l.error().sqnrDb());
    columns.put("nsr", l -> l.error().nsr());
    columns.put("gain", l -> l.error().gain());
    return columns;
  }

  /** All layers of a run by their main figures, one array a column. */
  static void table(CompactJson json, List<RecordedLayer> layers) throws IOException {
    RunData.texts(json, "name", layers.stream().map(RecordedLayer::name).toList());
    RunData.texts(json, "kind", layers.stream().map(RecordedLayer::kind).toList());
    for (Map.Entry<String, ToDoubleFunction<RecordedLayer>> column : LAYER_COLUMNS.entrySet()) {
      json.array(
          column.getKey(),
          a -> {
            for (RecordedLayer layer : layers) {
              a.number(column.getValue().applyAsDouble(layer));
            }
          });
    }
  }

  private static Map<String, ToDoubleFunction<RecordedLayer.Channel>> channelColumns() {
    Map<String, ToDoubleFunction<RecordedLayer.Channel>> columns = new LinkedHashMap<>();
    columns.put("weightMin", RecordedLayer.Channel::weightMin);
    columns.put("weightMax", RecordedLayer.Channel::weightMax);
    columns.put("weightLevels", RecordedLayer.Channel::weightEffectiveLevels);
    columns.put("batchNormVariance", RecordedLayer.Channel::batchNormVariance);
    columns.put("foldingFactor", RecordedLayer.Channel::foldingFactor);
    columns.put("min", c -> c.fp32().min());
    columns.put("max", c -> c.fp32().max());
    columns.put("mean", c -> c.fp32().mean());
    columns.put("variance", c -> c.fp32().variance());
    columns.put("levels", RecordedLayer.Channel::effectiveLevels);
    columns.put("mse", c -> c.error().mse());
    columns.put("meanError", c -> c.error().meanError());
    columns.put("sqnrDb", c -> c.error().sqnrDb());
    columns.put("nsr", c -> c.error().nsr());
    columns.put("saturation", c -> c.error().saturation());
    return columns;
  }

  /** The figures of the layer as a whole. */
  static void summary(CompactJson json, RecordedLayer layer) throws IOException {
    json.text("name", layer.name())
        .text("kind", layer.kind())
        .text("activation", layer.activation())
        .array(
            "inputs",
            a -> {
              for (String input : layer.inputs()) {
                a.text(input);
              }
            })
        .array(
            "shape",
            a ->
                a.count(layer.shape().height())
                    .count(layer.shape().width())
                    .count(layer.shape().channels()))
        .count("macs", layer.macs());
    if (layer.weights().isPresent()) {
      RecordedLayer.Weights w = layer.weights().get();
      json.object(
          "weights",
          o -> {
            tensor(o, w.folded());
            o.number("channelRangeRatio", w.channelRangeRatio())
                .number("unfoldedMin", w.unfoldedMin())
                .number("unfoldedMax", w.unfoldedMax())
                .number("mse", w.mse())
                .number("sqnrDb", w.sqnrDb())
                .number("saturation", w.saturation());
          });
    } else {
      json.nothing("weights");
    }
    json.object(
        "fp32",
        o -> {
          tensor(o, layer.fp32().statistics());
          o.number("channelRangeRatio", layer.fp32().channelRangeRatio())
              .number("rangeFluctuation", layer.fp32().rangeFluctuation());
        });
    json.object("quantized", o -> tensor(o, layer.quantized().statistics()));
    RecordedLayer.ErrorFigures e = layer.error();
    json.object(
        "error",
        o -> {
          o.number("mse", e.mse())
              .number("meanError", e.meanError())
              .number("maxAbs", e.maxAbs())
              .number("sqnrDb", e.sqnrDb())
              .number("nsr", e.nsr())
              .number("cosine", e.cosine())
              .number("saturation", e.saturation())
              .number("gain", e.gain());
          if (!e.energies().isEmpty()) {
            o.object(
                "energies",
                x -> {
                  for (Map.Entry<String, Double> source : e.energies().entrySet()) {
                    x.number(source.getKey(), source.getValue());
                  }
                });
          }
        });
    spread(json, "weightSpread", layer, c -> c.weightMin(), c -> c.weightMax());
    spread(json, "fp32Spread", layer, c -> c.fp32().min(), c -> c.fp32().max());
  }

  private static void tensor(CompactJson json, TensorStatistics t) throws IOException {
    json.count("count", t.count())
        .number("min", t.min())
        .number("max", t.max())
        .number("mean", t.mean())
        .number("variance", t.variance())
        .number("skewness", t.skewness())
        .number("excessKurtosis", t.excessKurtosis())
        .count("zeros", t.zeros())
        .count("nans", t.nans())
        .count("infinities", t.infinities());
  }

  /**
   * Where the channels' own ranges end: quartiles of their minima and of their maxima, {@code [q1,
   * median, q3]} each; null without values.
   */
  private static void spread(
      CompactJson json,
      String name,
      RecordedLayer layer,
      ToDoubleFunction<RecordedLayer.Channel> min,
      ToDoubleFunction<RecordedLayer.Channel> max)
      throws IOException {
    double[] minima = sorted(layer.channels(), min);
    double[] maxima = sorted(layer.channels(), max);
    if (minima.length == 0 || maxima.length == 0) {
      json.nothing(name);
      return;
    }
    json.object(
        name,
        o -> {
          quartiles(o, "min", minima);
          quartiles(o, "max", maxima);
        });
  }

  private static void quartiles(CompactJson json, String name, double[] sorted) throws IOException {
    json.array(
        name,
        a -> {
          for (int quarter = 1; quarter <= 3; quarter++) {
            a.number(quantile(sorted, quarter / 4.0));
          }
        });
  }

  private static double[] sorted(
      List<RecordedLayer.Channel> channels, ToDoubleFunction<RecordedLayer.Channel> value) {
    return channels.stream().mapToDouble(value).filter(Double::isFinite).sorted().toArray();
  }

  /** Linear between the two nearest values, as NumPy and R do by default. */
  static double quantile(double[] sorted, double fraction) {
    double at = fraction * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  /** What only a page of one run shows: histograms, extreme images and every channel. */
  static void detail(CompactJson json, RecordedLayer layer) throws IOException {
    if (layer.output().isPresent()) {
      QuantParams p = layer.output().get();
      json.object(
          "output",
          o ->
              o.any("scale", p.scale())
                  .count("zeroPoint", p.zeroPoint())
                  .count("qmin", p.qmin())
                  .count("qmax", p.qmax()));
    } else {
      json.nothing("output");
    }
    extremes(json, "highest", layer.fp32().highest());
    extremes(json, "lowest", layer.fp32().lowest());
    json.object("histogram", o -> histogram(o, layer.histogram()));
    if (layer.codes().isPresent()) {
      json.object("codes", o -> codes(o, layer.codes().get()));
    } else {
      json.nothing("codes");
    }
    json.object("channels", o -> channels(o, layer.channels()));
  }

  private static void extremes(CompactJson json, String name, List<RecordedLayer.Extreme> extremes)
      throws IOException {
    json.array(
        name,
        a -> {
          for (RecordedLayer.Extreme e : extremes) {
            a.array(x -> x.count(e.image()).number(e.value()));
          }
        });
  }

  /** Each bin as its distance from the one before: nearly all are 1. */
  private static void histogram(CompactJson json, RecordedLayer.Histogram h) throws IOException {
    json.array(
            "steps",
            a -> {
              int last = 0;
              for (int bin : h.bins()) {
                a.count(bin - last);
                last = bin;
              }
            })
        .array(
            "counts",
            a -> {
              for (long count : h.counts()) {
                a.count(count);
              }
            });
  }

  /** Counts of neighbouring codes, {@code width} of them in each but perhaps the last. */
  private static void codes(CompactJson json, RecordedLayer.Codes codes) throws IOException {
    int width = 1;
    while ((codes.counts().length + width - 1) / width > MOST_CODE_GROUPS) {
      width *= 2;
    }
    int codesEach = width;
    json.count("qmin", codes.qmin())
        .count("width", codesEach)
        .array(
            "counts",
            a -> {
              long[] counts = codes.counts();
              for (int i = 0; i < counts.length; i += codesEach) {
                a.count(Arrays.stream(counts, i, Math.min(i + codesEach, counts.length)).sum());
              }
            });
  }

  /** One array a column; a column without any value is left out. */
  private static void channels(CompactJson json, List<RecordedLayer.Channel> channels)
      throws IOException {
    for (Map.Entry<String, ToDoubleFunction<RecordedLayer.Channel>> column :
        CHANNEL_COLUMNS.entrySet()) {
      List<Double> values = new ArrayList<>();
      for (RecordedLayer.Channel c : channels) {
        values.add(column.getValue().applyAsDouble(c));
      }
      if (values.stream().allMatch(v -> v.isNaN())) {
        continue;
      }
      json.array(
          column.getKey(),
          a -> {
            for (double v : values) {
              a.number(v);
            }
          });
    }
  }
}
