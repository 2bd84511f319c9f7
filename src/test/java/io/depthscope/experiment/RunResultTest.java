package io.depthscope.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.backend.Backend;
import io.depthscope.backend.PairedProgram;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.ExecutionPlan;
import io.depthscope.plan.Recording;
import io.depthscope.verification.Findings;
import io.depthscope.verification.GoldenCase;
import io.depthscope.verification.GoldenCheck;
import io.depthscope.verification.PlanCase;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is drawn from the statistics at the end of a run, against the golden files. */
class RunResultTest {

  static List<String> names() throws IOException {
    return GoldenCase.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void agreesWithTheGoldenFigures(String name) throws IOException {
    GoldenCase golden = GoldenCase.read(name);
    PlanCase c = golden.planCase();
    for (Backend backend : List.of(new ReferenceBackend(), new CpuBackend(1))) {
      if (!c.runsOn(backend)) {
        continue;
      }
      ExecutionPlan plan = c.plan(Recording.STATISTICS);
      Findings findings = new Findings();
      try (PairedProgram program = backend.compile(plan, golden.images())) {
        PlanCase.await(program.submit(c.batch()));
        RunResult result =
            RunResult.of(plan, "golden", c.scheme(), 2, new RunState(program.statistics()));
        assertEquals(golden.graph().size(), result.layers().size());
        for (LayerResult l : result.layers()) {
          layer(golden, result, l, findings);
        }
      }
      findings.assertNone(name + " on " + backend.name());
    }
  }

  private static void layer(GoldenCase golden, RunResult result, LayerResult l, Findings findings) {
    JsonNode figures = golden.layer(l.name());
    String kind = figures.get("kind").asText();
    boolean pointwise = kind.equals("conv") && l.kind().equals("pointwise");
    assertTrue(pointwise || kind.equals(l.kind()), l.kind());
    JsonNode w = figures.get("weights");
    assertEquals(w != null, l.weights().isPresent());
    if (w != null) {
      WeightResult weights = l.weights().get();
      findings.close(
          l.name() + " weight min", w.get("min").asDouble(), weights.folded().layer().min(), 1e-7);
      findings.close(
          l.name() + " weight max", w.get("max").asDouble(), weights.folded().layer().max(), 1e-7);
      findings.close(
          l.name() + " weight channelRangeRatio",
          w.get("channelRangeRatio").asDouble(),
          weights.folded().channelRangeRatio(),
          1e-7);
      findings.close(
          l.name() + " unfolded min",
          w.get("unfoldedMin").asDouble(),
          weights.unfolded().min(),
          1e-7);
      findings.close(
          l.name() + " unfolded max",
          w.get("unfoldedMax").asDouble(),
          weights.unfolded().max(),
          1e-7);
    }
    JsonNode levels = figures.get("channels").get("effectiveLevels");
    for (int ch = 0; levels != null && ch < levels.size(); ch++) {
      double range = l.statistics().fp32().channel(ch).range();
      double expected = levels.get(ch).asDouble();
      double codes = l.plan().output().orElseThrow().codes();
      findings.close(
          l.name() + " effective levels " + ch, expected, l.effectiveLevels(range), 1e-5 * codes);
    }
    List<Integer> inputs = l.plan().node().inputs();
    if (inputs.isEmpty()) {
      assertTrue(Double.isNaN(l.gain()), "gain of the input");
      return;
    }
    double loudest = 0;
    for (int input : inputs) {
      loudest = Math.max(loudest, result.layers().get(input).error().nsr());
    }
    if (inputs.size() == 1 && golden.exactCodes() && l.error().nsr() > 1e-9) {
      double gain = GoldenCheck.number(figures.get("error"), "gain", -1).orElse(Double.NaN);
      double expected = Double.isInfinite(gain) ? Double.NaN : gain;
      findings.close(l.name() + " gain", expected, l.gain(), 2e-3 * Math.abs(gain));
    } else if (loudest > 0) {
      findings.close(l.name() + " gain", l.error().nsr() / loudest, l.gain(), 1e-12 * l.gain());
    }
    double before = result.layers().get(inputs.getFirst()).fp32().range();
    if (inputs.size() == 1) {
      findings.close(
          l.name() + " rangeFluctuation",
          Math.log(l.fp32().range() / before) / Math.log(2),
          l.rangeFluctuation(),
          1e-12);
    }
  }
}
