package io.depthscope.store;

import io.depthscope.experiment.LayerResult;
import io.depthscope.experiment.NetworkFigures;
import io.depthscope.experiment.RunResult;
import io.depthscope.experiment.WeightResult;
import io.depthscope.graph.BatchNorm;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.ChannelMoments;
import io.depthscope.stats.ErrorStatistics;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.TensorStatistics;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The tables of a run. Non-finite numbers are {@code NaN}, {@code Infinity} and {@code -Infinity},
 * which pandas reads as such; a figure that does not apply is an empty field.
 */
final class ResultsCsv {

  static final String PREDICTIONS_HEADER =
      "index,image,label,predictedFp32,predictedQuantized,margin,logitNoise";

  private ResultsCsv() {}

  /** Collects the columns of one row; the header comes from the first. */
  private static final class Row {
    final List<String> names = new ArrayList<>();
    final List<String> values = new ArrayList<>();

    Row put(String name, Object value) {
      names.add(name);
      values.add(value == null ? "" : CsvText.quoted(value.toString()));
      return this;
    }

    Row tensor(String prefix, TensorStatistics s) {
      return put(prefix + "Min", s == null ? null : s.min())
          .put(prefix + "Max", s == null ? null : s.max())
          .put(prefix + "Mean", s == null ? null : s.mean())
          .put(prefix + "Variance", s == null ? null : s.variance())
          .put(prefix + "Skewness", s == null ? null : s.skewness())
          .put(prefix + "ExcessKurtosis", s == null ? null : s.excessKurtosis());
    }

    Row counts(String prefix, TensorStatistics s) {
      return put(prefix + "Zeros", s.zeros())
          .put(prefix + "Nans", s.nans())
          .put(prefix + "Infinities", s.infinities());
    }

    Row error(ErrorStatistics e) {
      put("mse", e.mse())
          .put("meanError", e.meanError())
          .put("maxAbsError", e.maxAbs())
          .put("sqnrDb", e.sqnrDb())
          .put("nsr", e.nsr())
          .put("cosine", e.cosine())
          .put("saturation", e.saturation());
      for (ErrorTerm t : e.terms().keySet()) {
        put(t.name().toLowerCase(Locale.ROOT) + "Energy", e.terms().get(t));
      }
      return e.terms().isEmpty() ? this : put("crossEnergy", e.crossTerm());
    }
  }

  static void writeLayers(RunResult result, OutputStream out) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (LayerResult l : result.layers()) {
      WeightResult w = l.weights().orElse(null);
      QuantParams p = l.plan().output().orElse(null);
      TensorStatistics folded = w == null ? null : w.folded().layer();
      Row row =
          new Row()
              .put("index", l.plan().index())
              .put("layer", l.name())
              .put("kind", l.kind())
              .put("height", l.plan().out().height())
              .put("width", l.plan().out().width())
              .put("channels", l.plan().out().channels())
              .put("macs", l.macs())
              .tensor("weight", folded)
              .put("weightChannelRangeRatio", w == null ? null : w.folded().channelRangeRatio())
              .put("weightUnfoldedMin", w == null ? null : w.unfolded().min())
              .put("weightUnfoldedMax", w == null ? null : w.unfolded().max())
              .put("weightSqnrDb", w == null ? null : w.error().sqnrDb())
              .put("count", l.fp32().count())
              .tensor("fp32", l.fp32())
              .counts("fp32", l.fp32())
              .put("fp32ChannelRangeRatio", l.statistics().fp32().channelRangeRatio())
              .put("rangeFluctuation", l.rangeFluctuation())
              .tensor("quantized", l.quantized())
              .counts("quantized", l.quantized())
              .put("quantizedChannelRangeRatio", l.statistics().quantized().channelRangeRatio())
              .put("scale", p == null ? null : p.scale())
              .put("zeroPoint", p == null ? null : p.zeroPoint())
              .put("feed", result.feed())
              .error(l.error())
              .put("gain", l.gain());
      rows.add(row);
    }
    write(rows, out);
  }

  static void writeChannels(RunResult result, OutputStream out) throws IOException {
    Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
    boolean header = true;
    for (LayerResult l : result.layers()) {
      List<Row> rows = new ArrayList<>();
      ChannelMoments weights = l.weights().map(WeightResult::folded).orElse(null);
      BatchNorm norm = l.weights().flatMap(WeightResult::batchNorm).orElse(null);
      for (int c = 0; c < l.plan().out().channels(); c++) {
        TensorStatistics w = weights == null ? null : weights.channel(c);
        TensorStatistics x = l.statistics().fp32().channel(c);
        TensorStatistics q = l.statistics().quantized().channel(c);
        rows.add(
            new Row()
                .put("layer", l.name())
                .put("channel", c)
                .put("feed", result.feed())
                .tensor("weight", w)
                .put("batchNormVariance", norm == null ? null : norm.variance()[c])
                .put("foldingFactor", norm == null ? null : norm.gamma()[c] / norm.deviation(c))
                .put("weightEffectiveLevels", weightLevels(l, c, w))
                .put("count", x.count())
                .tensor("fp32", x)
                .counts("fp32", x)
                .put(
                    "effectiveLevels",
                    l.plan().output().isPresent() ? l.effectiveLevels(x.range()) : null)
                .tensor("quantized", q)
                .counts("quantized", q)
                .error(l.statistics().channelError(c)));
      }
      append(rows, header, writer);
      header = false;
    }
    writer.flush();
  }

  private static Double weightLevels(LayerResult l, int channel, TensorStatistics w) {
    List<QuantParams> params = l.plan().kernelParams();
    if (w == null || params.isEmpty()) {
      return null;
    }
    return w.range() / params.get(params.size() == 1 ? 0 : channel).scale();
  }

  static String prediction(NetworkFigures.Prediction p, String image) {
    return p.index()
        + ","
        + CsvText.quoted(image)
        + ","
        + p.label()
        + ","
        + p.fp32()
        + ","
        + p.quantized()
        + ","
        + p.margin()
        + ","
        + p.logitNoise();
  }

  private static void write(List<Row> rows, OutputStream out) throws IOException {
    Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
    append(rows, true, writer);
    writer.flush();
  }

  private static void append(List<Row> rows, boolean header, Writer writer) throws IOException {
    if (header) {
      writer.write(String.join(",", rows.getFirst().names) + "\n");
    }
    for (Row row : rows) {
      writer.write(String.join(",", row.values) + "\n");
    }
  }
}
