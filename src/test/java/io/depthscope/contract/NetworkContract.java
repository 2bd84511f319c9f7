package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.model.Activation;
import io.depthscope.model.Block;
import io.depthscope.model.ChannelRounding;
import io.depthscope.model.MobileNetV1;
import io.depthscope.model.NetworkFamily;
import io.depthscope.model.PaddingStyle;
import io.depthscope.model.ResNet;
import io.depthscope.model.SmallCnn;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.tensor.Shape;
import io.depthscope.verification.NodeTensors;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.StatisticsCheck;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The built-in families as whole networks, from pixels to logits and statistics. */
abstract class NetworkContract {
  private static final int IMAGES = 3;

  abstract Backend backend();

  static Stream<NetworkFamily> families() {
    Shape small = new Shape(16, 16, 3);
    return Stream.of(
        new MobileNetV1(
            0.25, new Shape(64, 64, 3), 1000, PaddingStyle.SAME, ChannelRounding.TRUNCATE, false),
        new MobileNetV1(0.25, small, 10, PaddingStyle.SYMMETRIC, ChannelRounding.TRUNCATE, true),
        new SmallCnn(
            SmallCnn.Kind.DEPTHWISE_SEPARABLE,
            small,
            10,
            16,
            SmallCnn.DEFAULT_BLOCKS,
            true,
            Activation.RELU6,
            PaddingStyle.SYMMETRIC,
            true),
        // The second block's sum reads the first's without a convolution between them.
        new ResNet(
            small,
            10,
            8,
            List.of(new Block(16, 1), new Block(16, 1), new Block(24, 2)),
            Activation.RELU,
            PaddingStyle.SYMMETRIC));
  }

  @ParameterizedTest
  @MethodSource("families")
  void givesTheReferencesCodesButForTies(NetworkFamily family) {
    RangeEstimator minMax = new RangeEstimator.MinMax();
    QuantScheme w8a8 =
        QuantScheme.parse("w8a8", false, false, Granularity.PER_TENSOR, minMax, minMax);
    PlanCase c = RandomCases.of(family.model(), w8a8, 7, IMAGES);
    List<NodeTensors> expected = c.probe(new ReferenceBackend());
    List<NodeTensors> got = c.probe(backend());
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
        "%s, %d layers: %d of %d codes differ from the reference%n",
        family.model().name(), expected.size(), differ, compared);
    // Through many layers a tie's other side spreads: layers fed alike differ far less.
    assertTrue(compared > 30_000, compared + " codes");
    assertTrue(differ <= 0.01 * compared, differ + " of " + compared);
    StatisticsCheck.run(backend(), c, Recording.STATISTICS, got).assertNone(c.text());
    StatisticsCheck.run(backend(), c, Recording.ERROR_TERMS, got).assertNone(c.text());
  }
}
