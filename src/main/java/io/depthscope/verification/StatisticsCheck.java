package io.depthscope.verification;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.ChannelMoments;
import io.depthscope.stats.ErrorSums;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.Extreme;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.TensorStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Compares what a program recorded with the definitions, applied in double to the tensors that the
 * same backend computes. Counts must match exactly; sums may differ by a share of the sum of
 * magnitudes, which is what a backend is allowed to lose by adding in float32.
 */
public final class StatisticsCheck {
  /** Allowed loss of a backend that adds in double. */
  public static final double IN_DOUBLE = 1e-11;

  /** Allowed loss of a backend that adds up to 256 terms in float32. */
  public static final double IN_FLOAT = 3e-5;

  private final double share;
  private final double termShare;
  private final Findings findings = new Findings();

  private StatisticsCheck(Backend backend) {
    share = share(backend);
    // The sources of error are summed in double everywhere but on a GPU.
    termShare = backend.name().equals("cuda") ? IN_FLOAT : IN_DOUBLE;
  }

  /** The allowed loss of a backend. */
  public static double share(Backend backend) {
    return backend.name().equals("reference") ? IN_DOUBLE : IN_FLOAT;
  }

  /**
   * Runs the whole network under a recording, one image a batch and then the rest, and checks the
   * statistics and the output.
   */
  public static Findings run(
      Backend backend, PlanCase c, Recording recording, List<NodeTensors> tensors) {
    StatisticsCheck check = new StatisticsCheck(backend);
    Plan plan = c.plan(recording);
    int count = c.batch().count();
    float[] baseline = new float[count * plan.outputSize()];
    float[] candidate = new float[recording.paired() ? baseline.length : 0];
    try (Program program = backend.compile(plan, count)) {
      int first = Math.min(1, count);
      for (int[] part : new int[][] {{0, first}, {first, count}}) {
        BatchOutput out = PlanCase.await(program.submit(slice(c, part[0], part[1])));
        int at = part[0] * plan.outputSize();
        System.arraycopy(out.baseline(), 0, baseline, at, out.baseline().length);
        if (recording.paired()) {
          System.arraycopy(out.candidate(), 0, candidate, at, out.candidate().length);
        } else {
          check.findings.same("values of no quantized stream", 0, out.candidate().length);
        }
      }
      NetworkAccumulator statistics = program.statistics();
      check.findings.identical(
          "fp32 output", handedOut(plan, count, tensors, NodeTensors::x), baseline);
      if (recording.paired()) {
        check.findings.identical(
            "quantized output", handedOut(plan, count, tensors, NodeTensors::xq), candidate);
      }
      check.findings.same("images", recording.statistics() ? count : 0, statistics.images());
      if (recording.statistics()) {
        for (Step l : plan.steps()) {
          check.layer(l, recording, statistics.layer(l.index()), tensors.get(l.index()), count);
        }
      }
    }
    return check.findings;
  }

  /** The tensors of a plan's outputs as a batch holds them: each image's one after the other. */
  private static float[] handedOut(
      Plan plan, int images, List<NodeTensors> tensors, Function<NodeTensors, float[]> stream) {
    float[] all = new float[images * plan.outputSize()];
    int first = 0;
    for (int output : plan.outputs()) {
      int size = plan.step(output).out().size();
      float[] values = stream.apply(tensors.get(output));
      for (int image = 0; image < images; image++) {
        System.arraycopy(values, image * size, all, image * plan.outputSize() + first, size);
      }
      first += size;
    }
    return all;
  }

  /** Images from {@code from} to {@code to} of a case's batch. */
  public static InputBatch slice(PlanCase c, int from, int to) {
    InputBatch b = c.batch();
    int size = c.graph().inputShape().size();
    int[] indices = Arrays.copyOfRange(b.indices(), from, to);
    return b.pixels() != null
        ? new InputBatch(
            to - from, indices, Arrays.copyOfRange(b.pixels(), from * size, to * size), null)
        : new InputBatch(
            to - from, indices, null, Arrays.copyOfRange(b.values(), from * size, to * size));
  }

