package io.depthscope.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.backend.Backend;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.Program;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.stats.Prediction;
import io.depthscope.verification.Findings;
import io.depthscope.verification.GoldenCase;
import io.depthscope.verification.GoldenCheck;
import io.depthscope.verification.PlanCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is drawn from the statistics at the end of a run, against the golden files. */
class RunAssemblyTest {
  @TempDir Path folder;

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
      Plan plan = c.plan(Recording.STATISTICS);
      Findings findings = new Findings();
      try (Program program = backend.compile(plan, golden.images())) {
        PlanCase.await(program.submit(c.batch()));
        Run result =
            new RunAssembly(plan, "golden", golden.scheme(), 2)
                .run(
                    name,
                    new RunState(program.statistics(), plan),
                    Optional.empty(),
                    List.of(),
                    Map.of());
        assertEquals(golden.graph().size(), result.layers().size());
        for (RunLayer l : result.layers()) {
          layer(golden, result, l, findings);
        }
      }
      findings.assertNone(name + " on " + backend.name());
    }
  }

  /** A run is not read back to be diagnosed: what is read later must be the same. */
  @ParameterizedTest
  @MethodSource("names")
  void isReadBackEqual(String name) throws IOException {
    GoldenCase golden = GoldenCase.read(name);
    PlanCase c = golden.planCase();
    for (Recording recording : List.of(Recording.STATISTICS, Recording.ERROR_SOURCES)) {
      Plan plan = c.plan(recording);
      try (Program program = new ReferenceBackend().compile(plan, golden.images())) {
        BatchOutput out = PlanCase.await(program.submit(c.batch()));
        RunState state = new RunState(program.statistics(), plan);
        int classes = c.graph().outputShape().size();
        List<Prediction> predictions = new ArrayList<>();
        for (int i = 0; i < golden.images(); i++) {
          state.outputs().add(3 * i, out.baseline(), out.candidate(), i * classes);
          predictions.add(
              state
                  .figures()
                  .add(
                      3 * i,
                      "image, \"" + i,
                      1,
                      out.baseline(),
                      out.candidate(),
                      i * classes,
                      classes));
        }
        Path directory = Files.createDirectories(folder.resolve(name + recording));
        Run run =
            new RunAssembly(plan, "golden", golden.scheme(), 2)
                .run(
                    RunDirectory.name(directory),
                    state,
                    recording.errorTerms() ? Optional.empty() : Optional.of(sources(c, golden)),
                    predictions,
                    Map.of("threads", 2, "mean", List.of(0.1f, 0.5f), "strict", false, "x", 0.1));
        RunDirectory.write(directory, run);
        assertEquals(run, RunReader.read(directory), name + ", " + recording);
      }
    }
  }

  private static ErrorSources sources(PlanCase c, GoldenCase golden) {
    Plan plan = c.plan(Recording.ERROR_SOURCES);
    try (Program program = new ReferenceBackend().compile(plan, golden.images())) {
      PlanCase.await(program.submit(c.batch()));
      return ErrorSources.of(program.statistics());
    }
  }

  private static void layer(GoldenCase golden, Run result, RunLayer l, Findings findings) {
    JsonNode figures = golden.layer(l.name());
    String kind = figures.get("kind").asText();
    boolean pointwise = kind.equals("conv") && l.kind().equals("pointwise");
    assertTrue(pointwise || kind.equals(l.kind()), l.kind());
    JsonNode w = figures.get("weights");
    assertEquals(w != null, l.weights().isPresent());
    if (w != null) {
      RunLayer.Weights weights = l.weights().get();
      findings.close(
          l.name() + " weight min", w.get("min").asDouble(), weights.folded().min(), 1e-7);
      findings.close(
          l.name() + " weight max", w.get("max").asDouble(), weights.folded().max(), 1e-7);
      findings.close(
          l.name() + " weight channelRangeRatio",
          w.get("channelRangeRatio").asDouble(),
          weights.channelRangeRatio(),
          1e-7);
      findings.close(
          l.name() + " unfolded min", w.get("unfoldedMin").asDouble(), weights.unfoldedMin(), 1e-7);
      findings.close(
          l.name() + " unfolded max", w.get("unfoldedMax").asDouble(), weights.unfoldedMax(), 1e-7);
    }
    JsonNode levels = figures.get("channels").get("effectiveLevels");
    for (int ch = 0; levels != null && ch < levels.size(); ch++) {
      double expected = levels.get(ch).asDouble();
      double codes = l.params().orElseThrow().codes();
      findings.close(
          l.name() + " effective levels " + ch,
          expected,
          l.channels().get(ch).effectiveLevels(),
          1e-5 * codes);
    }
    List<String> inputs = l.inputs();
    if (inputs.isEmpty()) {
      assertTrue(Double.isNaN(l.step().gain()), "gain of the input");
      return;
    }
    double loudest = 0;
    for (String input : inputs) {
      loudest = Math.max(loudest, result.layer(input).error().nsr());
    }
    if (inputs.size() == 1 && golden.exactCodes() && l.error().nsr() > 1e-9) {
      double gain = GoldenCheck.number(figures.get("error"), "gain", -1).orElse(Double.NaN);
      double expected = Double.isInfinite(gain) ? Double.NaN : gain;
      findings.close(l.name() + " gain", expected, l.step().gain(), 2e-3 * Math.abs(gain));
    } else if (loudest > 0) {
      findings.close(
          l.name() + " gain", l.error().nsr() / loudest, l.step().gain(), 1e-12 * l.step().gain());
    }
    double before = result.layer(inputs.getFirst()).fp32().statistics().range();
    if (inputs.size() == 1) {
      findings.close(
          l.name() + " rangeFluctuation",
          Math.log(l.fp32().statistics().range() / before) / Math.log(2),
          l.step().rangeFluctuation(),
          1e-12);
    }
  }
}
