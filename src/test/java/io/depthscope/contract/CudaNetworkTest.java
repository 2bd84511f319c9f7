package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.model.ChannelRounding;
import io.depthscope.model.MobileNetV1;
import io.depthscope.model.Model;
import io.depthscope.model.PaddingStyle;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.tensor.Shape;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.verification.NodeTensors;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.StatisticsCheck;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** MobileNet-V1 0.25 at 64x64, from pixels to logits and statistics. */
@Tag("gpu")
class CudaNetworkTest {
  private static final int IMAGES = 3;

  @Test
  void mobileNetGivesTheReferencesCodesButForTies() {
    Backend cuda = GpuBackend.get();
    PlanCase c = mobileNet();
    List<NodeTensors> expected = c.probe(new ReferenceBackend());
    List<NodeTensors> got = c.probe(cuda);
    Map<String, QuantParams> params = c.outputParams();
    long compared = 0;
    long differ = 0;
    for (int i = 0; i < expected.size(); i++) {
      QuantParams q = params.get(expected.get(i).name());
      float[] a = expected.get(i).xq();
      float[] b = got.get(i).xq();
      assertEquals(a.length, b.length);
      for (int k = 0; q != null && k < a.length; k++) {
        differ += q.quantize(a[k]) == q.quantize(b[k]) ? 0 : 1;
      }
      compared += q == null ? 0 : a.length;
    }
    System.out.printf(
        "MobileNet-V1 0.25 at 64x64, %d layers: %d of %d codes differ from the reference%n",
        expected.size(), differ, compared);
    // Through 28 layers a tie's other side spreads: layers fed alike differ far less.
    assertTrue(compared > 100_000, compared + " codes");
    assertTrue(differ <= 0.01 * compared, differ + " of " + compared);
    StatisticsCheck.run(cuda, c, Recording.STATISTICS, got).assertNone(c.text());
    StatisticsCheck.run(cuda, c, Recording.ERROR_TERMS, got).assertNone(c.text());
  }

  private static PlanCase mobileNet() {
    Model model =
        new MobileNetV1(
                0.25, new Shape(64, 64, 3), 1000, PaddingStyle.SAME, ChannelRounding.TRUNCATE)
            .model();
    RangeEstimator minMax = new RangeEstimator.MinMax();
    QuantScheme w8a8 =
        QuantScheme.parse("w8a8", false, false, Granularity.PER_TENSOR, minMax, minMax);
    return RandomCases.of(model, w8a8, 7, IMAGES);
  }
}
