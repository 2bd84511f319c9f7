package io.depthscope.verification;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.backend.Backend;
import io.depthscope.graph.Node;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.ChannelMoments;
import io.depthscope.stats.ErrorSums;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.TensorStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Compares a backend with the tensors and figures of a golden case. */
public final class GoldenCheck {
  /** Rounding of the layers' sums, relative to the largest value of the layer. */
  private static final double ROUNDING = 2e-6;

  /** Figures are written with 9 digits and depend on the rounding of the values. */
  private static final double FIGURES = 1e-4;

  private final GoldenCase golden;
  private final Findings findings = new Findings();
  private long codesCompared;
  private long codesDifferent;

  public GoldenCheck(GoldenCase golden) {
    this.golden = golden;
  }

  public Findings findings() {
    return findings;
  }

  public long codesCompared() {
    return codesCompared;
  }

  public long codesDifferent() {
    return codesDifferent;
  }

  /** Outputs of every node of both streams. */
  public void tensors(Backend backend) {
    PlanCase c = golden.planCase();
    List<NodeTensors> all = c.probe(backend);
    for (NodeTensors t : all) {
      float[] x = golden.data("fp32/" + t.name());
      findings.close(t.name() + " fp32", x, t.x(), ROUNDING * largest(x), ROUNDING);
      float[] xq = golden.data("quantized/" + t.name());
      QuantParams p = golden.activationParams().get(t.name());
      if (p != null) {
        codes(t, p);
      } else if (golden.exactCodes()) {
        findings.close(t.name() + " quantized", xq, t.xq(), ROUNDING * largest(xq), ROUNDING);
      } else {
        // Where codes may differ by a step, so may what is computed from them.
        findings.close(t.name() + " quantized", xq, t.xq(), 1e-4 * largest(xq), 1e-4);
      }
    }
  }

  private void codes(NodeTensors t, QuantParams p) {
    float[] expected = golden.data("codes/" + t.name());
    findings.same(t.name() + " codes", expected.length, t.xq().length);
    int different = 0;
    for (int i = 0; i < expected.length; i++) {
      int code = p.quantize(t.xq()[i]);
      if (p.dequantize(code) != t.xq()[i]) {
        findings.add(
            String.format(
                Locale.ROOT, "%s[%d]: %s is the value of no code", t.name(), i, t.xq()[i]));
        return;
      }
      int off = Math.abs(code - (int) expected[i]);
      different += off == 0 ? 0 : 1;
      if (off > (golden.exactCodes() ? 0 : 3)) {
        findings.add(
            String.format(
                Locale.ROOT, "%s[%d]: expected code %s, got %d", t.name(), i, expected[i], code));
        return;
      }
    }
    codesCompared += expected.length;
    codesDifferent += different;
  }

  /** Figures of every layer and channel. */
  public void figures(Backend backend) {
    PlanCase c = golden.planCase();
    Plan plan = c.plan(Recording.ERROR_SOURCES);
    try (var program = backend.compile(plan, golden.images())) {
      PlanCase.await(program.submit(c.batch()));
      figures(plan, program.statistics());
    }
  }

  private void figures(Plan plan, NetworkAccumulator statistics) {
    findings.same("images", golden.images(), statistics.images());
    for (Step l : plan.steps()) {
      Node node = l.node();
      LayerAccumulator a = statistics.layer(l.index());
      JsonNode layer = golden.layer(node.name());
      JsonNode channels = layer.get("channels");
      double scale = largest(golden.data("fp32/" + node.name()));
      stream(node.name() + " fp32", layer.get("fp32"), channels.get("fp32"), a.baseline(), scale);
      stream(
          node.name() + " quantized",
          layer.get("quantized"),
          channels.get("quantized"),
          a.candidate(),
          scale);
      error(node.name(), layer.get("error"), layer.get("energy"), -1, a.layerError(), scale);
      for (int ch = 0; ch < a.channels(); ch++) {
        error(
            node.name() + " channel " + ch,
            channels.get("error"),
            channels.get("energy"),
            ch,
            a.channelError(ch),
            scale);
      }
      histogram(node.name(), layer, l, a);
    }
  }

  private void stream(
      String what, JsonNode layer, JsonNode channels, ChannelMoments actual, double scale) {
    distribution(what, layer, -1, actual.layer(), scale);
    findings.same(what + " count", layer.get("count").asLong(), actual.layer().count());
    double ratio = number(layer, "channelRangeRatio", -1).orElse(1.0);
    findings.close(what + " channelRangeRatio", ratio, actual.channelRangeRatio(), FIGURES);
    for (int c = 0; c < actual.channels(); c++) {
      distribution(what + " channel " + c, channels, c, actual.channel(c), scale);
    }
  }

