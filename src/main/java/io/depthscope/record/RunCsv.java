package io.depthscope.record;

import io.depthscope.quant.QuantParams;
import io.depthscope.stats.ErrorStatistics;
import io.depthscope.stats.Prediction;
import io.depthscope.stats.SourceEnergies;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The tables of a run. Non-finite numbers are {@code NaN}, {@code Infinity} and {@code -Infinity},
 * which pandas reads as such; a figure that does not apply is an empty field.
 */
public final class RunCsv {
  static final String PREDICTIONS_HEADER =
      "index,image,label,predictedFp32,predictedQuantized,margin,logitNoise,sqnrDb";

  private RunCsv() {}

  /**
   * The column of a figure.
   *
   * @param of what it belongs to, such as {@code fp32}; empty for the row itself
   */
  static String column(String of, String figure) {
    if (figure.equals(RunFigures.COUNT.name())) {
      return figure; // one for all tensors of a row
    }
    String plain = figure.equals("maxAbs") ? "maxAbsError" : figure; // says of what, in a table
    return of.isEmpty() ? plain : of + Character.toUpperCase(plain.charAt(0)) + plain.substring(1);
  }

  /** The column of the energy of a source of error. */
  static String energyColumn(String source) {
    return source + "Energy";
  }

  /** Collects the columns of one row; the header comes from the first. */
  private static final class Row {
    final List<String> names = new ArrayList<>();
    final List<String> values = new ArrayList<>();

    Row put(String name, Object value) {
      names.add(name);
      values.add(value == null ? "" : CsvText.quoted(value.toString()));
      return this;
    }

    /** One figure; empty without an owner. */
    <T> Row put(String of, Figure<T> figure, Optional<T> owner) {
      return put(column(of, figure.name()), owner.map(figure::text).orElse(null));
    }

    /** Figures but the count, which stands once in a row. */
    <T> Row put(String of, List<Figure<T>> figures, Optional<T> owner) {
      for (Figure<T> f : figures) {
        if (!f.name().equals(RunFigures.COUNT.name())) {
          put(of, f, owner);
        }
      }
      return this;
    }

    /** One figure, which is NaN where it does not apply. */
    <T> Row putNumber(Figure<T> figure, T owner) {
      return put(
          column("", figure.name()), Double.isNaN(figure.of(owner)) ? null : figure.text(owner));
    }

    Row error(ErrorStatistics e) {
      put("", RunFigures.ERROR.figures(), Optional.of(e));
      e.energies().ifPresent(this::energies);
      return this;
    }

    private void energies(SourceEnergies e) {
      for (Figure<SourceEnergies> f : RunFigures.ENERGIES.figures()) {
        if (f != RunFigures.TOTAL) {
          put(energyColumn(f.name()), f.text(e));
        }
      }
    }
  }

  /** Writes {@code layers.csv}. */
  public static void writeLayers(Run run, OutputStream out) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (RunLayer l : run.layers()) {
      RunLayer.Identity is = l.identity();
      Optional<RunLayer.Weights> w = l.weights();
      rows.add(
          new Row()
              .put("index", is.index())
              .put("layer", is.name())
              .put("kind", is.kind())
              .put("role", is.role().word())
              .put("height", is.shape().height())
              .put("width", is.shape().width())
              .put("channels", is.shape().channels())
              .put("macs", is.macs())
              .put(
                  "weight",
                  RunFigures.DISTRIBUTION.figures(),
                  w.map(x -> x.folded().distribution()))
              .put("weight", RunFigures.WEIGHT_RANGE_RATIO, w)
              .put("weight", RunFigures.UNFOLDED_MIN, w)
              .put("weight", RunFigures.UNFOLDED_MAX, w)
              .put("weight", RunFigures.WEIGHT_SQNR, w)
              .put("", RunFigures.COUNT, Optional.of(l.fp32().statistics()))
              .put("fp32", RunFigures.OUTPUT.figures(), Optional.of(l.fp32()))
              .put("", RunFigures.RANGE_FLUCTUATION, Optional.of(l.step()))
              .put("quantized", RunFigures.OUTPUT.figures(), Optional.of(l.quantized()))
              .put("", RunFigures.SCALE, l.params())
              .put("", RunFigures.ZERO_POINT, l.params())
              .put("feed", run.feed())
              .error(l.error())
              .put("", RunFigures.GAIN, Optional.of(l.step())));
    }
    Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
    append(rows, true, writer);
    writer.flush();
  }

  /** Writes {@code channels.csv}. */
  public static void writeChannels(Run run, OutputStream out) throws IOException {
    Writer writer = new OutputStreamWriter(out, StandardCharsets.UTF_8);
    boolean header = true;
    for (RunLayer l : run.layers()) {
      List<Row> rows = new ArrayList<>();
      Optional<QuantParams> params = l.params();
      Set<Integer> dead = Set.copyOf(DeadChannels.of(l));
      for (RunLayer.Channel c : l.channels()) {
        rows.add(
            new Row()
                .put("layer", l.name())
                .put("channel", c.channel())
                .put("dead", dead.contains(c.channel()) ? 1 : 0)
                .put("feed", run.feed())
                .put("weight", RunFigures.DISTRIBUTION.figures(), c.weights())
                .putNumber(RunFigures.BATCH_NORM_VARIANCE, c)
                .putNumber(RunFigures.FOLDING_FACTOR, c)
                .putNumber(RunFigures.WEIGHT_LEVELS, c)
                .put("", RunFigures.COUNT, Optional.of(c.fp32()))
                .put("fp32", RunFigures.TENSOR.figures(), Optional.of(c.fp32()))
                .put("", RunFigures.LEVELS, params.map(p -> c))
                .put("quantized", RunFigures.TENSOR.figures(), Optional.of(c.quantized()))
                .error(c.error()));
      }
      append(rows, header, writer);
      header = false;
    }
    writer.flush();
  }

  static String prediction(Prediction p) {
    return p.index()
        + ","
        + CsvText.quoted(p.image())
        + ","
        + p.label()
        + ","
        + p.fp32()
        + ","
        + p.quantized()
        + ","
        + p.margin()
        + ","
        + p.logitNoise()
        + ","
        + p.sqnrDb();
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
