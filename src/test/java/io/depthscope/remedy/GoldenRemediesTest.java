package io.depthscope.remedy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.graph.exchange.SafetensorsFile;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.QuantPolicy;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.tensor.FloatTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Remedies make of a small network what an independent implementation of their definitions makes of
 * it; tools/golden/remedies.py says what the files hold.
 */
class GoldenRemediesTest {
  private static final Path FOLDER = Path.of("test-data/remedies");
  private static final int BATCH = 16;

  /** Float32 sums in another order. */
  private static final double CLOSE = 1e-5;

  /** A sum that lies at a tie gives a code more or less among thousands. */
  private static final double ONE_CODE = 1e-3;

  private static Network original;
  private static CalibrationImages images;
  private static SafetensorsFile made;
  private static JsonNode figures;

  @BeforeAll
  static void read() throws IOException {
    original = ModelFile.load(FOLDER.resolve("network.safetensors"), LoadOptions.NONE).network();
    made = SafetensorsFile.open(FOLDER.resolve("made.safetensors"));
    figures = new ObjectMapper().readTree(FOLDER.resolve("made.json").toFile());
    try (SafetensorsFile file = SafetensorsFile.open(FOLDER.resolve("images.safetensors"))) {
      images = images(file.read("pixels"));
    }
  }

