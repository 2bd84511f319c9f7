package io.depthscope.report;

import io.depthscope.record.DeadChannels;
import io.depthscope.record.Figure;
import io.depthscope.record.FigureList;
import io.depthscope.record.RunFigures;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.Extreme;
import io.depthscope.stats.Quantiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** One layer as a page holds it; see {@link RunData} for who reads it. */
final class LayerData {
  /** Codes are counted in at most this many groups: more cannot be told apart in a figure. */
  private static final int MOST_CODE_GROUPS = 512;

  /** Columns of the channels. */
  private static final List<Figure<RunLayer.Channel>> CHANNEL_COLUMNS = channelColumns();

  /** Columns of the layers where several runs stand side by side, by the name the scripts use. */
  private static final Map<String, ToDoubleFunction<RunLayer>> LAYER_COLUMNS = layerColumns();

  private LayerData() {}

  private static Map<String, ToDoubleFunction<RunLayer>> layerColumns() {
    Map<String, ToDoubleFunction<RunLayer>> columns = new LinkedHashMap<>();
    columns.put("weightRange", l -> l.weights().map(w -> w.folded().range()).orElse(Double.NaN));
    columns.put("weightRatio", l -> l.weights().map(w -> w.channelRangeRatio()).orElse(Double.NaN));
    columns.put("fp32Range", l -> l.fp32().statistics().range());
    columns.put("fp32Ratio", l -> l.fp32().channelRangeRatio());
    columns.put("sqnrDb", l -> l.error().sqnrDb());
    columns.put("nsr", l -> l.error().nsr());
    columns.put("gain", l -> l.step().gain());
    return columns;
  }

  /** All layers of a run by their main figures, one array a column. */
  static void table(CompactJson json, List<RunLayer> layers) throws IOException {
    RunData.texts(json, "name", layers.stream().map(RunLayer::name).toList());
    RunData.texts(json, "kind", layers.stream().map(RunLayer::kind).toList());
    RunData.texts(json, "role", layers.stream().map(l -> l.role().word()).toList());
    for (Map.Entry<String, ToDoubleFunction<RunLayer>> column : LAYER_COLUMNS.entrySet()) {
      json.array(
          column.getKey(),
          a -> {
            for (RunLayer layer : layers) {
              a.number(column.getValue().applyAsDouble(layer));
            }
          });
    }
  }

  private static List<Figure<RunLayer.Channel>> channelColumns() {
    List<Figure<RunLayer.Channel>> columns = new ArrayList<>();
    columns.add(RunFigures.WEIGHT_MIN);
    columns.add(RunFigures.WEIGHT_MAX);
    columns.add(RunFigures.WEIGHT_LEVELS);
    columns.add(RunFigures.BATCH_NORM_VARIANCE);
    columns.add(RunFigures.FOLDING_FACTOR);
    for (String name : List.of("min", "max", "mean", "variance")) {
      columns.add(RunFigures.TENSOR.figure(name).in(RunLayer.Channel::fp32));
    }
    columns.add(RunFigures.LEVELS);
    for (String name : List.of("mse", "meanError", "sqnrDb", "nsr", "saturation")) {
      columns.add(RunFigures.ERROR.figure(name).in(RunLayer.Channel::error));
    }
    return List.copyOf(columns);
  }

