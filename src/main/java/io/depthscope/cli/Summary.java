package io.depthscope.cli;

import io.depthscope.diagnosis.ErrorShares;
import io.depthscope.diagnosis.Phrases;
import io.depthscope.plan.Feed;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What a run says on the terminal when it ends. */
final class Summary {
  private Summary() {}

  static void print(Run result, PrintWriter out) {
    network(result, out);
    out.println();
    layers(result, out);
  }

  private static void network(Run r, PrintWriter out) {
    Run.Network n = r.network();
    out.printf(
        Locale.ROOT,
        "%s, feed %s, %d images%s%n%s%n%n",
        r.model(),
        r.feed(),
        n.images(),
        n.skippedImages() == 0 ? "" : " (" + n.skippedImages() + " skipped)",
        r.scheme());
    if (n.accuracy().isPresent()) {
      Run.Accuracy a = n.accuracy().get();
      TextTable t = new TextTable(1, "", "fp32", "quantized");
      t.row("top-1", percent(a.top1Fp32()), percent(a.top1Quantized()));
      t.row("top-5", percent(a.top5Fp32()), percent(a.top5Quantized()));
      t.lines().forEach(out::println);
      out.println();
    }
    if (n.classes().isPresent()) {
      Run.Classes c = n.classes().get();
      out.printf(
          Locale.ROOT,
          "agreement %s,%s QMSE %s, QCE %s, logit SQNR %s dB%n",
          percent(c.agreementTop1()),
          n.accuracy()
              .map(a -> " relative accuracy drop " + percent(a.relativeAccuracyDrop()) + ",")
              .orElse(""),
          number(c.qmse()),
          number(c.qce()),
          decibel(c.logitSqnrDb()));
    } else {
      outputs(r, out);
    }
  }

  private static void outputs(Run r, PrintWriter out) {
    TextTable t =
        new TextTable(1, "output", "SQNR dB", "cosine", "mean |e|", "largest |e|", "fp32 range");
    for (Run.Output o : r.outputs()) {
      t.row(
          Main.oneLine(o.layer()),
          decibel(o.sqnrDb()),
          Double.isNaN(o.cosine()) ? "NaN" : String.format(Locale.ROOT, "%.6f", o.cosine()),
          number(o.meanAbs()),
          number(o.maxAbs()),
          range(o.min(), o.max()));
    }
    t.lines().forEach(out::println);
  }

  private static void layers(Run r, PrintWriter out) {
    ErrorShares shares = ErrorShares.of(r);
    Set<String> marked = shares.marked().stream().map(RunLayer::name).collect(Collectors.toSet());
    TextTable t =
        new TextTable(
            1,
            "layer",
            "weight range",
            "ratio",
            "output range",
            "ratio",
            "SQNR dB",
            "gain",
            "own share",
            "saturated");
    for (RunLayer l : r.layers()) {
      RunLayer.Weights w = l.weights().orElse(null);
      t.row(
          l.name(),
          w == null ? "" : range(w.folded().min(), w.folded().max()),
          w == null ? "" : ratio(w.channelRangeRatio()),
          range(l.fp32().statistics().min(), l.fp32().statistics().max()),
          ratio(l.fp32().channelRangeRatio()),
          decibel(l.error().sqnrDb()),
          Double.isNaN(l.step().gain()) ? "" : number(l.step().gain()),
          (marked.contains(l.name()) ? "* " : "") + Phrases.percent(shares.of(l).all()),
          l.params().isPresent() ? percent(l.error().saturation()) : "");
    }
    t.lines().forEach(out::println);
    out.println();
    if (r.feed() == Feed.LOCAL) {
      out.println(
          "feed local: every layer reads fp32 values, so that SQNR is its own damage alone;");
      out.println(
          "gain compares it with the layer before. The network's quantized figures are those");
      out.println("of its last layer.");
    } else {
      out.println(
          "feed accumulated: every layer reads the quantized network's values; gain is how much");
      out.println("it multiplies the relative error it reads.");
    }
    out.println(
        "ratio: share of the layer's range that a channel uses, on average. own share: what the");
    out.println("layer itself adds, of the error at the output; * the largest.");
  }

  static String percent(double fraction) {
    return Phrases.percent(fraction);
  }

  /** Three digits, or what it is where it is none. */
  static String number(double x) {
    return !Double.isFinite(x) ? decibel(x) : String.format(Locale.ROOT, "%.3g", x);
  }

  private static String ratio(double x) {
    return String.format(Locale.ROOT, "%.3f", x);
  }

  static String decibel(double x) {
    return Double.isNaN(x)
        ? "NaN"
        : Double.isInfinite(x) ? (x > 0 ? "inf" : "-inf") : Phrases.fixed(x, 1);
  }

  static String range(double min, double max) {
    return String.format(Locale.ROOT, "%.3g .. %.3g", min, max);
  }
}