  private void layer(
      Step l, Recording recording, LayerAccumulator actual, NodeTensors t, int images) {
    String name = t.name();
    stream(name + " fp32", actual.baseline(), t.x(), t.channels());
    extremes(name, actual, t.x(), images);
    if (recording.histograms()) {
      BitHistogram expected = new BitHistogram();
      expected.add(t.x());
      counts(name + " bit histogram", expected.counts(), actual.histogram().counts());
    }
    if (!recording.paired()) {
      return;
    }
    stream(name + " quantized", actual.candidate(), t.xq(), t.channels());
    codes(name, l, recording, actual, t);
    for (int c = 0; c < t.channels(); c++) {
      error(name + " channel " + c, l, recording, actual.channelError(c), t, c, c + 1);
    }
    error(name, l, recording, actual.layerError(), t, 0, t.channels());
  }

  private void codes(
      String name, Step l, Recording recording, LayerAccumulator actual, NodeTensors t) {
    if (l.output().isEmpty()) {
      findings.identical(name + " unquantized output", t.y(), t.xq());
      return;
    }
    QuantParams p = l.output().get();
    float[] fake = new float[t.y().length];
    long[] expected = new long[p.codes()];
    for (int i = 0; i < fake.length; i++) {
      fake[i] = p.fakeQuantize(t.y()[i]);
      expected[p.quantize(t.y()[i]) - p.qmin()]++;
    }
    findings.identical(name + " quantized values", fake, t.xq());
    if (recording.histograms()) {
      counts(name + " codes", expected, actual.codes());
    }
  }

  private void counts(String what, long[] expected, long[] actual) {
    findings.same(what + " bins", expected.length, actual.length);
    for (int i = 0; i < Math.min(expected.length, actual.length); i++) {
      if (expected[i] != actual[i]) {
        findings.same(what + "[" + i + "]", expected[i], actual[i]);
        return;
      }
    }
  }

  private void extremes(String name, LayerAccumulator actual, float[] x, int images) {
    List<Extreme> high = new ArrayList<>();
    List<Extreme> low = new ArrayList<>();
    int size = x.length / images;
    for (int image = 0; image < images; image++) {
      float min = Float.POSITIVE_INFINITY;
      float max = Float.NEGATIVE_INFINITY;
      for (int i = image * size; i < (image + 1) * size; i++) {
        min = x[i] < min ? x[i] : min;
        max = x[i] > max ? x[i] : max;
      }
      high.add(new Extreme(image, max));
      low.add(new Extreme(image, min));
    }
    high.sort(Comparator.comparingDouble(Extreme::value).reversed());
    low.sort(Comparator.comparingDouble(Extreme::value));
    int kept = Math.min(LayerAccumulator.EXTREMES, images);
    if (!high.subList(0, kept).equals(actual.highest())) {
      findings.add(name + " highest: expected " + high + ", got " + actual.highest());
    }
    if (!low.subList(0, kept).equals(actual.lowest())) {
      findings.add(name + " lowest: expected " + low + ", got " + actual.lowest());
    }
  }

  private void stream(String name, ChannelMoments actual, float[] values, int channels) {
    double ratio = 0;
    double lo = Double.POSITIVE_INFINITY;
    double hi = Double.NEGATIVE_INFINITY;
    for (float v : values) {
      lo = v < lo ? v : lo;
      hi = v > hi ? v : hi;
    }
    for (int c = 0; c < channels; c++) {
      moments(name + " channel " + c, actual.channel(c), values, channels, c, c + 1);
      ratio += (actual.channel(c).max() - actual.channel(c).min()) / (hi - lo) / channels;
    }
    moments(name, actual.layer(), values, channels, 0, channels);
    findings.close(
        name + " channelRangeRatio", hi > lo ? ratio : 1, actual.channelRangeRatio(), 1e-12);
  }

