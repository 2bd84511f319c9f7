package io.depthscope.verification;

import io.depthscope.graph.FoldedWeights;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import java.util.List;
import java.util.Locale;

/** Compares a layer's tensors with those of the oracle that was fed the same input. */
public final class LayerComparison {
  /** Largest share of codes of up to 8 bits that may differ because a value lies next to a tie. */
  private static final double TIES = 1e-3;

  /** The same for finer codes, whose steps are close to the rounding of float32. */
  private static final double FINE_TIES = 0.05;

  private long compared;
  private long different;
  private long compared16;
  private long different16;

  /** Codes of up to 8 bits that were compared. */
  public long compared() {
    return compared;
  }

  /** Those that differ, because a value lies within float32 rounding of a tie. */
  public long different() {
    return different;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d of %d codes of up to 8 bits differ, %d of %d wider ones",
        different,
        compared,
        different16,
        compared16);
  }

  public long compared16() {
    return compared16;
  }

  public long different16() {
    return different16;
  }

  /** Whether more codes differ than values can lie next to a tie. */
  public Findings ties() {
    Findings findings = new Findings();
    if (!(different <= TIES * compared && different16 <= FINE_TIES * compared16)) {
      findings.add(toString());
    }
    return findings;
  }

  /** Compares the tensors of the last node of a case. */
  public Findings compare(PlanCase c, List<NodeTensors> oracle, List<NodeTensors> got) {
    Findings findings = new Findings();
    Step l = c.plan(Recording.PAIRED).steps().getLast();
    NodeTensors a = oracle.getLast();
    NodeTensors b = got.getLast();
    double tolerance = tolerance(c, oracle);
    findings.close("fp32", a.x(), b.x(), tolerance, 0);
    findings.close("before quantization", a.y(), b.y(), tolerance, 0);
    findings.close("quantized weights on fp32 input", a.middle(), b.middle(), tolerance, 0);
    for (int i = 0; i < oracle.size() - 1; i++) {
      findings.identical("fp32 input", oracle.get(i).x(), got.get(i).x());
      findings.identical("quantized input", oracle.get(i).xq(), got.get(i).xq());
    }
    if (l.output().isEmpty()) {
      findings.close("quantized stream", a.xq(), b.xq(), tolerance, 0);
      return findings;
    }
    codes(findings, l.output().get(), a, b, tolerance);
    return findings;
  }

  private void codes(
      Findings findings, QuantParams p, NodeTensors a, NodeTensors b, double tolerance) {
    long differ = 0;
    for (int i = 0; i < a.xq().length; i++) {
      int expected = p.quantize(a.y()[i]);
      int code = p.quantize(b.xq()[i]);
      if (expected == code && a.xq()[i] == b.xq()[i]) {
        continue;
      }
      differ++;
      double steps = (double) a.y()[i] / p.scale();
      double fromTie = Math.abs(steps - Math.floor(steps) - 0.5);
      double doubt = tolerance / p.scale();
      if (!(Math.abs(code - expected) <= 1 + doubt && fromTie <= doubt + 1e-6 * Math.abs(steps))) {
        findings.add(
            String.format(
                Locale.ROOT,
                "[%d]: expected code %d, got %d, %s steps from a tie",
                i,
                expected,
                code,
                fromTie));
      }
    }
    if (p.codes() > 256) {
      compared16 += a.xq().length;
      different16 += differ;
    } else {
      compared += a.xq().length;
      different += differ;
    }
  }

  /**
   * What float32 sums in another order may differ by: an error of half a unit for each term, which
   * mostly cancel, relative to the largest sum of magnitudes.
   */
  private static double tolerance(PlanCase c, List<NodeTensors> oracle) {
    double input = 0;
    for (NodeTensors t : oracle.subList(0, oracle.size() - 1)) {
      for (float[] values : List.of(t.x(), t.xq())) {
        for (float v : values) {
          input = Math.max(input, Math.abs(v));
        }
      }
    }
    FoldedWeights w = c.network().weights().get(oracle.getLast().name());
    if (w == null) {
      // A product of two inputs may be as large as their square, an exponential larger than that.
      double output = 0;
      for (float v : oracle.getLast().y()) {
        output = Math.max(output, Math.abs(v));
      }
      return 1e-6 * Math.max(output, 2 * Math.max(input, input * input));
    }
    int channels = w.channels();
    int depth = w.perChannel();
    double[] sums = new double[channels];
    for (int i = 0; i < w.kernel().data().length; i++) {
      sums[i / depth] += Math.abs(w.kernel().data()[i]);
    }
    double most = 0;
    for (int ch = 0; ch < channels; ch++) {
      most = Math.max(most, sums[ch] * input * 1.1 + Math.abs(w.bias()[ch]));
    }
    return Math.scalb(1.0, -24) * (4 + 2 * Math.sqrt(depth)) * most;
  }
}
