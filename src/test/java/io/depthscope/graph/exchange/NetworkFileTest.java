package io.depthscope.graph.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Sampling;
import io.depthscope.graph.Window;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.testkit.DamagedFiles;
import io.depthscope.verification.GoldenCase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole networks in a file: written, read back equal, and refused where they are unsound. */
class NetworkFileTest {
  private static final NetworkFile.About ABOUT = new NetworkFile.About("onnx", Optional.empty());

  private static LoadedModel read(byte[] bytes) throws ModelFormatException {
    try (SafetensorsFile file = SafetensorsFile.of(bytes, "F")) {
      return ModelFile.load(file, LoadOptions.NONE);
    }
  }

  private static Network roundTrip(Network network) throws IOException {
    return read(NetworkFile.encode(network, ABOUT, QuantSpec.NONE)).network();
  }

  private static void assertSameNetwork(Network expected, Network got) {
    assertEquals(expected.graph().name(), got.graph().name());
    assertEquals(expected.graph().nodes(), got.graph().nodes());
    assertEquals(expected.graph().outputs(), got.graph().outputs());
    assertSameWeights(expected.weights(), got.weights());
    assertSameWeights(expected.mended(), got.mended());
  }

  /** What was folded comes back where there was a batch norm; else it is what there is. */
  private static void assertSameStored(Network expected, Network got) {
    for (Node node : expected.graph().nodes()) {
      if (!node.op().hasWeights()) {
        continue;
      }
      LayerParameters own = expected.storedOf(node);
      LayerParameters read = got.storedOf(node);
      assertArrayEquals(own.kernel().data(), read.kernel().data(), node.name());
      assertEquals(own.batchNorm().isPresent(), read.batchNorm().isPresent(), node.name());
      if (own.batchNorm().isPresent()) {
        BatchNorm a = own.batchNorm().get();
        BatchNorm b = read.batchNorm().get();
        assertArrayEquals(own.bias().orElse(null), read.bias().orElse(null), node.name());
        assertArrayEquals(a.gamma(), b.gamma(), node.name());
        assertArrayEquals(a.beta(), b.beta(), node.name());
        assertArrayEquals(a.mean(), b.mean(), node.name());
        assertArrayEquals(a.variance(), b.variance(), node.name());
        assertEquals(a.epsilon(), b.epsilon(), node.name());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"separable_w8a8", "near_dead_batch_norm", "residual_signed"})
  void batchNormsComeBack(String name) throws IOException {
    Network network = GoldenCase.read(name).network();
    assertTrue(network.stored().values().stream().anyMatch(p -> p.batchNorm().isPresent()), name);
    Network back = roundTrip(network);
    assertSameNetwork(network, back);
    assertSameStored(network, back);
  }

  @Test
  void refusesBatchNormsThatDoNotFit() throws IOException {
    Network network = GoldenCase.read("separable_w8a8").network();
    byte[] good = NetworkFile.encode(network, ABOUT, QuantSpec.NONE);
    try (SafetensorsFile file = SafetensorsFile.of(good, "F")) {
      String text = file.metadata().get(NetworkFile.GRAPH_KEY);
      Map<String, FloatTensor> tensors = new LinkedHashMap<>();
      for (String tensor : file.tensors().keySet()) {
        tensors.put(tensor, file.read(tensor));
      }
      String norm =
          tensors.keySet().stream().filter(t -> t.endsWith(".bn.mean")).findFirst().orElseThrow();
      String node = norm.substring(0, norm.length() - ".bn.mean".length());
      tensors.put(norm, FloatTensor.of(new float[] {1}, 1));
      Map<String, String> metadata = Map.of(NetworkFile.GRAPH_KEY, text);
      byte[] bad = SafetensorsWriter.encode(tensors, metadata);
      ModelFormatException e = assertThrows(ModelFormatException.class, () -> read(bad));
      assertTrue(
          e.getMessage().startsWith("F: node " + node + ": bn.mean is 1 numbers for "),
          e.getMessage());
    }
  }

  private static void assertSameWeights(
      Map<String, FoldedWeights> expected, Map<String, FoldedWeights> got) {
    assertEquals(expected.keySet(), got.keySet());
    expected.forEach(
        (name, w) -> {
          assertArrayEquals(w.kernel().dims(), got.get(name).kernel().dims(), name);
          assertArrayEquals(w.kernel().data(), got.get(name).kernel().data(), name);
          assertArrayEquals(w.bias(), got.get(name).bias(), name);
        });
  }

  /** Everything that a graph may hold, with limits and names that are unusual. */
  private static Network everything() {
    Window window = new Window(3, 2, 2, 1, 1, 2, new Padding(0, 1, 2, 3));
    List<Node> nodes = new ArrayList<>();
    nodes.add(new Node("in put", new Op.Input(new Shape(9, 8, 4)), List.of()));
    Clamp each = new Clamp(new float[] {-1, -0f, 0, 1e-40f}, new float[] {1, 6, 0.1f, 1e30f});
    nodes.add(new Node("a", new Op.Convolution(window, 2, 4), each, List.of(0)));
    Clamp open = Clamp.of(-0.1f, Float.POSITIVE_INFINITY);
    nodes.add(new Node("a.baseline", Op.Convolution.pointwise(4), open, List.of(1)));
    nodes.add(new Node("a/\u00e9\"", Op.Pool.of(Op.Pool.Kind.MAX, Window.POINTWISE), List.of(2)));
    nodes.add(
        new Node(
            "sum", new Op.Elementwise(Op.Elementwise.Function.SUB), Clamp.RELU6, List.of(3, 1)));
    nodes.add(new Node("f", new Op.Unary(Op.Unary.Function.GELU_TANH), List.of(4)));
    nodes.add(new Node("both", new Op.Concat(3), List.of(4, 5, 4)));
    nodes.add(new Node("slope", new Op.LeakyRelu(new float[] {0.1f}), List.of(6)));
    nodes.add(new Node("lrn", new Op.LocalResponse(5, 1e-4f, 0.75f, 1.1f), List.of(7)));
    Shape in = new Graph("part", nodes).outputShape();
    int[] source = new int[2 * in.channels()];
    Arrays.setAll(source, i -> i % 3 == 0 ? -1 : in.size() - 1 - i);
    nodes.add(
        new Node(
            "moved",
            new Op.Rearrange(
                in,
                new Shape(1, 2, in.channels()),
                source,
                new float[] {Float.NEGATIVE_INFINITY},
                "space-to-depth"),
            List.of(8)));
    Op resize = new Op.Resize(5, 3, new Sampling(1 / 3.0, -0.1), new Sampling(0, 0));
    nodes.add(new Node("resized", resize, List.of(9)));
    nodes.add(new Node("mean", Op.Pool.globalAverage(), List.of(10)));
    Graph graph = new Graph("every thing", nodes, List.of(11, 4));
    Map<String, FoldedWeights> weights = new HashMap<>();
    weights.put("a", weights(graph.kernelDims(1), 1));
    weights.put("a.baseline", weights(graph.kernelDims(2), 2));
    return Network.of(graph, weights);
  }

  private static FoldedWeights weights(int[] dims, long seed) {
    Random random = new Random(seed);
    float[] kernel = new float[(int) FloatTensor.elements(dims)];
    float[] bias = new float[dims[0]];
    for (float[] values : List.of(kernel, bias)) {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
    }
    return new FoldedWeights(FloatTensor.of(kernel, dims), bias);
  }

  @Test
  void everyOperationComesBack() throws IOException {
    assertSameNetwork(everything(), roundTrip(everything()));
  }

  @Test
  void mendedWeightsStandBesideThoseOfTheFloatNetwork() throws IOException {
    Network plain = everything();
    FoldedWeights own = plain.weights().get("a.baseline");
    FoldedWeights bias = new FoldedWeights(own.kernel(), weights(new int[] {4, 1}, 3).bias());
    int[] dims = plain.weights().get("a").kernel().dims();
    Network mended = plain.withMended(Map.of("a", weights(dims, 4), "a.baseline", bias));
    byte[] bytes = NetworkFile.encode(mended, ABOUT, QuantSpec.NONE);
    LoadedModel back = read(bytes);
    assertSameNetwork(mended, back.network());
    assertEquals(
        List.of("mended for quantization 2 layers (a, a.baseline)"),
        back.settings().stream().map(Setting::text).toList());
    try (SafetensorsFile file = SafetensorsFile.of(bytes, "F")) {
      assertArrayEquals(
          mended.mended().get("a").kernel().data(), file.read("a.kernel").data(), "to be run");
      assertArrayEquals(
          own.kernel().data(), file.read("a.baseline~.kernel").data(), "its name is taken");
      assertFalse(file.tensors().containsKey("a.baseline~.baseline.kernel"), "it is the same");
    }
  }

  @ParameterizedTest
  @EnumSource(Granularity.class)
  void learnedCodesAreThoseOfRoundingTheFilesWeights(Granularity granularity) throws IOException {
    Network network = GoldenCase.read("separable_w8a8").network();
    Random random = new Random(7);
    Map<String, QuantizedTensor> weights = new HashMap<>();
    int moved = 0;
    for (Node node : network.graph().nodes()) {
      if (node.op().hasWeights()) {
        FoldedWeights w = network.weightsOf(node);
        QuantizedTensor nearest =
            QuantizedTensor.of(
                w.kernel().data(),
                w.channels(),
                new QuantFormat(4, granularity == Granularity.PER_CHANNEL, false),
                granularity,
                new RangeEstimator.MinMax());
        int[] codes = nearest.codes().clone();
        for (int i = 0; i < codes.length; i++) {
          QuantParams p = nearest.paramsOf(i);
          int other = codes[i] + random.nextInt(3) - 1;
          codes[i] = Math.max(p.qmin(), Math.min(p.qmax(), other));
          moved += codes[i] != nearest.codes()[i] ? 1 : 0;
        }
        weights.put(node.name(), new QuantizedTensor(nearest.params(), codes));
      }
    }
    assertTrue(moved > 100, moved + " codes are learned ones");
    QuantSpec spec = new QuantSpec(Map.of(), weights);
    Network back = read(NetworkFile.encode(network, ABOUT, spec)).network();
    assertSameWeights(network.weights(), back.weights());
    int changed = 0;
    for (Node node : network.graph().nodes()) {
      if (node.op().hasWeights()) {
        QuantizedTensor wanted = weights.get(node.name());
        float[] kernel = back.quantizable(node).kernel().data();
        assertArrayEquals(
            wanted.codes(), QuantizedTensor.of(kernel, wanted.params()).codes(), node.name());
        float[] before = network.weightsOf(node).kernel().data();
        for (int i = 0; i < kernel.length; i++) {
          changed += kernel[i] == before[i] ? 0 : 1;
        }
      }
    }
    assertEquals(moved, changed, "only what rounds to another code has another value");
    assertSame(back, NetworkFile.roundingTo(back, spec), "nothing is left to change");
  }

  @Test
  void refusesCodesThatNothingRoundsTo() {
    Network network = everything();
    int weights = network.weights().get("a").kernel().data().length;
    QuantParams huge = new QuantParams(3e38f, 0, -2, 2);
    int[] codes = new int[weights];
    codes[3] = -2;
    codes[4] = 1;
    QuantSpec spec =
        new QuantSpec(Map.of(), Map.of("a", new QuantizedTensor(List.of(huge), codes)));
    // -infinity would saturate to the lowest code, but no file holds it
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> NetworkFile.roundingTo(network, spec));
    assertEquals("layer a: nothing rounds to the code -2 of weight 3", e.getMessage());
  }