  /** Statistics of the channels {@code from..to-1} together. */
  private void moments(
      String what, TensorStatistics actual, float[] values, int channels, int from, int to) {
    long n = 0;
    double first = values.length == 0 ? 0 : values[from]; // keeps the digits of a far mean
    double sum = 0;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    long zeros = 0;
    long nans = 0;
    long infinities = 0;
    for (int at = 0; at < values.length; at += channels) {
      for (int i = at + from; i < at + to; i++) {
        float v = values[i];
        n++;
        sum += v - first;
        min = v < min ? v : min;
        max = v > max ? v : max;
        zeros += v == 0 ? 1 : 0;
        nans += Float.isNaN(v) ? 1 : 0;
        infinities += Float.isInfinite(v) ? 1 : 0;
      }
    }
    findings.same(what + " count", n, actual.count());
    findings.close(what + " min", min, actual.min(), 0);
    findings.close(what + " max", max, actual.max(), 0);
    findings.same(what + " zeros", zeros, actual.zeros());
    findings.same(what + " nans", nans, actual.nans());
    findings.same(what + " infinities", infinities, actual.infinities());
    if (nans + infinities > 0) {
      return;
    }
    double mean = first + sum / n;
    double[] central = new double[5];
    // Each power is summed about a mean of some of the values, so that what a term can lose is a
    // share of its power about the mean of all.
    double[] reach = new double[5];
    for (int at = 0; at < values.length; at += channels) {
      for (int c = from; c < to; c++) {
        double d = values[at + c] - mean;
        double r = Math.abs(d);
        double dk = 1.0 / n;
        double rk = 1.0 / n;
        for (int k = 1; k <= 4; k++) {
          dk *= d;
          rk *= r;
          central[k] += dk;
          reach[k] += rk;
        }
      }
    }
    double variance = actual.variance();
    // Images are joined by their means, which are rounded to double: no more of a spread is known.
    double rounding = 1e-15 * Math.abs(mean);
    findings.close(what + " mean", mean, actual.mean(), 2 * share * reach[1] + rounding);
    if (min == max) {
      findings.close(what + " variance of a constant", 0, variance, 0);
      findings.close(what + " skewness of a constant", Double.NaN, actual.skewness(), 0);
      findings.close(what + " kurtosis of a constant", Double.NaN, actual.excessKurtosis(), 0);
      return;
    }
    double variances = 4 * share * reach[2] + 2 * rounding * reach[1];
    findings.close(what + " variance", central[2], variance, variances);
    if (variance > 0) {
      findings.close(
          what + " third moment",
          central[3],
          actual.skewness() * variance * Math.sqrt(variance),
          6 * share * reach[3] + 3 * rounding * reach[2]);
      findings.close(
          what + " fourth moment",
          central[4],
          (actual.excessKurtosis() + 3) * variance * variance,
          8 * share * reach[4] + 4 * rounding * reach[3]);
    }
  }

