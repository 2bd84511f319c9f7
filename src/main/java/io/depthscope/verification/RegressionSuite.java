package io.depthscope.verification;

import io.depthscope.backend.Backend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.Recording;
import java.io.IOException;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * What a backend is held against on the machine it runs on: the golden files of an independent
 * implementation, and random networks against the plain loops of the reference backend.
 */
public final class RegressionSuite {
  private static final List<Recording> RECORDINGS =
      List.of(
          Recording.PLAIN,
          Recording.CALIBRATION,
          Recording.PAIRED,
          Recording.STATISTICS,
          Recording.ERROR_TERMS);

  /** Largest share of codes of up to 8 bits that may differ because a value lies next to a tie. */
  private static final double TIES = 1e-3;

  /** The same for finer codes, whose steps are close to the rounding of float32. */
  private static final double FINE_TIES = 0.05;

  /** The same for the golden networks, where a tie's other side spreads to the layers after it. */
  private static final double GOLDEN_TIES = 0.05;

  private static final long FIRST_NETWORK = 10_000;
  private static final long FIRST_BRANCHED = 30_000;
  private static final long[] SEVERAL_TILES = {20_000, 20_001, 20_002};

  private final Backend backend;
  private final Backend oracle = new ReferenceBackend();
  private final BiConsumer<String, Findings> observer;
  private int checks;
  private int failed;

  /**
   * @param observer told of every check: what was checked, and what was found
   */
  public RegressionSuite(Backend backend, BiConsumer<String, Findings> observer) {
    this.backend = backend;
    this.observer = observer;
  }

  public int checks() {
    return checks;
  }

  public int failed() {
    return failed;
  }

  private void report(String what, Findings findings) {
    checks++;
    failed += findings.isEmpty() ? 0 : 1;
    observer.accept(what, findings);
  }

  /** All golden cases: every tensor of both streams, every figure, and that the two agree. */
  public void golden() throws IOException {
    for (String name : GoldenCase.namesFor(backend)) {
      GoldenCase golden = GoldenCase.read(name);
      GoldenCheck tensors = new GoldenCheck(golden);
      tensors.tensors(backend);
      if (!(tensors.codesDifferent() <= GOLDEN_TIES * tensors.codesCompared())) {
        tensors
            .findings()
            .add(tensors.codesDifferent() + " of " + tensors.codesCompared() + " codes differ");
      }
      report("golden " + name + ", tensors", tensors.findings());
      GoldenCheck figures = new GoldenCheck(golden);
      figures.figures(backend);
      report("golden " + name + ", figures", figures.findings());
      PlanCase c = golden.planCase();
      List<NodeTensors> computed = c.probe(backend);
      for (Recording recording : RECORDINGS) {
        report(
            "golden " + name + ", " + recording,
            StatisticsCheck.run(backend, c, recording, computed));
      }
    }
  }

  /**
   * Random layers against the oracle, and random networks against the backend's own tensors.
   *
   * @param layers number of layers; there is a network for every ten, and one with branches for
   *     every twenty
   */
  public void random(int layers) {
    LayerComparison comparison = new LayerComparison();
    for (long seed = 0; seed < layers; seed++) {
      PlanCase c = RandomCases.layer(seed);
      List<NodeTensors> got = c.probe(backend);
      Findings findings =
          comparison.compare(c, c.plan(Recording.PAIRED).layers().getLast(), c.probe(oracle), got);
      report("random layer " + seed, findings);
      Recording recording = RECORDINGS.get((int) (seed % RECORDINGS.size()));
      report(
          "random layer " + seed + ", " + recording,
          StatisticsCheck.run(backend, c, recording, got));
    }
    Findings ties = new Findings();
    if (!(comparison.different() <= TIES * comparison.compared()
        && comparison.different16() <= FINE_TIES * comparison.compared16())) {
      ties.add(comparison.toString());
    }
    report("codes that differ: " + comparison, ties);
    for (long seed = FIRST_NETWORK; seed < FIRST_NETWORK + layers / 10; seed++) {
      network("random network " + seed, RandomCases.network(seed));
    }
    for (long seed = FIRST_BRANCHED; seed < FIRST_BRANCHED + layers / 20; seed++) {
      network("random branches " + seed, RandomCases.branched(seed));
    }
    for (long seed : layers > 0 ? SEVERAL_TILES : new long[0]) {
      network("network of several tiles " + seed, RandomCases.separable(seed));
    }
  }

  private void network(String what, PlanCase c) {
    List<NodeTensors> tensors = c.probe(backend);
    for (Recording recording : RECORDINGS) {
      report(what + ", " + recording, StatisticsCheck.run(backend, c, recording, tensors));
    }
  }
}
