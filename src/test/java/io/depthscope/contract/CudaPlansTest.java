package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.Recording;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.verification.LayerComparison;
import io.depthscope.verification.NodeTensors;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.StatisticsCheck;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A thousand random plans on CUDA kernels against the oracle. */
@Tag("gpu")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CudaPlansTest {
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
    return LongStream.range(0, 900);
  }

  static LongStream networkSeeds() {
    return LongStream.concat(
        LongStream.range(10_000, 10_100), LongStream.range(BRANCHED, BRANCHED + 30));
  }

  @ParameterizedTest
  @MethodSource("layerSeeds")
  void layerAgreesWithTheOracle(long seed) {
    Backend cuda = GpuBackend.get();
    PlanCase c = RandomCases.layer(seed);
    List<NodeTensors> oracle = c.probe(reference);
    List<NodeTensors> got = c.probe(cuda);
    comparison
        .compare(c, c.plan(Recording.PAIRED).layers().getLast(), oracle, got)
        .assertNone(c.text());
    Recording recording = RECORDINGS.get((int) (seed % RECORDINGS.size()));
    StatisticsCheck.run(cuda, c, recording, got).assertNone("cuda, " + recording + ", " + c.text());
  }

  @ParameterizedTest
  @MethodSource("networkSeeds")
  void networkRecordsWhatItComputes(long seed) {
    PlanCase c = seed < BRANCHED ? RandomCases.network(seed) : RandomCases.branched(seed);
    Backend cuda = GpuBackend.get();
    List<NodeTensors> tensors = c.probe(cuda);
    for (Recording recording : RECORDINGS) {
      StatisticsCheck.run(cuda, c, recording, tensors)
          .assertNone("cuda, " + recording + ", " + c.text());
    }
  }

  /** Large enough for several tiles of every kernel. */
  @ParameterizedTest
  @ValueSource(longs = {20_000, 20_001, 20_002, 20_003})
  void separableNetworkOfSeveralTilesRecordsWhatItComputes(long seed) {
    PlanCase c = RandomCases.separable(seed);
    Backend cuda = GpuBackend.get();
    List<NodeTensors> tensors = c.probe(cuda);
    for (Recording recording : RECORDINGS) {
      StatisticsCheck.run(cuda, c, recording, tensors)
          .assertNone("cuda, " + recording + ", " + c.text());
    }
  }

  @AfterAll
  void codesDifferOnlyNearTies() {
    System.out.println("random layers on cuda: " + comparison);
    if (comparison.compared() == 0) {
      return; // all were skipped
    }
    assertTrue(comparison.compared() > 500_000, comparison::toString);
    assertTrue(comparison.different() <= 1e-3 * comparison.compared(), comparison::toString);
    assertTrue(comparison.different16() <= 0.05 * comparison.compared16(), comparison::toString);
  }
}