  @Test
  void saysHowImagesAreRead() throws IOException {
    Network network = GoldenCase.read("separable_w8a8").network();
    for (ImageSettings.Resize resize :
        List.of(
            new ImageSettings.Exact(),
            new ImageSettings.ShortSide(256, 224),
            new ImageSettings.CropShare(0.875))) {
      ImageSettings images =
          new ImageSettings(
              Optional.of(resize),
              Optional.of(List.of(1.5, 2.0, 0.1)),
              Optional.of(List.of(3.0, 4.0, 1 / 3.0)),
              Optional.of("bicubic"),
              Optional.of("bgr"),
              "a note");
      NetworkFile.About about = new NetworkFile.About("mobilenet-v1", Optional.of(images));
      LoadedModel back = read(NetworkFile.encode(network, about, QuantSpec.NONE));
      assertEquals(Optional.of(images), back.images());
      assertEquals("mobilenet-v1", back.family());
      assertEquals("depthscope", back.naming());
    }
  }

  @ParameterizedTest
  @MethodSource("statements")
  void refusesWhatTheFileTellsItself(LoadOptions options) throws IOException {
    byte[] bytes = NetworkFile.encode(everything(), ABOUT, QuantSpec.NONE);
    try (SafetensorsFile file = SafetensorsFile.of(bytes, "F")) {
      ModelFormatException e =
          assertThrows(ModelFormatException.class, () -> ModelFile.load(file, options));
      assertEquals(
          "F: holds a whole network, which tells its layers itself: no --family, no --activation,"
              + " no --resolution",
          e.getMessage());
    }
  }

