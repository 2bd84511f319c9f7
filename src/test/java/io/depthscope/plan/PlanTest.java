package io.depthscope.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.stats.BitHistogram;
import io.depthscope.verification.GoldenCase;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PlanTest {
  private final GoldenCase golden;
  private final Plan baseline;

  PlanTest() throws IOException {
    golden = GoldenCase.read("pooled_w8a8");
    baseline = Plan.fp32(golden.network(), golden.inputTable(), Recording.CALIBRATION);
  }

  private static QuantScheme scheme(String name, Granularity granularity) {
    return QuantScheme.parse(
        name, false, false, granularity, new RangeEstimator.MinMax(), new RangeEstimator.MinMax());
  }

  private Plan plan(
      QuantScheme scheme, Map<String, CalibratedTensor> seen, Feed feed, Recording recording) {
    QuantSpec spec = SchemePolicy.spec(golden.network(), scheme, seen);
    return Plan.of(golden.network(), golden.inputTable(), spec, feed, recording);
  }

  private Map<String, CalibratedTensor> calibration() {
    Map<String, CalibratedTensor> seen = new HashMap<>();
    for (Step l : baseline.steps()) {
      seen.put(l.node().name(), new CalibratedTensor(new Range(-1, 3), new BitHistogram()));
    }
    return seen;
  }

  @ParameterizedTest
  @EnumSource(QuantPolicy.class)
  void roundsTheOutputsThatThePolicyChooses(QuantPolicy policy) {
    QuantSpec spec =
        SchemePolicy.spec(
            golden.network(), scheme("w8a8", Granularity.PER_TENSOR), policy, calibration());
    for (Step l : baseline.steps()) {
      boolean input = l.index() == 0;
      boolean rounded =
          switch (policy) {
            case TFLITE -> !l.word().endsWith("pool");
            case WEIGHTED -> input || l.op().hasWeights();
            case ALL -> true;
          };
      assertEquals(rounded, spec.output(l.node().name()).isPresent(), l.node().name());
    }
  }

  @ParameterizedTest
  @CsvSource({"w8a8, PER_TENSOR", "w8a8, PER_CHANNEL", "w4, PER_CHANNEL", "a8, PER_TENSOR"})
  void quantizesWhatTheSchemeSays(String name, Granularity granularity) {
    QuantScheme scheme = scheme(name, granularity);
    Plan plan = plan(scheme, calibration(), Feed.ACCUMULATED, Recording.STATISTICS);
    int pools = 0;
    for (Step l : plan.steps()) {
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
      } else {
        for (int i = 0; i < l.kernel().length; i++) {
          QuantParams p = l.codes().orElseThrow().paramsOf(i);
          assertEquals(p.fakeQuantize(l.kernel()[i]), l.quantizedKernel()[i], l.node().name());
        }
      }
    }
    assertEquals(3, pools);
    assertEquals(Feed.ACCUMULATED, plan.feed());
    assertArrayEquals(golden.inputTable()[0], plan.inputTable()[0]);
  }

  @Test
  void accumulatorsFitTheRecording() {
    Plan plan =
        plan(
            scheme("w8a4", Granularity.PER_TENSOR),
            calibration(),
            Feed.LOCAL,
            Recording.ERROR_SOURCES);
    assertEquals(16, plan.newAccumulator().layer(0).codes().length);
    assertEquals(0, baseline.newAccumulator().layer(0).codes().length);
    assertEquals(4, plan.newImageSums().get(0).terms.length);
    assertEquals(0, baseline.newImageSums().get(0).terms.length);
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
            () -> plan(scheme, lacks, Feed.LOCAL, Recording.PAIRED));
    assertTrue(e.getMessage().contains("mix"), e.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> Plan.fp32(golden.network(), golden.inputTable(), Recording.PAIRED));
    assertThrows(
        IllegalArgumentException.class,
        () -> Plan.fp32(golden.network(), new float[2][256], Recording.PLAIN));
  }

  /** A spec may quantize one layer alone, or one with parameters of its own. */
  @Test
  void takesAnySpec() {
    QuantParams own = new QuantParams(0.5f, 3, 0, 15);
    int size = (int) golden.graph().kernelSize(3);
    QuantizedTensor codes = new QuantizedTensor(List.of(own), new int[size]);
    QuantSpec spec = new QuantSpec(Map.of("stem", own), Map.of("mix", codes));
    Plan plan = Plan.of(golden.network(), golden.inputTable(), spec, Feed.LOCAL, Recording.PAIRED);
    for (Step l : plan.steps()) {
      assertEquals(l.node().name().equals("stem"), l.output().isPresent());
      assertEquals(l.node().name().equals("mix"), l.codes().isPresent());
    }
    assertEquals(-1.5f, plan.step(3).quantizedKernel()[0]);
    QuantSpec stranger = new QuantSpec(Map.of("elsewhere", own), Map.of());
    assertRefused("no layer elsewhere", stranger);
    assertRefused(size + " codes for the", new QuantSpec(Map.of(), Map.of("classifier", codes)));
    assertEquals(QuantSpec.NONE, spec.only(Set.of("input")));
  }

  private void assertRefused(String words, QuantSpec spec) {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Plan.of(golden.network(), golden.inputTable(), spec, Feed.LOCAL, Recording.PAIRED));
    assertTrue(e.getMessage().contains(words), e.getMessage());
  }
}
