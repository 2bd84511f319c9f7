package io.depthscope.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.stats.BitHistogram;
import io.depthscope.verification.GoldenCase;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExecutionPlanTest {
  private final GoldenCase golden;
  private final ExecutionPlan fp32;

  ExecutionPlanTest() throws IOException {
    golden = GoldenCase.read("pooled_w8a8");
    fp32 = ExecutionPlan.fp32(golden.network(), golden.inputTable(), Recording.CALIBRATION);
  }

  private static QuantScheme scheme(String name, Granularity granularity) {
    return QuantScheme.parse(
        name, false, false, granularity, new RangeEstimator.MinMax(), new RangeEstimator.MinMax());
  }

  private Map<String, CalibratedTensor> calibration() {
    Map<String, CalibratedTensor> seen = new HashMap<>();
    for (LayerPlan l : fp32.layers()) {
      seen.put(l.node().name(), new CalibratedTensor(new Range(-1, 3), new BitHistogram()));
    }
    return seen;
  }

  @ParameterizedTest
  @CsvSource({"w8a8, PER_TENSOR", "w8a8, PER_CHANNEL", "w4, PER_CHANNEL", "a8, PER_TENSOR"})
  void quantizesWhatTheSchemeSays(String name, Granularity granularity) {
    QuantScheme scheme = scheme(name, granularity);
    ExecutionPlan plan =
        ExecutionPlan.paired(fp32, scheme, calibration(), Feed.ACCUMULATED, Recording.STATISTICS);
    int pools = 0;
    for (LayerPlan l : plan.layers()) {
      boolean weighted = l.op().hasWeights();
      int params =
          !weighted || scheme.weights().isEmpty()
              ? 0
              : granularity == Granularity.PER_CHANNEL ? l.out().channels() : 1;
      assertEquals(params, l.kernelParams().size(), l.node().name());
      boolean pool = l.word().endsWith("pool");
      pools += pool ? 1 : 0;
      assertEquals(
          scheme.activations().isPresent() && !pool, l.output().isPresent(), l.node().name());
      l.output().ifPresent(p -> assertEquals(new QuantParams(4f / 255, 64, 0, 255), p));
      if (params == 0) {
        assertSame(l.kernel(), l.quantizedKernel());
      }
    }
    assertEquals(3, pools);
    assertEquals(Feed.ACCUMULATED, plan.feed());
    assertArrayEquals(golden.inputTable()[0], plan.inputTable()[0]);
  }

  @Test
  void accumulatorsFitTheRecording() {
    ExecutionPlan plan =
        ExecutionPlan.paired(
            fp32,
            scheme("w8a4", Granularity.PER_TENSOR),
            calibration(),
            Feed.LOCAL,
            Recording.ERROR_TERMS);
    assertEquals(16, plan.newAccumulator().layer(0).codes().length);
    assertEquals(0, fp32.newAccumulator().layer(0).codes().length);
    assertEquals(4, plan.newImageSums().get(0).terms.length);
    assertEquals(0, fp32.newImageSums().get(0).terms.length);
    assertEquals(golden.graph().size(), plan.newAccumulator().size());
    assertEquals(golden.graph().outputShape().size(), plan.outputSize());
  }

  @Test
  void refusesWhatIsIncomplete() {
    Map<String, CalibratedTensor> lacks = calibration();
    lacks.remove("mix");
    QuantScheme scheme = scheme("w8a8", Granularity.PER_TENSOR);
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ExecutionPlan.paired(fp32, scheme, lacks, Feed.LOCAL, Recording.PAIRED));
    assertTrue(e.getMessage().contains("mix"), e.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> ExecutionPlan.fp32(golden.network(), golden.inputTable(), Recording.PAIRED));
    assertThrows(
        IllegalArgumentException.class,
        () -> ExecutionPlan.fp32(golden.network(), new float[2][256], Recording.PLAIN));
  }

  @Test
  void recordingsBuildOnEachOther() {
    assertThrows(IllegalArgumentException.class, () -> new Recording(false, true, false, true));
    assertThrows(IllegalArgumentException.class, () -> new Recording(true, false, false, true));
    assertThrows(IllegalArgumentException.class, () -> new Recording(true, false, true, false));
    assertTrue(Recording.ERROR_TERMS.errorTerms());
  }
}
