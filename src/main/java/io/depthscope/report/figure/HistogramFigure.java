package io.depthscope.report.figure;

import io.depthscope.quant.QuantParams;
import io.depthscope.quant.Range;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.BitHistogram;
import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * The fp32 values of a layer and its dequantized codes, counted in the same bins. Where the layer
 * is quantized a bin is a whole number of codes wide, so that a code never lies on an edge.
 */
final class HistogramFigure {
  private static final int BINS = 128;

  private final RunLayer layer;
  private final double origin;
  private final double width;
  private final double[] fp32;
  private final double[] quantized;
  private long beyond;

  private HistogramFigure(RunLayer layer) {
    this.layer = layer;
    double[] ends = finiteEnds(layer.histogram());
    if (layer.params().isPresent()) {
      QuantParams p = layer.params().get();
      double scale = p.scale();
      Range codesReach = p.representable();
      double low = Math.min(ends[0], codesReach.min());
      double high = Math.max(ends[1], codesReach.max());
      double codes = (high - low) / scale + 1;
      double together = Math.max(1, Math.ceil(codes / BINS - 0.01)); // 255 or 256 codes: two a bin
      width = together * scale;
      // Half a step below a code, and a bin begins with the lowest one.
      double first = codesReach.min() - scale / 2;
      origin = first - Math.max(0, Math.ceil((first - low) / width)) * width;
      int bins = (int) Math.max(1, Math.ceil((high + scale / 2 - origin) / width - 1e-6));
      fp32 = new double[bins];
      quantized = new double[bins];
    } else {
      origin = ends[0];
      width = ends[1] > ends[0] ? (ends[1] - ends[0]) / BINS : 1;
      fp32 = new double[BINS];
      quantized = new double[BINS];
    }
    countFp32();
    countCodes();
  }

  /** Ends of the finite values; 0 and 0 if there are none. */
  private double[] finiteEnds(BitHistogram h) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int bin : h.occupied()) {
      if (isFinite(bin)) {
        low = Math.min(low, lowest(bin));
        high = Math.max(high, highest(bin));
      }
    }
    return low <= high ? new double[] {low, high} : new double[] {0, 0};
  }

  private static boolean isFinite(int bin) {
    return Float.isFinite(BitHistogram.inner(bin));
  }

  private double lowest(int bin) {
    return within(Math.min(inner(bin), outer(bin)));
  }

  private double highest(int bin) {
    return within(Math.max(inner(bin), outer(bin)));
  }

  /** The outermost bins reach beyond the values: the one that begins with 6 to 6.09. */
  private double within(double value) {
    double min = layer.fp32().statistics().min();
    double max = layer.fp32().statistics().max();
    return Math.max(min, Math.min(max, value)); // an infinite end changes nothing
  }

  /** The bins about zero hold zeros and values that no axis tells from them. */
  private static double inner(int bin) {
    return BitHistogram.representative(bin) == 0 ? 0 : BitHistogram.inner(bin);
  }

  private static double outer(int bin) {
    return BitHistogram.representative(bin) == 0 ? 0 : BitHistogram.outer(bin);
  }

  /** Where a value is counted; a value at the very end belongs to the last bin. */
  private int bin(double value) {
    return (int) Math.max(0, Math.min(fp32.length - 1.0, Math.floor((value - origin) / width)));
  }

  /** What one bin of the recording counts is spread evenly over those of the figure it covers. */
  private void countFp32() {
    BitHistogram h = layer.histogram();
    for (int source : h.occupied()) {
      long count = h.counts()[source];
      if (!isFinite(source)) {
        beyond += count;
        continue;
      }
      double low = lowest(source);
      double high = highest(source);
      int first = bin(low);
      int last = bin(high);
      for (int b = first; b <= last; b++) {
        double from = Math.max(low, origin + b * width);
        double to = Math.min(high, origin + (b + 1) * width);
        double share = first == last ? 1 : Math.max(0, to - from) / (high - low);
        fp32[b] += share * count;
      }
    }
  }

  private void countCodes() {
    if (layer.codes().isEmpty() || layer.params().isEmpty()) {
      return;
    }
    RunLayer.Codes codes = layer.codes().get();
    for (int i = 0; i < codes.counts().length; i++) {
      quantized[bin(layer.params().get().dequantize(codes.qmin() + i))] += codes.counts()[i];
    }
  }

  static void draw(Page page, Captions captions, RunLayer layer) {
    new HistogramFigure(layer).draw(page, captions);
  }

  private void draw(Page page, Captions captions) {
    Theme theme = page.theme();
    boolean coded = layer.codes().isPresent() && layer.params().isPresent();
    List<LegendEntry> legend = new ArrayList<>();
    legend.add(LegendEntry.box("fp32", Theme.translucent(theme.series(0), 0.45)));
    if (coded) {
      legend.add(LegendEntry.line("quantized", theme.series(1), Dash.SOLID));
      legend.add(LegendEntry.line("representable range", theme.muted(), Dash.DASHED));
    }
    // Half a value is the lower end: one value alone must still show.
    double most =
        DoubleStream.concat(DoubleStream.of(fp32), DoubleStream.of(quantized)).max().orElse(1);
    Scale y = Scale.Logarithmic.around(DoubleStream.of(0.5, Math.max(2, 1.2 * most)));
    Frame frame =
        Frame.withValues(
            page,
            captions.heading(legend, note(coded)),
            "value of the output, after activation (" + layer.identity().activation() + ")",
            Scale.Linear.exactly(origin, origin + fp32.length * width),
            title(coded),
            y);
    Path2D.Double area = steps(frame, fp32);
    area.lineTo(frame.x(origin + fp32.length * width), frame.bottom());
    area.lineTo(frame.x(origin), frame.bottom());
    area.closePath();
    page.canvas().fill(area, Theme.translucent(theme.series(0), 0.45), false);
    if (coded) {
      Range reach = layer.params().get().representable();
      for (double end : new double[] {reach.min(), reach.max()}) {
        double x = frame.x(end);
        page.line(x, frame.top(), x, frame.bottom(), theme.muted(), 1.2, Dash.DASHED);
      }
      page.canvas().stroke(steps(frame, quantized), theme.series(1), 1.5, Dash.SOLID);
    }
  }

  private String title(boolean coded) {
    if (!coded) {
      return "values a bin";
    }
    long codes = Math.round(width / layer.params().get().scale());
    return codes == 1 ? "values a code" : "values in " + codes + " codes' width";
  }

  private Path2D.Double steps(Frame frame, double[] counts) {
    Path2D.Double path = new Path2D.Double();
    for (int i = 0; i < counts.length; i++) {
      double y = frame.nearestY(counts[i]);
      double left = frame.x(origin + i * width);
      if (i == 0) {
        path.moveTo(left, y);
      } else {
        path.lineTo(left, y);
      }
      path.lineTo(frame.x(origin + (i + 1) * width), y);
    }
    return path;
  }

  private String note(boolean coded) {
    List<String> parts = new ArrayList<>();
    if (coded) {
      parts.add(
          String.format(
              Locale.ROOT,
              "%,d values; %s clamped.",
              layer.fp32().statistics().count(),
              Captions.percent(layer.error().saturation())));
    } else {
      parts.add("This output is not quantized.");
    }
    if (beyond > 0) {
      parts.add(String.format(Locale.ROOT, "Left out: %,d infinite or NaN.", beyond));
    }
    return String.join(" ", parts);
  }
}
