package io.depthscope.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Program;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Datasets;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.RunState;
import io.depthscope.stats.Prediction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PairedRunTest {
  private static final int IMAGES = 40;

  /** What a run of a network with these outputs predicts and measures. */
  private record Measured(List<Prediction> predictions, List<Double> meanAbs) {}

  /** Says nothing, and stops when so many images are done. */
  private static final class Quiet implements RunListener {
    private final long stopsAt;
    private long done;
    private long asked;

    Quiet(long stopsAt) {
      this.stopsAt = stopsAt;
    }

    @Override
    public void notice(String line) {}

    @Override
    public Progress begin(String what, long from, long to) {
      return new Progress() {
        @Override
        public void at(long images) {
          done = images;
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public boolean stop() {
      asked = done;
      return done >= stopsAt;
    }
  }

  private static Measured run(Network one, List<Integer> outputs, Quiet listener, boolean finishes)
      throws IOException {
    Graph graph = new Graph(one.graph().name(), one.graph().nodes(), outputs);
    Network network = new Network(graph, one.weights(), one.stored());
    RangeEstimator minMax = new RangeEstimator.MinMax();
    QuantScheme scheme =
        QuantScheme.parse("w4a8", false, false, Granularity.PER_TENSOR, minMax, minMax);
    QuantSpec spec = new QuantSpec(Map.of(), SchemePolicy.weights(network, scheme));
    Preprocessing preprocessing = Preprocessing.exact(graph.inputShape());
    Plan plan =
        Plan.of(
            network,
            preprocessing.normalizationTable(),
            spec,
            Feed.ACCUMULATED,
            Recording.STATISTICS);
    List<Prediction> predictions = new ArrayList<>();
    try (Dataset data = Datasets.open("synthetic:" + IMAGES, Datasets.Options.defaults());
        BatchLoader loader = new BatchLoader(data, preprocessing, 0, IMAGES, 16, 1, true, u -> {});
        Program program = new CpuBackend(1).compile(plan, 16)) {
      RunState state = new RunState(program.statistics(), plan);
      PairedRun.Observer observer =
          new PairedRun.Observer(data::name, predictions::add, checkpoint -> {});
      assertEquals(
          finishes,
          new PairedRun(program, plan, state, new PairedRun.Labels(true, 0))
              .run(loader, IMAGES, 1000, observer, listener));
      return new Measured(
          predictions,
          IntStream.range(0, outputs.size()).mapToObj(state.outputs()::meanAbs).toList());
    }
  }

  private static Measured run(Network one, List<Integer> outputs) throws IOException {
    return run(one, outputs, new Quiet(Long.MAX_VALUE), true);
  }

  /** Of three batches, two are under way at a time. */
  @Test
  void workThatIsCompleteIsNotStopped() throws IOException {
    Network network = Zoo.of(Zoo.TrainedOn.SYNTHETIC).getFirst().load().network();
    List<Integer> outputs = network.graph().outputs();
    Quiet early = new Quiet(1);
    assertEquals(32, run(network, outputs, early, false).predictions().size());
    for (int stopsAt : new int[] {32, IMAGES}) {
      Quiet late = new Quiet(stopsAt);
      assertEquals(IMAGES, run(network, outputs, late, true).predictions().size());
      assertEquals(32, late.asked, "asked with nothing left");
    }
  }

  /** Wherever an output stands among others, its figures are the same; classes are of one alone. */
  @Test
  void outputsDoNotTouchEachOther() throws IOException {
    Network network = Zoo.of(Zoo.TrainedOn.SYNTHETIC).getFirst().load().network();
    int logits = network.graph().outputs().getFirst();
    Measured alone = run(network, List.of(logits));
    Set<Integer> classes = new HashSet<>();
    alone.predictions().forEach(p -> classes.add(p.fp32()));
    assertTrue(classes.size() > 3, "else a wrong place would hardly show: " + classes);
    double error = alone.meanAbs().getFirst();
    assertTrue(error > 0, "" + error);
    Measured first = run(network, List.of(logits, 1, 2));
    Measured last = run(network, List.of(2, 1, logits));
    assertEquals(error, first.meanAbs().getFirst());
    assertEquals(first.meanAbs(), last.meanAbs().reversed());
    assertNotEquals(first.meanAbs().get(1), first.meanAbs().get(2));
    for (int i = 0; i < IMAGES; i++) {
      Prediction p = first.predictions().get(i);
      assertEquals(Prediction.withoutClass(i, "test:" + i, p.sqnrDb()), p);
      assertEquals(p, last.predictions().get(i));
      assertTrue(p.sqnrDb() <= alone.predictions().get(i).sqnrDb(), p::toString);
    }
  }
}