  private static CalibrationImages images(FloatTensor all) {
    int count = all.dims()[0];
    int size = all.data().length / count;
    List<InputBatch> batches = new ArrayList<>();
    for (int first = 0; first < count; first += BATCH) {
      byte[] pixels = new byte[BATCH * size];
      int[] indices = new int[BATCH];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (byte) all.data()[first * size + i];
      }
      for (int i = 0; i < BATCH; i++) {
        indices[i] = first + i;
      }
      batches.add(new InputBatch(BATCH, indices, pixels, null));
    }
    float[][] table = new float[all.dims()[3]][256];
    for (float[] channel : table) {
      for (int p = 0; p < 256; p++) {
        channel[p] = (p - 127.5f) / 127.5f;
      }
    }
    return new CalibrationImages(new CpuBackend(2), table, batches, BATCH, 1L << 30, () -> false);
  }

  private static QuantScheme scheme(String name, Granularity granularity) {
    return QuantScheme.parse(
        name, false, false, granularity, new RangeEstimator.MinMax(), new RangeEstimator.MinMax());
  }

  private static Mending begin(String name) throws IOException {
    return Mending.begin(
        original, scheme(name, Granularity.PER_TENSOR), QuantPolicy.TFLITE, images);
  }

  /** The network whose dead channels were repaired there. */
  private static Mending repaired(QuantScheme scheme) throws IOException {
    Map<String, FoldedWeights> weights = new HashMap<>();
    for (String node : original.weights().keySet()) {
      weights.put(
          node,
          new FoldedWeights(
              golden("dead-channels", node, "kernel"),
              golden("dead-channels", node, "bias").data()));
    }
    Network network = Network.of(original.graph(), weights);
    return Mending.begin(network, scheme, QuantPolicy.TFLITE, images)
        .anew(network, images.see(network), Norms.of(original));
  }

  private static FloatTensor golden(String remedy, String node, String what) throws IOException {
    return made.read(remedy + "/" + node + "." + what);
  }

  private static void assertClose(double[] expected, float[] actual, double share, String what) {
    assertEquals(expected.length, actual.length, what);
    double most = 0;
    for (double e : expected) {
      most = Double.isInfinite(e) ? most : Math.max(most, Math.abs(e));
    }
    for (int i = 0; i < expected.length; i++) {
      double apart = expected[i] == actual[i] ? 0 : Math.abs(expected[i] - actual[i]);
      assertFalse(
          !(apart <= share * most), what + "[" + i + "] is " + actual[i] + ", not " + expected[i]);
    }
  }

  private static void assertClose(FloatTensor expected, float[] actual, double share, String what) {
    double[] values = new double[expected.data().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = expected.data()[i];
    }
    assertClose(values, actual, share, what);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dead-channels", "equalize", "absorb-bias", "split"})
  void rewritesMakeTheSameNetwork(String name) throws IOException {
    Rewrite remedy = (Rewrite) Remedy.named(name);
    Network after = remedy.apply(begin("w8a8"), images).mending().network();
    for (Node node : after.graph().nodes()) {
      String what = name + ", " + node.name();
      if (node.op().hasWeights()) {
        FoldedWeights w = after.weightsOf(node);
        FloatTensor kernel = golden(name, node.name(), "kernel");
        assertArrayEquals(kernel.dims(), w.kernel().dims(), what);
        assertClose(kernel, w.kernel().data(), CLOSE, what + " kernel");
        assertClose(golden(name, node.name(), "bias"), w.bias(), CLOSE, what + " bias");
      }
      if (made.tensors().containsKey(name + "/" + node.name() + ".lower")) {
        FloatTensor lower = golden(name, node.name(), "lower");
        float[] low = new float[lower.data().length];
        float[] high = new float[low.length];
        for (int c = 0; c < low.length; c++) {
          low[c] = node.clamp().lower(c);
          high[c] = node.clamp().upper(c);
        }
        assertClose(lower, low, CLOSE, what + " lower");
        assertClose(golden(name, node.name(), "upper"), high, CLOSE, what + " upper");
      } else {
        assertEquals("none", node.clamp().word(), what);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bias-correction", "bias-correction-analytic"})
  void biasesAreCorrectedAlike(String name) throws IOException {
    Mending before = repaired(scheme("w4a8", Granularity.PER_TENSOR));
    Network after = Remedy.named(name).apply(before, images).mending().network();
    for (Node node : after.graph().nodes()) {
      if (node.op().hasWeights()) {
        float[] bias = after.quantizable(node).bias();
        assertClose(golden(name, node.name(), "bias"), bias, ONE_CODE, name + ", " + node.name());
      }
    }
  }

  @Test
  void channelsHaveScalesOfTheirOwn() throws IOException {
    Mending before = repaired(scheme("w4a8", Granularity.PER_TENSOR));
    Mending after = new PerChannelWeights().choose(before).mending();
    for (String node : original.weights().keySet()) {
      QuantizedTensor codes = after.spec().weights(node).orElseThrow();
      assertArrayEquals(golden("per-channel", node, "scale").data(), scales(codes), node);
      assertArrayEquals(golden("per-channel", node, "zero").data(), zeros(codes), node);
      assertArrayEquals(codes(golden("per-channel", node, "codes")), codes.codes(), node);
    }
  }

  private static float[] scales(QuantizedTensor codes) {
    float[] scales = new float[codes.params().size()];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = codes.params().get(i).scale();
    }
    return scales;
  }

  private static float[] zeros(QuantizedTensor codes) {
    float[] zeros = new float[codes.params().size()];
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = codes.params().get(i).zeroPoint();
    }
    return zeros;
  }

  private static int[] codes(FloatTensor values) {
    int[] codes = new int[values.data().length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (int) values.data()[i];
    }
    return codes;
  }

  /** The codes that were chosen there, with the zero points of the nearest ones. */
  private static QuantizedTensor chosen(String name, String node, QuantizedTensor nearest)
      throws IOException {
    float[] scales = golden(name, node, "scale").data();
    assertEquals(nearest.params().size(), scales.length, node);
    List<QuantParams> params = new ArrayList<>();
    for (int i = 0; i < scales.length; i++) {
      QuantParams p = nearest.params().get(i);
      params.add(new QuantParams(scales[i], p.zeroPoint(), p.qmin(), p.qmax()));
    }
    return new QuantizedTensor(params, codes(golden(name, node, "codes")));
  }

  /**
   * Each layer reads what those before it make with the golden codes, whatever was found here.
   * Those of the second order are determined but for ties; a descent's path is not, so that what
   * counts is where it ends.
   */
  @ParameterizedTest
  @CsvSource({
    "round-tensor, SECOND_ORDER, PER_TENSOR, 0.98, 1.02, 0.96",
    "round-channel, SECOND_ORDER, PER_CHANNEL, 0.98, 1.02, 0.96",
    "adaround-channel, ADAROUND, PER_CHANNEL, 0, 1.25, 0.9"
  })
  void roundingErrsAsLittle(
      String name,
      Rounding.Method method,
      Granularity granularity,
      double least,
      double most,
      double same)
      throws IOException {
    Mending before = repaired(scheme("w4a8", granularity));
    List<String> apart = new ArrayList<>();
    new LayerWalk(before, images)
        .walk(
            before,
            layer -> {
              String node = layer.node().name();
              QuantizedTensor nearest = layer.codes().orElseThrow();
              LayerRounding.Result found = LayerRounding.of(layer, nearest, method);
              JsonNode errors = figures.get("errors").get(name).get(node);
              double before0 = errors.get("nearest").doubleValue();
              double after = errors.get("learned").doubleValue();
              assertEquals(before0, found.nearest(), before0 * 2e-3, node + ", nearest");
              if (!(found.learned() >= least * after && found.learned() <= most * after)) {
                apart.add(node + ": " + found.learned() + ", not " + after);
              }
              QuantizedTensor golden = chosen(name, node, nearest);
              double alike = alike(golden.codes(), found.codes().codes());
              if (alike < same) {
                apart.add(node + ": only " + alike + " of the codes are the same");
              }
              float[] bias = BiasCorrection.corrected(layer, golden.dequantized());
              assertClose(golden(name, node, "bias"), bias, ONE_CODE, node + " bias");
              return new LayerWalk.Change(Optional.of(golden), golden(name, node, "bias").data());
            });
    assertEquals(List.of(), apart);
  }

  private static double alike(int[] expected, int[] actual) {
    assertEquals(expected.length, actual.length);
    int same = 0;
    for (int i = 0; i < expected.length; i++) {
      same += expected[i] == actual[i] ? 1 : 0;
    }
    return same / (double) expected.length;
  }

  @Test
  void rangesLoseAsLittle() throws IOException {
    Mending before = repaired(scheme("w8a4", Granularity.PER_TENSOR));
    Mending after = new RangeSearch().choose(before).mending();
    TreeSet<String> estimators = new TreeSet<>();
    for (Map.Entry<String, JsonNode> output : figures.get("ranges").properties()) {
      String node = output.getKey();
      JsonNode lost = output.getValue();
      CalibratedTensor seen = before.seen().tensors().get(node);
      double least = Double.POSITIVE_INFINITY;
      for (Map.Entry<String, JsonNode> e : lost.properties()) {
        RangeEstimator estimator = RangeEstimator.parse(e.getKey());
        estimators.add(estimator.name());
        double expected = e.getValue().doubleValue();
        least = Math.min(least, expected);
        QuantParams p = seen.params(estimator, before.scheme().activations().orElseThrow());
        double loss = p.noise(seen.histogram());
        // An end of a percentile is known to within a bin, 1.6 % of it.
        double share = e.getKey().startsWith("percentile") ? 0.1 : 2e-3;
        assertEquals(expected, loss, share * expected, node + ", " + e.getKey());
      }
      double chosen = after.spec().output(node).orElseThrow().noise(seen.histogram());
      assertEquals(least, chosen, 2e-3 * least, node);
    }
    assertEquals(5, estimators.size(), estimators.toString());
    assertEquals(before.spec().outputs().keySet().size(), figures.get("ranges").size());
  }
}
