package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.Recording;
import io.depthscope.verification.LayerComparison;
import io.depthscope.verification.NodeTensors;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.StatisticsCheck;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The fast backend against the oracle, over random layers and networks. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RandomPlansTest {
  private static final List<Recording> RECORDINGS =
      List.of(
          Recording.PLAIN,
          Recording.CALIBRATION,
          Recording.PAIRED,
          Recording.STATISTICS,
          Recording.ERROR_TERMS);

  /** From here on, seeds are those of networks with branches. */
  private static final long BRANCHED = 30_000;

  private final Backend reference = new ReferenceBackend();
  private final LayerComparison comparison = new LayerComparison();

  static LongStream layerSeeds() {
    return LongStream.range(0, 400);
  }

  static LongStream networkSeeds() {
    return LongStream.concat(
        LongStream.range(10_000, 10_060), LongStream.range(BRANCHED, BRANCHED + 30));
  }

  @ParameterizedTest
  @MethodSource("layerSeeds")
  void layerAgreesWithTheOracle(long seed) {
    PlanCase c = RandomCases.layer(seed);
    Backend cpu = new CpuBackend(1 + (int) (seed % 3));
    List<NodeTensors> oracle = c.probe(reference);
    List<NodeTensors> got = c.probe(cpu);
    comparison
        .compare(c, c.plan(Recording.PAIRED).layers().getLast(), oracle, got)
        .assertNone(c.text());
    Recording recording = RECORDINGS.get((int) (seed % RECORDINGS.size()));
    StatisticsCheck.run(reference, c, recording, oracle)
        .assertNone("reference, " + recording + ", " + c.text());
    StatisticsCheck.run(cpu, c, recording, got).assertNone("cpu, " + recording + ", " + c.text());
  }

  @ParameterizedTest
  @MethodSource("networkSeeds")
  void networkRecordsWhatItComputes(long seed) {
    PlanCase c = seed < BRANCHED ? RandomCases.network(seed) : RandomCases.branched(seed);
    for (Backend backend : List.of(reference, new CpuBackend(1 + (int) (seed % 3)))) {
      List<NodeTensors> tensors = c.probe(backend);
      for (Recording recording : RECORDINGS) {
        StatisticsCheck.run(backend, c, recording, tensors)
            .assertNone(backend.name() + ", " + recording + ", " + c.text());
      }
    }
  }

  /** Large enough for several tiles, and for layers that hand each tile to the next. */
  @ParameterizedTest
  @ValueSource(longs = {20_000, 20_001, 20_002, 20_003, 20_004, 20_005})
  void separableNetworkOfSeveralTilesRecordsWhatItComputes(long seed) {
    PlanCase c = RandomCases.separable(seed);
    Backend cpu = new CpuBackend(2);
    List<NodeTensors> tensors = c.probe(cpu);
    for (Recording recording : RECORDINGS) {
      StatisticsCheck.run(cpu, c, recording, tensors)
          .assertNone("cpu, " + recording + ", " + c.text());
    }
  }

  @AfterAll
  void codesDifferOnlyNearTies() {
    System.out.println("random layers: " + comparison);
    assertTrue(comparison.compared() > 200_000, comparison::toString);
    assertTrue(comparison.compared16() > 20_000, comparison::toString);
    assertTrue(comparison.different() <= 1e-3 * comparison.compared(), comparison::toString);
    assertTrue(comparison.different16() <= 0.05 * comparison.compared16(), comparison::toString);
  }
}
