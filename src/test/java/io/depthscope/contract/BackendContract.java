package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.backend.Backend;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.Program;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.plan.Recording;
import io.depthscope.stats.Prediction;
import io.depthscope.stats.PredictionSums;
import io.depthscope.verification.Findings;
import io.depthscope.verification.GoldenCase;
import io.depthscope.verification.GoldenCheck;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.ProbedCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.RegressionSuite;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What every backend owes, held against the golden files of an independent implementation. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class BackendContract {

  abstract List<Backend> backends();

  Stream<Arguments> cases() throws IOException {
    List<Arguments> all = new ArrayList<>();
    for (Backend backend : backends()) {
      Set<String> expected = new TreeSet<>(GoldenCase.names());
      assertTrue(expected.size() >= 12, "golden cases missing: " + expected);
      assertEquals(expected, new TreeSet<>(GoldenCase.namesFor(backend)), backend.name());
      for (String name : expected) {
        all.add(Arguments.of(name, backend.name() + ", " + backend.description(), backend));
      }
    }
    return all.stream();
  }

  /** Every node of both streams, every figure, and that the two agree under each recording. */
  @TestFactory
  Stream<DynamicNode> computesTheGoldenTensorsAndFigures() throws IOException {
    List<DynamicNode> all = new ArrayList<>();
    for (Backend backend : backends()) {
      all.add(
          DynamicContainer.dynamicContainer(
              backend.name() + ", " + backend.description(),
              RandomPlansContract.tests(new RegressionSuite(backend).golden())));
    }
    return all.stream();
  }

  /** Each of them whole and in its place, whichever nodes they are. */
  @Test
  void handsOutSeveralOutputsOfEveryImage() {
    for (Backend backend : backends()) {
      int checked = 0;
      for (int seed = 0; seed < 8; seed++) {
        PlanCase one = RandomCases.network(70_000 + seed);
        int last = one.graph().size() - 1;
        for (List<Integer> outputs : List.of(List.of(last, last / 2), List.of(1, last, 0))) {
          Graph graph = new Graph(one.graph().name(), one.graph().nodes(), outputs);
          PlanCase c =
              new PlanCase(
                  one.text() + ", outputs " + outputs,
                  new Network(graph, one.network().weights(), one.network().stored()),
                  one.inputTable(),
                  one.spec(),
                  one.feed(),
                  one.batch());
          if (!c.runsOn(backend)) {
            continue;
          }
          ProbedCase probed = ProbedCase.of(backend, c);
          for (Recording recording : List.of(Recording.PLAIN, Recording.STATISTICS)) {
            probed.recorded(recording).assertNone(c.text() + ", " + recording);
          }
          checked++;
        }
      }
      assertTrue(checked >= 8, checked + " on " + backend.name());
    }
  }

  @ParameterizedTest(name = "{0} on {1}", autoCloseArguments = false)
  @MethodSource("cases")
  void givesTheFiguresOfTheNetwork(String name, String description, Backend backend)
      throws IOException {
    GoldenCase golden = GoldenCase.read(name);
    PlanCase c = golden.planCase();
    JsonNode expected = golden.json().get("network");
    PredictionSums figures = new PredictionSums();
    Findings findings = new Findings();
    try (Program program = backend.compile(c.plan(Recording.PAIRED), golden.images())) {
      BatchOutput out = PlanCase.await(program.submit(c.batch()));
      int classes = c.graph().outputShape().size();
      for (int i = 0; i < golden.images(); i++) {
        int label = expected.get("labels").get(i).asInt();
        Prediction p =
            figures.add(i, "image", label, out.baseline(), out.candidate(), i * classes, classes);
        assertEquals(expected.get("predictionsFp32").get(i).asInt(), p.fp32());
        assertEquals(expected.get("predictionsQuantized").get(i).asInt(), p.quantized());
        findings.close("margin", expected.get("marginFp32").get(i).asDouble(), p.margin(), 1e-4);
      }
    }
    assertEquals(golden.images(), figures.images());
    findings.close("top1Fp32", expected.get("top1Fp32").asDouble(), figures.top1Fp32(), 0);
    findings.close(
        "top1Quantized", expected.get("top1Quantized").asDouble(), figures.top1Quantized(), 0);
    findings.close("top5Fp32", expected.get("top5Fp32").asDouble(), figures.top5Fp32(), 0);
    findings.close(
        "top5Quantized", expected.get("top5Quantized").asDouble(), figures.top5Quantized(), 0);
    double slack = golden.exactCodes() ? 1e-3 : 0.2;
    findings.close(
        "qmse",
        expected.get("qmse").asDouble(),
        figures.qmse(),
        slack * expected.get("qmse").asDouble() + 1e-13);
    findings.close("qce", expected.get("qce").asDouble(), figures.qce(), 1e-4);
    findings.close(
        "logitSqnrDb",
        GoldenCheck.number(expected, "logitSqnrDb", -1).orElseThrow(),
        figures.logitSqnrDb(),
        golden.exactCodes() ? 0.01 : 1);
    findings.assertNone(name + " on " + description);
  }
}