  /** Errors of the channels {@code from..to-1} together. */
  private void error(
      String what, Step l, Recording recording, ErrorSums actual, NodeTensors t, int from, int to) {
    long n = 0;
    double signal = 0;
    double candidate = 0;
    double noise = 0;
    double sum = 0;
    double magnitude = 0;
    double max = 0;
    double product = 0;
    long saturated = 0;
    Map<ErrorTerm, Double> terms = new EnumMap<>(ErrorTerm.class);
    int width = to - from;
    for (int k = 0; k < t.x().length / t.channels() * width; k++) {
      int c = from + k % width;
      int i = k / width * t.channels() + c;
      double x = t.x()[i];
      double y = t.y()[i];
      double xq = t.xq()[i];
      double e = xq - x;
      n++;
      signal += x * x;
      candidate += xq * xq;
      product += x * xq;
      noise += e * e;
      sum += e;
      magnitude += Math.abs(e);
      max = Math.max(max, Math.abs(e));
      boolean clipped = l.output().isPresent() && l.output().get().saturates(t.y()[i]);
      saturated += clipped ? 1 : 0;
      terms.merge(ErrorTerm.INHERITED, (y - t.middle()[i]) * (y - t.middle()[i]), Double::sum);
      terms.merge(ErrorTerm.WEIGHTS, (t.middle()[i] - x) * (t.middle()[i] - x), Double::sum);
      ErrorTerm own = clipped ? ErrorTerm.CLIPPING : ErrorTerm.ROUNDING;
      terms.merge(own, (xq - y) * (xq - y), Double::sum);
    }
    findings.same(what + " error count", n, actual.count());
    findings.same(what + " saturated", saturated, actual.saturated());
    findings.close(what + " saturation", (double) saturated / n, actual.saturation(), IN_DOUBLE);
    if (!Double.isFinite(signal + candidate)) {
      return;
    }
    findings.close(what + " signal", signal, actual.signal(), 4 * share * signal);
    findings.close(
        what + " quantized signal", candidate, actual.quantizedSignal(), 4 * share * candidate);
    findings.close(what + " mse", noise / n, actual.mse(), share * noise / n);
    findings.close(what + " mean error", sum / n, actual.meanError(), share * magnitude / n);
    findings.close(what + " max |e|", max, actual.maxAbs(), 1.2e-7 * max);
    derived(what, actual, signal, candidate, noise, product);
    if (recording.errorTerms()) {
      double left = noise;
      for (ErrorTerm term : ErrorTerm.values()) {
        double expected = terms.getOrDefault(term, 0.0);
        left -= expected;
        findings.close(what + " " + term, expected, actual.terms().get(term), termShare * expected);
      }
      double all = noise;
      for (double term : terms.values()) {
        all += term;
      }
      findings.close(what + " cross term", left, actual.crossTerm(), share * all);
    } else if (!actual.terms().isEmpty()) {
      findings.add(what + ": error terms that were not asked for");
    }
  }

  /** Ratios of the sums, where the sums are known well enough for the ratio to mean something. */
  private void derived(
      String what,
      ErrorSums actual,
      double signal,
      double candidate,
      double noise,
      double product) {
    if (noise == 0) {
      findings.close(what + " sqnr without noise", Double.POSITIVE_INFINITY, actual.sqnrDb(), 0);
      findings.close(what + " nsr without noise", 0, actual.nsr(), 0);
    } else if (signal == 0) {
      findings.close(what + " nsr", Double.POSITIVE_INFINITY, actual.nsr(), 0);
      findings.close(what + " sqnr", Double.NEGATIVE_INFINITY, actual.sqnrDb(), 0);
    } else {
      double relative = 5 * share;
      findings.close(what + " nsr", noise / signal, actual.nsr(), relative * noise / signal);
      findings.close(
          what + " sqnr", 10 * Math.log10(signal / noise), actual.sqnrDb(), 5 * relative + 1e-12);
    }
    if (signal == 0 || candidate == 0) {
      findings.close(what + " cosine without signal", Double.NaN, actual.cosine(), 0);
    }
    double norm = Math.sqrt(signal * candidate);
    double reach = signal + candidate;
    if (norm > 0 && 8 * share * reach < 0.1 * Math.min(signal, candidate)) {
      double cosine = product / norm;
      // The partial derivatives by the two energies, both small when the cosine is near 1.
      double off = 4 * share * reach;
      double bySignal = Math.abs(Math.sqrt(signal / candidate) - cosine) / (2 * signal);
      double byCandidate = Math.abs(Math.sqrt(candidate / signal) - cosine) / (2 * candidate);
      double second = Math.pow(off / Math.min(signal, candidate), 2);
      findings.close(
          what + " cosine",
          cosine,
          actual.cosine(),
          off * (bySignal + byCandidate) + second + share * noise / norm + 1e-12);
    }
  }
}
