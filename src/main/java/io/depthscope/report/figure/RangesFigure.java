package io.depthscope.report.figure;

import io.depthscope.quant.QuantParams;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.Quantiles;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** For each layer the range of its values, and inside it those of its channels. */
final class RangesFigure {
  private static final double FAINT = 0.25;
  private static final double MIDDLING = 0.5;
  private static final double WIDEST_BAR = 30;

  /** A linear axis shows layers whose ranges differ by more than this as mere lines. */
  private static final double LINEAR_RATIO = 12;

  /**
   * What one layer's bar shows; all values are finite.
   *
   * @param mins smallest value of each channel, ascending
   * @param maxs largest value of each channel, ascending
   */
  @SuppressWarnings("ArrayRecordComponent") // read-only, never compared
  private record Bar(
      RunLayer layer,
      double min,
      double max,
      double[] mins,
      double[] maxs,
      Optional<double[]> representable) {

    double extent() {
      return Math.max(max, 0) - Math.min(min, 0);
    }
  }

  private RangesFigure() {}

  static void drawWeights(Page page, Captions captions, Run run) {
    List<Bar> bars = new ArrayList<>();
    for (RunLayer l : run.layers()) {
      if (l.weights().isPresent()) {
        addBar(
            bars,
            l,
            l.weights().get().folded().min(),
            l.weights().get().folded().max(),
            RunLayer.Channel::weightMin,
            RunLayer.Channel::weightMax,
            Optional.empty());
      }
    }
    draw(page, captions, bars, "weight, after batch-norm folding", "no layer has weights");
  }

  static void drawActivations(Page page, Captions captions, Run run) {
    List<Bar> bars = new ArrayList<>();
    for (RunLayer l : run.layers()) {
      addBar(
          bars,
          l,
          l.fp32().statistics().min(),
          l.fp32().statistics().max(),
          c -> c.fp32().min(),
          c -> c.fp32().max(),
          l.params().map(RangesFigure::representable));
    }
    draw(page, captions, bars, "fp32 output, after activation", "no layer has finite values");
  }

  private static double[] representable(QuantParams p) {
    return new double[] {p.representable().min(), p.representable().max()};
  }

  /** A layer with values that are not finite has a bar of the channels that are. */
  private static void addBar(
      List<Bar> bars,
      RunLayer layer,
      double min,
      double max,
      ToDoubleFunction<RunLayer.Channel> channelMin,
      ToDoubleFunction<RunLayer.Channel> channelMax,
      Optional<double[]> representable) {
    double[] mins = sorted(layer, channelMin);
    double[] maxs = sorted(layer, channelMax);
    if (mins.length > 0 && maxs.length > 0) {
      bars.add(
          new Bar(
              layer,
              Double.isFinite(min) ? min : mins[0],
              Double.isFinite(max) ? max : maxs[maxs.length - 1],
              mins,
              maxs,
              representable));
    }
  }

  private static double[] sorted(RunLayer layer, ToDoubleFunction<RunLayer.Channel> value) {
    return Quantiles.finite(layer.channels().stream().mapToDouble(value));
  }

  private static void draw(
      Page page, Captions captions, List<Bar> bars, String titleY, String nothing) {
    if (bars.isEmpty()) {
      throw new IllegalArgumentException(nothing);
    }
    Theme theme = page.theme();
    Scale y = scale(bars);
    boolean marked = bars.stream().anyMatch(b -> b.representable().isPresent());
    List<LegendEntry> legend = new ArrayList<>();
    legend.add(LegendEntry.box("whole layer", Theme.translucent(theme.muted(), FAINT)));
    legend.add(
        LegendEntry.box(
            "channels: 10th percentile of minima to 90th of maxima",
            Theme.translucent(theme.muted(), FAINT + MIDDLING)));
    legend.add(LegendEntry.box("median minimum to median maximum", theme.muted()));
    if (marked) {
      legend.add(LegendEntry.line("representable", theme.text(), Dash.SOLID));
    }
    for (LayerKind kind : LayerKind.among(bars.stream().map(Bar::layer).toList())) {
      legend.add(LegendEntry.box(kind.label(), kind.colour(theme)));
    }
    Frame frame =
        Frame.withNames(
            page,
            captions.heading(legend, ""),
            "layer",
            bars.stream().map(b -> b.layer().name()).toList(),
            y instanceof Scale.SymmetricLogarithmic
                ? titleY + " (symmetric logarithmic axis)"
                : titleY,
            y);
    page.line(frame.left(), frame.y(0), frame.right(), frame.y(0), theme.axis(), 1.2, Dash.SOLID);
    for (int i = 0; i < bars.size(); i++) {
      drawBar(frame, bars.get(i), frame.band(i));
    }
  }

  private static void drawBar(Frame frame, Bar bar, double x) {
    Page page = frame.page();
    double half = Math.min(0.72 * frame.bandWidth(), WIDEST_BAR) / 2;
    Color colour = LayerKind.of(bar.layer()).colour(page.theme());
    double[] whole = ends(frame, bar.min(), bar.max());
    double[] most = ends(frame, Quantiles.of(bar.mins(), 0.1), Quantiles.of(bar.maxs(), 0.9));
    double[] middle = ends(frame, Quantiles.of(bar.mins(), 0.5), Quantiles.of(bar.maxs(), 0.5));
    page.box(x - half, whole[1], x + half, whole[0], Theme.translucent(colour, FAINT));
    page.frame(x - half, whole[1], x + half, whole[0], colour, 0.8);
    page.box(x - half, most[1], x + half, most[0], Theme.translucent(colour, MIDDLING));
    page.box(x - half, middle[1], x + half, middle[0], colour);
    for (double value : bar.representable().orElse(new double[0])) {
      double at = frame.nearestY(value);
      page.line(x - half - 2, at, x + half + 2, at, page.theme().text(), 1.4, Dash.SOLID);
    }
  }

  /** Pixels of both ends; a range of zero width stays visible. */
  private static double[] ends(Frame frame, double low, double high) {
    double bottom = frame.nearestY(Math.min(low, high));
    double top = frame.nearestY(Math.max(low, high));
    return bottom - top < 1 ? new double[] {bottom + 0.5, top - 0.5} : new double[] {bottom, top};
  }

  private static Scale scale(List<Bar> bars) {
    double low = bars.stream().flatMapToDouble(b -> ends(b)).min().orElse(0);
    double high = bars.stream().flatMapToDouble(b -> ends(b)).max().orElse(0);
    double[] extents = bars.stream().mapToDouble(Bar::extent).filter(e -> e > 0).sorted().toArray();
    if (extents.length == 0 || high - low <= LINEAR_RATIO * Quantiles.of(extents, 0.5)) {
      return Scale.Linear.around(Math.min(low, 0), Math.max(high, 0));
    }
    double threshold = Math.pow(10, Math.floor(Math.log10(Quantiles.of(extents, 0.5))) - 1);
    double pad = 1.25; // room beyond the largest bar, in a scale that multiplies
    return new Scale.SymmetricLogarithmic(
        Math.min(0, low) * pad, Math.max(0, high) * pad, threshold);
  }

  private static DoubleStream ends(Bar bar) {
    return DoubleStream.concat(
        DoubleStream.of(bar.min(), bar.max(), 0),
        Arrays.stream(bar.representable().orElse(new double[0])));
  }
}
