package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.graph.Clamp;
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
import io.depthscope.zoo.Block;
import io.depthscope.zoo.ChannelRounding;
import io.depthscope.zoo.MobileNetV1;
import io.depthscope.zoo.NetworkFamily;
import io.depthscope.zoo.PaddingStyle;
import io.depthscope.zoo.ResNet;
import io.depthscope.zoo.SmallCnn;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
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
            Clamp.RELU6,
            PaddingStyle.SYMMETRIC,
            true),
        // The second block's sum reads the first's without a convolution between them.
        new ResNet(
            small,
            10,
            8,
            List.of(new Block(16, 1), new Block(16, 1), new Block(24, 2)),
            Clamp.RELU,
            PaddingStyle.SYMMETRIC));
  }

  @ParameterizedTest
  @MethodSource("families")
  void givesTheReferencesCodesButForTies(NetworkFamily family) {
    RangeEstimator minMax = new RangeEstimator.MinMax();
    QuantScheme w8a8 =
        QuantScheme.parse("w8a8", false, false, Granularity.PER_TENSOR, minMax, minMax);
    PlanCase c = RandomCases.of(family.graph(), w8a8, 7, IMAGES);
    List<NodeTensors> expected = c.probe(new ReferenceBackend());
    List<NodeTensors> got = c.probe(backend());
    List<Parting> partings =
        IntStream.range(0, IMAGES).mapToObj(i -> parting(i, c, expected, got)).toList();
    System.out.printf("%s: %s%n", family.graph().name(), partings);
    for (Parting p : partings) {
      assertTrue(p.codes <= 0.001 * p.of + 1 && p.apart <= 1, c.text() + ": " + p);
    }
    // An image that parts early says nothing of the layers behind.
    long whole = partings.stream().filter(p -> p.codes == 0).count();
    assertTrue(whole > 0, c.text() + ": every image meets a tie, take another seed");
    StatisticsCheck.run(backend(), c, Recording.STATISTICS, got).assertNone(c.text());
    StatisticsCheck.run(backend(), c, Recording.ERROR_TERMS, got).assertNone(c.text());
  }

  /**
   * Where two backends first disagree about an image. A value next to a tie takes the other code,
   * and from there on the two compute different things, so that only this layer can be judged.
   *
   * @param layer its name, or {@code none}
   * @param codes how many of {@code of} differ there
   * @param apart by how many steps at most
   */
  private record Parting(String layer, long codes, int of, int apart) {}

  private static Parting parting(
      int image, PlanCase c, List<NodeTensors> expected, List<NodeTensors> got) {
    Map<String, QuantParams> params = c.outputParams();
    assertEquals(expected.size(), got.size());
    for (int i = 0; i < expected.size(); i++) {
      String layer = expected.get(i).name();
      float[] a = expected.get(i).xq();
      float[] b = got.get(i).xq();
      assertEquals(a.length, b.length, layer);
      QuantParams q = params.get(layer);
      int size = a.length / IMAGES;
      long codes = 0;
      int apart = 0;
      for (int k = image * size; q != null && k < (image + 1) * size; k++) {
        int steps = Math.abs(q.quantize(a[k]) - q.quantize(b[k]));
        codes += steps > 0 ? 1 : 0;
        apart = Math.max(apart, steps);
      }
      if (codes > 0) {
        return new Parting(layer, codes, size, apart);
      }
    }
    return new Parting("none", 0, 0, 0);
  }
}