  /** The figures of the layer as a whole. */
  static void summary(CompactJson json, RunLayer layer) throws IOException {
    RunLayer.Identity is = layer.identity();
    json.text("name", is.name())
        .text("kind", is.kind())
        .text("role", is.role().word())
        .text("activation", is.activation())
        .array(
            "inputs",
            a -> {
              for (String input : is.inputs()) {
                a.text(input);
              }
            })
        .array(
            "shape",
            a ->
                a.count(is.shape().height()).count(is.shape().width()).count(is.shape().channels()))
        .count("macs", is.macs());
    figures(json, "weights", RunFigures.WEIGHTS, layer.weights());
    json.object(
        "fp32",
        o ->
            o.figures(RunFigures.OUTPUT.figures(), layer.fp32())
                .figures(List.of(RunFigures.RANGE_FLUCTUATION), layer.step()));
    json.object(
        "quantized", o -> o.figures(RunFigures.TENSOR.figures(), layer.quantized().statistics()));
    json.object(
        "error",
        o -> {
          o.figures(RunFigures.ERROR.figures(), layer.error())
              .figures(List.of(RunFigures.GAIN), layer.step());
          if (layer.error().energies().isPresent()) {
            figures(o, "energies", RunFigures.ENERGIES, layer.error().energies());
          }
        });
    spread(json, "weightSpread", layer, c -> c.weightMin(), c -> c.weightMax());
    spread(json, "fp32Spread", layer, c -> c.fp32().min(), c -> c.fp32().max());
  }

  /** The figures of something; null where it is not there. */
  private static <T> void figures(
      CompactJson json, String name, FigureList<T> figures, Optional<T> owner) throws IOException {
    if (owner.isEmpty()) {
      json.nothing(name);
    } else {
      json.object(name, o -> o.figures(figures.figures(), owner.get()));
    }
  }

  /**
   * Where the channels' own ranges end: quartiles of their minima and of their maxima, {@code [q1,
   * median, q3]} each; null without values.
   */
  private static void spread(
      CompactJson json,
      String name,
      RunLayer layer,
      ToDoubleFunction<RunLayer.Channel> min,
      ToDoubleFunction<RunLayer.Channel> max)
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
            a.number(Quantiles.of(sorted, quarter / 4.0));
          }
        });
  }

  private static double[] sorted(
      List<RunLayer.Channel> channels, ToDoubleFunction<RunLayer.Channel> value) {
    return Quantiles.finite(channels.stream().mapToDouble(value));
  }

  /** What only a page of one run shows: histograms, extreme images and every channel. */
  static void detail(CompactJson json, RunLayer layer) throws IOException {
    figures(json, "output", RunFigures.PARAMS, layer.params());
    extremes(json, "highest", layer.reach().highest());
    extremes(json, "lowest", layer.reach().lowest());
    json.object("histogram", o -> histogram(o, layer.histogram()));
    if (layer.codes().isPresent()) {
      json.object("codes", o -> codes(o, layer.codes().get()));
    } else {
      json.nothing("codes");
    }
    json.object("channels", o -> channels(o, layer.channels()));
    json.array(
        "dead",
        a -> {
          for (int c : DeadChannels.of(layer)) {
            a.count(c);
          }
        });
  }

  private static void extremes(CompactJson json, String name, List<Extreme> extremes)
      throws IOException {
    json.array(
        name,
        a -> {
          for (Extreme e : extremes) {
            a.array(x -> x.count(e.image()).number(e.value()));
          }
        });
  }

  /** Each bin as its distance from the one before: nearly all are 1. */
  private static void histogram(CompactJson json, BitHistogram h) throws IOException {
    int[] bins = h.occupied();
    json.array(
            "steps",
            a -> {
              int last = 0;
              for (int bin : bins) {
                a.count(bin - last);
                last = bin;
              }
            })
        .array(
            "counts",
            a -> {
              for (int bin : bins) {
                a.count(h.counts()[bin]);
              }
            });
  }

  /** Counts of neighbouring codes, {@code width} of them in each but perhaps the last. */
  private static void codes(CompactJson json, RunLayer.Codes codes) throws IOException {
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
  private static void channels(CompactJson json, List<RunLayer.Channel> channels)
      throws IOException {
    for (Figure<RunLayer.Channel> column : CHANNEL_COLUMNS) {
      List<Double> values = channels.stream().map(column::of).toList();
      if (values.stream().allMatch(v -> v.isNaN())) {
        continue;
      }
      json.array(
          column.name(),
          a -> {
            for (double v : values) {
              a.number(v);
            }
          });
    }
  }
}
