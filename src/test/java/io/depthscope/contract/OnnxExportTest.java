package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.draft.HandedOn;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.View;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.onnx.OnnxModel;
import io.depthscope.graph.exchange.onnx.OnnxWriter;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.run.ModelReader;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.verification.RandomCases;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Networks written as ONNX files and read back by the project's own reader, which other tests hold
 * against ONNX Runtime; bench/peers/exported.py runs such files there.
 */
class OnnxExportTest {
  private static final double TOLERANCE = 2e-5;

  static List<Path> small() throws IOException {
    return NetworkFilesTest.small();
  }

  @ParameterizedTest
  @MethodSource("small")
  void smallFilesComputeTheSame(Path file) throws Exception {
    LoadedModel model = ModelReader.load(file, LoadOptions.NONE);
    if (model.graph().outputs().contains(0)) {
      assertThrows(IllegalArgumentException.class, () -> OnnxWriter.write(model.network()));
      return;
    }
    computesTheSame(model.network(), file.toString());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void randomNetworksComputeTheSame(long seed) throws Exception {
    computesTheSame(RandomCases.network(seed).network(), "network " + seed);
    computesTheSame(RandomCases.separable(seed).network(), "separable " + seed);
    computesTheSame(RandomCases.branched(seed).network(), "branched " + seed);
  }

  private static void computesTheSame(Network network, String what) throws Exception {
    LoadedModel back;
    try {
      back = read(OnnxWriter.write(network), what);
    } catch (IOException e) {
      // An interpolation that is none of ONNX's is two products, which are no layers to the reader.
      assertTrue(e.getMessage().contains("/wide (MatMul)"), e.getMessage());
      return;
    }
    float[] noise = noise(network.graph().inputShape().size());
    List<float[]> expected = outputs(network, Optional.empty(), noise);
    Map<String, NdArray> got = fileOutputs(back, Optional.empty(), network, noise);
    assertEquals(network.graph().outputs().size(), got.size(), what);
    for (int k = 0; k < expected.size(); k++) {
      int node = network.graph().outputs().get(k);
      Shape shape = network.graph().shape(node);
      float[] own = View.nchw(shape).gather(expected.get(k), shape).floats();
      float[] read = got.get(network.graph().node(node).name()).floats();
      assertEquals(own.length, read.length, what);
      double bound = TOLERANCE * largest(own);
      for (int i = 0; i < own.length; i++) {
        boolean same = own[i] == read[i] || Math.abs(own[i] - read[i]) <= bound;
        assertTrue(
            same || Float.isNaN(own[i]) && Float.isNaN(read[i]),
            what + " output " + k + "[" + i + "] is " + read[i] + ", not " + own[i]);
      }
    }
  }

  private static double largest(float[] values) {
    double most = 0;
    for (float v : values) {
      most = Float.isFinite(v) ? Math.max(most, Math.abs(v)) : most;
    }
    return most;
  }

  private static LoadedModel read(byte[] bytes, String what) throws IOException {
    try {
      return OnnxModel.load("export.onnx", bytes, LoadOptions.NONE);
    } catch (IOException e) {
      throw new IOException(what + ": " + e.getMessage(), e);
    }
  }

  private static float[] noise(int size) {
    Random random = new Random(11);
    float[] noise = new float[size];
    for (int i = 0; i < size; i++) {
      noise[i] = (float) random.nextGaussian();
    }
    return noise;
  }

  /** Outputs for one image, of the candidate where there is a spec. */
  private static List<float[]> outputs(Network network, Optional<QuantSpec> spec, float[] image)
      throws Exception {
    Graph graph = network.graph();
    float[][] table = new float[graph.inputShape().channels()][256];
    Plan plan =
        spec.isEmpty()
            ? Plan.fp32(network, table, Recording.PLAIN)
            : Plan.of(network, table, spec.get(), Feed.ACCUMULATED, Recording.PAIRED);
    float[] all;
    try (Program program = new ReferenceBackend().compile(plan, 1)) {
      var out = program.submit(InputBatch.ofValues(1, image)).get();
      all = spec.isEmpty() ? out.baseline() : out.candidate();
    }
    List<float[]> each = new ArrayList<>();
    int at = 0;
    for (int node : graph.outputs()) {
      int end = at + graph.shape(node).size();
      each.add(Arrays.copyOfRange(all, at, end));
      at = end;
    }
    return each;
  }

  private static Map<String, NdArray> fileOutputs(
      LoadedModel back, Optional<QuantSpec> spec, Network written, float[] image) throws Exception {
    Shape in = written.graph().inputShape();
    float[] file = View.nchw(in).gather(image, in).floats();
    int[] places = back.tensors().inputPlaces();
    float[] own = new float[file.length];
    for (int i = 0; i < own.length; i++) {
      own[places[i]] = file[i];
    }
    List<float[]> values = outputs(back.network(), spec, own);
    return back.tensors().tail().of(back.graph(), values, spec.isPresent());
  }

  /** Every output that is usually rounded, to a range of its own, and all kernels. */
  private static QuantSpec spec(
      Network network, QuantFormat outputs, QuantFormat weights, Granularity granularity) {
    Random random = new Random(3);
    Map<String, QuantParams> params = new HashMap<>();
    Map<String, QuantizedTensor> codes = new HashMap<>();
    for (Node node : network.graph().nodes()) {
      if (node.op().quantizesOutput()) {
        double low = -1 - random.nextInt(3);
        params.put(
            node.name(), QuantParams.of(new Range(low, 2 + 3 * random.nextDouble()), outputs));
      }
      if (node.op().hasWeights()) {
        FoldedWeights w = network.weightsOf(node);
        codes.put(
            node.name(),
            QuantizedTensor.of(
                w.kernel().data(),
                w.channels(),
                weights,
                granularity,
                new RangeEstimator.MinMax()));
      }
    }
    return new QuantSpec(params, codes);
  }

  @ParameterizedTest
  @EnumSource(Granularity.class)
  void quantizedNetworksComeBackWithTheirCodesAndParameters(Granularity granularity)
      throws Exception {
    for (long seed = 1; seed <= 10; seed++) {
      for (Network network :
          List.of(RandomCases.network(seed).network(), RandomCases.branched(seed).network())) {
        QuantFormat signed = new QuantFormat(8, true, false);
        if (network.graph().nodes().stream().anyMatch(n -> n.op() instanceof Op.Resize)) {
          continue; // some cannot be read back
        }
        comesBack(
            network, spec(network, QuantFormat.asymmetric(8), signed, granularity), "seed " + seed);
        comesBack(
            network,
            spec(
                network, QuantFormat.asymmetric(16), new QuantFormat(16, true, false), granularity),
            "wide, seed " + seed);
      }
    }
  }

  /** Names of the nodes that an output is made of; a reader leaves the others out. */
  private static Set<String> needed(Graph graph) {
    Set<String> names = new HashSet<>();
    Set<Integer> nodes = new HashSet<>(graph.outputs());
    for (int i = graph.size() - 1; i >= 0; i--) {
      if (nodes.contains(i)) {
        names.add(graph.node(i).name());
        nodes.addAll(graph.node(i).inputs());
      }
    }
    return names;
  }

  private static void comesBack(Network network, QuantSpec spec, String what) throws Exception {
    for (boolean codedBias : new boolean[] {false, true}) {
      LoadedModel back = read(OnnxWriter.write(network, spec, codedBias), what);
      QuantSpec got = back.quantization().orElseThrow();
      QuantSpec read = spec.only(needed(network.graph()));
      assertEquals(read.outputs(), got.outputs(), what);
      assertEquals(read.weights().keySet(), got.weights().keySet(), what);
      read.weights()
          .forEach(
              (name, w) -> {
                QuantizedTensor same = got.weights().get(name);
                assertArrayEquals(w.codes(), same.codes(), what + " " + name);
                assertEquals(w.params(), same.params(), what + " " + name);
              });
      if (codedBias) {
        continue; // another network, by up to half a code of each bias
      }
      float[] noise = noise(network.graph().inputShape().size());
      List<float[]> own = outputs(network, Optional.of(spec), noise);
      Map<String, NdArray> values = fileOutputs(back, Optional.of(got), network, noise);
      for (int k = 0; k < own.size(); k++) {
        int node = network.graph().outputs().get(k);
        Shape shape = network.graph().shape(node);
        assertArrayEquals(
            View.nchw(shape).gather(own.get(k), shape).floats(),
            values.get(network.graph().node(node).name()).floats(),
            what + " output " + k);
      }
    }
  }

  @Test
  void fewerCodesThanTheTypeHasAreClampedBefore() throws Exception {
    for (long seed = 1; seed <= 6; seed++) {
      Network network = RandomCases.network(seed).network();
      for (QuantFormat narrow : List.of(QuantFormat.symmetric(8), QuantFormat.asymmetric(4))) {
        QuantSpec spec = spec(network, narrow, QuantFormat.symmetric(4), Granularity.PER_CHANNEL);
        LoadedModel back = read(OnnxWriter.write(network, spec, false), "seed " + seed);
        float[] noise = noise(network.graph().inputShape().size());
        List<float[]> own = outputs(network, Optional.of(spec), noise);
        Map<String, NdArray> read = fileOutputs(back, back.quantization(), network, noise);
        for (int k = 0; k < own.size(); k++) {
          int node = network.graph().outputs().get(k);
          Shape shape = network.graph().shape(node);
          assertArrayEquals(
              View.nchw(shape).gather(own.get(k), shape).floats(),
              read.get(network.graph().node(node).name()).floats(),
              "seed " + seed + " " + narrow);
        }
      }
    }
  }

  private static Node firstLayer(Network network) {
    return network.graph().nodes().stream()
        .filter(n -> n.op().hasWeights())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void biasesOfCodesAreMultiplesOfBothScales() throws Exception {
    Network network = RandomCases.network(2).network();
    QuantSpec spec =
        spec(network, QuantFormat.asymmetric(8), QuantFormat.symmetric(8), Granularity.PER_CHANNEL);
    LoadedModel back = read(OnnxWriter.write(network, spec, true), "coded");
    Node first = firstLayer(network);
    float[] bias = network.weightsOf(first).bias();
    float[] coded = back.network().weights().get(first.name()).bias();
    List<QuantParams> weights = spec.weights(first.name()).orElseThrow().params();
    float input = HandedOn.to(network.graph(), spec, first).orElseThrow().scale();
    for (int c = 0; c < bias.length; c++) {
      float scale = input * weights.get(c).scale();
      assertEquals((float) Math.rint((double) bias[c] / scale) * scale, coded[c], "bias " + c);
    }
  }

  @Test
  void mendedWeightsAreThoseOfTheQuantizedFile() throws Exception {
    Network plain = RandomCases.network(2).network();
    Node first = firstLayer(plain);
    FoldedWeights own = plain.weightsOf(first);
    float[] bias = own.bias().clone();
    bias[0] += 3;
    Network mended = plain.withMended(Map.of(first.name(), new FoldedWeights(own.kernel(), bias)));
    QuantSpec spec =
        spec(mended, QuantFormat.asymmetric(8), QuantFormat.symmetric(8), Granularity.PER_TENSOR);
    assertEquals(
        bias[0],
        read(OnnxWriter.write(mended, spec, false), "q").network().weightsOf(first).bias()[0]);
    assertEquals(
        own.bias()[0], read(OnnxWriter.write(mended), "f").network().weightsOf(first).bias()[0]);
  }

  @Test
  void refusesCodesThatNoTypeHolds() {
    Graph graph =
        new Graph(
            "net",
            List.of(
                new Node("in", new Op.Input(new Shape(1, 1, 2)), List.of()),
                new Node("fc", Op.Convolution.pointwise(2), List.of(0))));
    Network network =
        Network.of(
            graph,
            Map.of(
                "fc", new FoldedWeights(FloatTensor.of(new float[4], 2, 1, 1, 2), new float[2])));
    QuantSpec spec = new QuantSpec(Map.of("fc", new QuantParams(1, 0, -40_000, 40_000)), Map.of());
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> OnnxWriter.write(network, spec, false));
    assertEquals("layer fc: no type of ONNX holds its codes -40000..40000", e.getMessage());
  }
}
