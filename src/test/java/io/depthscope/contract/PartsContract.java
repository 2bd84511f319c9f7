package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.verification.GoldenCase;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The parts of a plan, run one after the other, give the bits of the whole. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PartsContract {

  abstract List<Backend> backends();

  private static List<PlanCase> cases() throws IOException {
    List<PlanCase> cases = new ArrayList<>();
    for (String name : List.of("residual_signed", "pooled_w8a8", "branched", "w4a8")) {
      cases.add(GoldenCase.read(name).planCase());
    }
    cases.add(RandomCases.network(10_003));
    cases.add(RandomCases.separable(20_000)); // hands tiles over, on several tiles
    cases.add(withSeveralOutputs(RandomCases.branched(30_001)));
    return cases;
  }

  /** The same with an output in the middle beside the last, and the last first. */
  private static PlanCase withSeveralOutputs(PlanCase c) {
    Graph g = c.graph();
    int last = g.size() - 1;
    Graph several = new Graph(g.name(), g.nodes(), List.of(last, 1, 3));
    return new PlanCase(
        c.text(),
        new Network(several, c.network().weights(), c.network().stored()),
        c.inputTable(),
        c.spec(),
        c.feed(),
        c.batch());
  }

  private static byte[] bytes(LayerAccumulator layer) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new NetworkAccumulator(List.of(layer), true).write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  /** Runs a plan and adds what is recorded of each of its computed nodes. */
  private static BatchOutput run(Backend backend, Plan plan, InputBatch batch, byte[][] statistics)
      throws IOException {
    try (Program program = backend.compile(plan, batch.count())) {
      BatchOutput out = PlanCase.await(program.submit(batch));
      NetworkAccumulator recorded = program.statistics();
      for (int i = plan.given(); i < plan.steps().size(); i++) {
        statistics[plan.nodeOf(i)] = bytes(recorded.layer(i));
      }
      return out;
    }
  }

  @Test
  void everyCutGivesTheBitsOfTheWhole() throws IOException {
    int cuts = 0;
    for (Backend backend : backends()) {
      for (PlanCase c : cases()) {
        for (Recording recording : List.of(Recording.PLAIN, Recording.ERROR_SOURCES)) {
          Plan plan = c.plan(recording);
          int n = plan.steps().size();
          byte[][] whole = new byte[n][];
          BatchOutput expected = run(backend, plan, c.batch(), whole);
          for (int k = 1; k < n; k++) {
            byte[][] parts = new byte[n][];
            BatchOutput cut = run(backend, plan.part(0, k), c.batch(), parts);
            InputBatch rest = InputBatch.continued(cut, c.batch().indices());
            BatchOutput got = run(backend, plan.part(k, n), rest, parts);
            String what = backend.name() + ", cut at " + k + ", " + recording + ", " + c.text();
            assertArrayEquals(expected.baseline(), got.baseline(), what);
            assertArrayEquals(expected.candidate(), got.candidate(), what);
            assertArrayEquals(whole, parts, what);
            cuts++;
          }
        }
      }
    }
    assertTrue(cuts > 100, "only " + cuts + " cuts");
  }

  /** The quantized stream alone, and every part of it, gives the bits that it has in a pair. */
  @Test
  void theCandidateAloneIsThatOfThePair() throws IOException {
    for (Backend backend : backends()) {
      for (PlanCase c : cases()) {
        Plan pair = c.plan(Recording.PAIRED).with(Feed.ACCUMULATED, Recording.PAIRED);
        int n = pair.steps().size();
        Set<String> some = new TreeSet<>();
        for (int i = 0; i < n; i += 2) {
          some.add(pair.step(i).node().name());
        }
        for (Plan plan : List.of(pair, pair.only(some), pair.only(Set.of()))) {
          float[] expected = run(backend, plan, c.batch(), new byte[n][]).candidate();
          String what = backend.name() + ", " + c.text();
          BatchOutput whole = run(backend, plan.alone(), c.batch(), new byte[n][]);
          assertArrayEquals(expected, whole.baseline(), what);
          assertEquals(0, whole.candidate().length, what);
          for (int k = 1; k < n; k++) {
            BatchOutput cut = run(backend, plan.alone().part(0, k), c.batch(), new byte[n][]);
            InputBatch rest = InputBatch.continued(cut, c.batch().indices());
            BatchOutput got = run(backend, plan.alone().part(k, n), rest, new byte[n][]);
            assertArrayEquals(expected, got.baseline(), what + ", cut at " + k);
          }
        }
      }
    }
  }

  /** What is left of a plan is what a plan of that spec would be. */
  @Test
  void aPlanOfSomeNodesIsThatOfTheirSpec() throws IOException {
    for (PlanCase c : cases()) {
      Plan pair = c.plan(Recording.PAIRED);
      Set<String> one = Set.of(pair.step(pair.steps().size() / 2).node().name());
      Plan made =
          Plan.of(c.network(), c.inputTable(), c.spec().only(one), c.feed(), Recording.PAIRED);
      Plan left = pair.only(one);
      assertEquals(made.spec().fingerprint(), left.spec().fingerprint(), c.text());
      for (int i = 0; i < pair.steps().size(); i++) {
        assertArrayEquals(made.step(i).quantizedKernel(), left.step(i).quantizedKernel());
      }
    }
    Plan part = cases().getFirst().plan(Recording.PAIRED).part(1, 2);
    assertThrows(IllegalArgumentException.class, () -> part.only(Set.of()));
  }

  /** A part in the middle, with tensors of both streams that no earlier part has computed. */
  @Test
  void aPartTakesAnyTensors() throws IOException {
    PlanCase c = GoldenCase.read("residual_signed").planCase();
    Plan part = c.plan(Recording.PAIRED).part(5, 7);
    float[] x = new float[part.inputSize()];
    float[] xq = new float[part.inputSize()];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 7 - 3;
      xq[i] = i % 5 - 2;
    }
    InputBatch given = InputBatch.continued(new BatchOutput(1, x, xq), new int[] {4});
    for (Backend backend : backends()) {
      try (Program program = backend.compile(part, 1)) {
        BatchOutput out = PlanCase.await(program.submit(given));
        // Node 5 is the sum of the two nodes that are alive before it, and alive itself after 6.
        assertEquals(List.of(2, 3), part.outputs());
        assertEquals(part.outputSize(), out.baseline().length, backend.name());
        int size = x.length / 2;
        for (int i = 0; i < size; i++) {
          assertEquals(x[i] + x[size + i], out.baseline()[i], backend.name() + " " + i);
          float y = xq[i] + xq[size + i];
          float expected = part.step(2).output().orElseThrow().fakeQuantize(y);
          assertEquals(expected, out.candidate()[i], backend.name() + " quantized " + i);
        }
      }
    }
  }

  @Test
  void refusesPartsThatAreNone() throws IOException {
    Plan plan = GoldenCase.read("pooled_w8a8").planCase().plan(Recording.PLAIN);
    int n = plan.steps().size();
    for (int[] range : new int[][] {{-1, 2}, {2, 2}, {3, 2}, {0, n + 1}}) {
      assertThrows(IllegalArgumentException.class, () -> plan.part(range[0], range[1]));
    }
    assertThrows(IllegalArgumentException.class, () -> plan.part(1, n).part(1, 2));
  }
}