  static List<LoadOptions> statements() {
    return List.of(
        new LoadOptions(Optional.empty(), OptionalInt.of(224)),
        new LoadOptions(Optional.of("mobilenet-v1"), OptionalInt.empty()),
        new LoadOptions(Optional.empty(), OptionalInt.empty(), Optional.of(Clamp.RELU)));
  }

  /** Writes a file of the network of all operations with a change to what it says. */
  private static String refusal(
      UnaryOperator<String> json, UnaryOperator<Map<String, FloatTensor>> change)
      throws IOException {
    byte[] good = NetworkFile.encode(everything(), ABOUT, QuantSpec.NONE);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    Map<String, int[]> tables = new LinkedHashMap<>();
    String text;
    try (SafetensorsFile file = SafetensorsFile.of(good, "F")) {
      text = file.metadata().get(NetworkFile.GRAPH_KEY);
      for (TensorInfo info : file.tensors().values()) {
        if (info.dtype().equals("I32")) {
          tables.put(info.name(), file.readTable(info.name()));
        } else {
          tensors.put(info.name(), file.read(info.name()));
        }
      }
    }
    String changed = json.apply(text);
    Map<String, FloatTensor> others = change.apply(new LinkedHashMap<>(tensors));
    assertTrue(!changed.equals(text) || !others.equals(tensors), "nothing is changed");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    SafetensorsWriter.write(out, others, tables, Map.of(NetworkFile.GRAPH_KEY, changed));
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> read(out.toByteArray()));
    assertTrue(e.getMessage().startsWith("F: ") && !e.getMessage().contains("\n"), e.getMessage());
    return e.getMessage().substring(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"version\":1|\"version\":2|depthscope.graph: version is 2; this program reads 1",
        "\"version\":1,||depthscope.graph: version is missing",
        "\"version\":1|\"version\":1,\"x\":0|depthscope.graph: x is unknown",
        "\"op\":\"concat\"|\"op\":\"glue\"|node both: op is the unknown word 'glue'",
        "\"op\":\"concat\"|\"op\":\"concat\",\"k\":1|node both: k is unknown",
        "\"channels\":4,\"inputs\":[\"in put\"]|\"channels\":4,\"inputs\":[\"f\"]|node a: inputs is"
            + " 'f', which is no node before it",
        "\"outputs\":[\"mean\"|\"outputs\":[\"x\"|depthscope.graph: outputs is 'x', which is no node"
            + " before it",
        "\"outputs\":[\"mean\",\"sum\"]|\"outputs\":[]|outputs [] are none, or one twice",
        "\"stride\":[2,1]|\"stride\":[2,0]|node a: stride is not an integer in 1..2147483647",
        "\"groups\":2|\"groups\":3|3 groups do not divide 4 output channels",
        "\"name\":\"f\"|\"name\":\"a\"|node a: name is that of another node, too",
        "\"shape\":[9,8,4]|\"shape\":[60000,8,60000]|shape too large: 60000x8x60000",
        "\"shape\":[9,8,4]|\"shape\":[9,8,6]|node a: a kernel [4, 3, 2, 2] with 4 biases, expected"
            + " [4, 3, 2, 3]",
        "\"shape\":[9,8,4]|\"shape\":[9000,8000,4]|node in put: output is 9000x8000x4, more than"
            + " 134217728 values",
        "\"clamp\":\"relu6\"|\"clamp\":\"relu7\"|node sum: clamp is the unknown word 'relu7'",
        "\"clamp\":\"relu6\"|\"clamp\":[2,1]|nothing lies in 2.0..1.0",
        "\"word\":\"space-to-depth\"|\"word\":\"A\"|'A' is no word for an operation",
        "\"size\":[5,3]|\"size\":[5,3,3]|node resized: size is not an array of 2",
        "\"family\":\"onnx\"|\"family\":\"a b\"|depthscope.graph: family is the unknown word 'a b'",
        "\"name\":\"slope\"|\"name\":\"slop\"|tensor 'slop.slope' is missing",
        "\"size\":5|\"size\":0|node lrn: size is not an integer in 1..2147483647",
      })
  void refusesGraphsThatCannotBe(String from, String to, String reason) throws IOException {
    String with = to == null ? "" : to;
    assertEquals(reason, refusal(text -> text.replace(from, with), UnaryOperator.identity()));
  }

  @Test
  void refusesTensorsThatDoNotFit() throws IOException {
    assertEquals(
        "tensor extra belongs to no node",
        refusal(
            UnaryOperator.identity(),
            t -> {
              t.put("extra", FloatTensor.of(new float[1], 1));
              return t;
            }));
    assertEquals(
        "tensor 'a.bias' is missing",
        refusal(
            UnaryOperator.identity(),
            t -> {
              t.remove("a.bias");
              return t;
            }));
    assertEquals(
        "node a: bias[1] is NaN",
        refusal(
            UnaryOperator.identity(),
            t -> {
              t.put("a.bias", FloatTensor.of(new float[] {0, Float.NaN, 0, 0}, 4));
              return t;
            }));
    assertEquals(
        "tensor a.kernel belongs to two nodes",
        refusal(
            text ->
                text.replace("\"name\":\"a.baseline\"", "\"name\":\"b\",\"tensors\":\"a\"")
                    .replace("\"a.baseline\"", "\"b\""),
            UnaryOperator.identity()));
    assertTrue(
        refusal(text -> text.substring(9), UnaryOperator.identity())
            .startsWith("depthscope.graph is not JSON (line 1, column "));
    assertEquals("depthscope.graph is no JSON object", refusal(t -> "[]", t -> t));
  }

  @Test
  void damagedFilesAreRefusedInOneLine(@TempDir Path folder) throws IOException {
    Network plain = everything();
    int[] dims = plain.weights().get("a").kernel().dims();
    ImageSettings images =
        new ImageSettings(
            Optional.of(new ImageSettings.ShortSide(256, 224)),
            Optional.of(List.of(1.0, 2.0, 3.0, 4.0)),
            Optional.of(List.of(1.0, 2.0, 3.0, 4.0)),
            Optional.of("bicubic"),
            Optional.of("bgr"),
            "a note");
    NetworkFile.About about = new NetworkFile.About("onnx", Optional.of(images));
    Network mended = plain.withMended(Map.of("a", weights(dims, 4)));
    Files.write(
        folder.resolve("all.safetensors"), NetworkFile.encode(mended, about, QuantSpec.NONE));
    for (String name : List.of("separable_w8a8", "moved", "branched")) {
      Network network = GoldenCase.read(name).network();
      Files.write(
          folder.resolve(name + ".safetensors"),
          NetworkFile.encode(network, ABOUT, QuantSpec.NONE));
    }
    DamagedFiles.check(
        folder.toString(),
        ".safetensors",
        0.5,
        (name, bytes, options) -> {
          try (SafetensorsFile file = SafetensorsFile.of(bytes, name)) {
            return ModelFile.load(file, options);
          }
        });
  }
}