  private void distribution(
      String what, JsonNode figures, int channel, TensorStatistics actual, double scale) {
    double atol = FIGURES * scale;
    double min = number(figures, "min", channel).orElseThrow();
    double max = number(figures, "max", channel).orElseThrow();
    double variance = number(figures, "variance", channel).orElseThrow();
    double mean = number(figures, "mean", channel).orElseThrow();
    double tiny = golden.exactCodes() ? ROUNDING * scale : 2 * FIGURES * scale;
    findings.close(what + " min", min, actual.min(), tiny);
    findings.close(what + " max", max, actual.max(), tiny);
    findings.close(what + " mean", mean, actual.mean(), atol);
    findings.close(what + " variance", variance, actual.variance(), atol * scale);
    // Zeros of the baseline are exact after a rectifier; a sum is rarely zero by itself.
    findings.same(what + " zeros", figure(figures, "zeros", channel).asLong(), actual.zeros());
    Optional<Double> skewness = number(figures, "skewness", channel);
    Optional<Double> kurtosis = number(figures, "excessKurtosis", channel);
    if (skewness.isEmpty()) {
      findings.close(what + " skewness of a constant", Double.NaN, actual.skewness(), 0);
      findings.close(what + " kurtosis of a constant", Double.NaN, actual.excessKurtosis(), 0);
      return;
    }
    double deviation = Math.sqrt(variance);
    double reach = scale + Math.abs(mean);
    double third = FIGURES * Math.pow(reach, 3) / Math.pow(deviation, 3);
    double fourth = FIGURES * Math.pow(reach, 4) / Math.pow(deviation, 4);
    findings.close(what + " skewness", skewness.get(), actual.skewness(), third);
    findings.close(what + " kurtosis", kurtosis.get(), actual.excessKurtosis(), fourth);
  }

  private void error(
      String what,
      JsonNode figures,
      JsonNode energies,
      int channel,
      ErrorSums actual,
      double scale) {
    double mse = number(figures, "mse", channel).orElseThrow();
    double nsr = number(figures, "nsr", channel).orElse(0.0);
    // An error is off by the rounding of its two values.
    double off = golden.exactCodes() ? ROUNDING * scale : FIGURES * scale;
    double squares = 2 * off * Math.sqrt(mse) + off * off;
    double signal = nsr == 0 || Double.isInfinite(nsr) ? 0 : mse / nsr;
    double relative = squares / mse + FIGURES;
    findings.close(what + " mse", mse, actual.mse(), squares + FIGURES * mse);
    findings.close(
        what + " mean error",
        number(figures, "meanError", channel).orElseThrow(),
        actual.meanError(),
        off);
    findings.close(
        what + " max |e|",
        number(figures, "maxAbs", channel).orElseThrow(),
        actual.maxAbs(),
        2 * off);
    findings.close(
        what + " saturation",
        number(figures, "saturation", channel).orElseThrow(),
        actual.saturation(),
        golden.exactCodes() ? 1e-8 : 0.05);
    if (signal > 0 && relative < 0.5) {
      findings.close(what + " nsr", nsr, actual.nsr(), 2 * relative * nsr);
      findings.close(
          what + " sqnr",
          number(figures, "sqnrDb", channel).orElseThrow(),
          actual.sqnrDb(),
          10 * relative + 1e-6);
      findings.close(
          what + " cosine",
          number(figures, "cosine", channel).orElse(Double.NaN),
          actual.cosine(),
          2e-8 + 2 * relative * Math.min(nsr, 1));
    }
    for (ErrorTerm term : ErrorTerm.values()) {
      double energy = number(energies, term.name().toLowerCase(Locale.ROOT), channel).orElseThrow();
      double each = energy / actual.count();
      findings.close(
          what + " " + term,
          energy,
          actual.terms().get(term),
          actual.count() * (2 * off * Math.sqrt(each) + off * off) + FIGURES * energy);
    }
    double cross = number(energies, "cross", channel).orElseThrow();
    double all = mse * actual.count() + actual.terms().values().stream().mapToDouble(t -> t).sum();
    double each = all / actual.count();
    findings.close(
        what + " cross term",
        cross,
        actual.crossTerm(),
        5 * actual.count() * (2 * off * Math.sqrt(each) + off * off) + FIGURES * all);
  }

  private void histogram(String what, JsonNode layer, Step l, LayerAccumulator a) {
    long[] counts = a.histogram().counts();
    long elements = (long) golden.images() * l.out().size();
    findings.same(what + " histogram total", elements, a.histogram().count());
    if (layer.has("bitHistogramFp32")) {
      long moved = 0;
      long[] expected = new long[counts.length];
      layer.get("bitHistogramFp32").forEach(e -> expected[e.get(0).asInt()] = e.get(1).asLong());
      for (int i = 0; i < counts.length; i++) {
        moved += Math.abs(counts[i] - expected[i]);
      }
      // A value whose last bits differ may lie on the other side of a bin's edge.
      findings.close(what + " histogram, moved", 0, (double) moved, Math.max(2, elements * 1e-3));
    }
    long[] codes = new long[l.output().map(QuantParams::codes).orElse(0)];
    if (codes.length > 0) {
      for (float code : golden.data("codes/" + what)) {
        codes[(int) code - l.output().get().qmin()]++;
      }
    }
    findings.same(what + " codes", codes.length, a.codes().length);
    long total = 0;
    for (int i = 0; i < codes.length; i++) {
      total += a.codes()[i];
      if (golden.exactCodes()) {
        findings.same(what + " code " + i, codes[i], a.codes()[i]);
      }
    }
    findings.same(what + " codes counted", codes.length == 0 ? 0 : elements, total);
  }

  private static JsonNode figure(JsonNode figures, String key, int channel) {
    JsonNode value = figures.get(key);
    return channel < 0 ? value : value.get(channel);
  }

  /** A figure; empty where the file has null, that is 0/0. */
  public static Optional<Double> number(JsonNode figures, String key, int channel) {
    JsonNode value = figure(figures, key, channel);
    if (value.isNull()) {
      return Optional.empty();
    }
    return Optional.of(value.isTextual() ? Double.parseDouble(value.asText()) : value.asDouble());
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float v : values) {
      largest = Math.max(largest, Math.abs(v));
    }
    return largest;
  }
}
