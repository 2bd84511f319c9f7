package io.depthscope.verification;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.file.Sha256;
import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Sampling;
import io.depthscope.graph.Window;
import io.depthscope.graph.exchange.KernelLayout;
import io.depthscope.graph.exchange.SafetensorsFile;
import io.depthscope.plan.Feed;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One small network of test-data/golden with everything that the independent implementation under
 * tools/golden found for it: the tensors of both streams, the parameters and the figures.
 */
public final class GoldenCase {
  private static final String ROOT = "/io/depthscope/golden/";

  private static final Map<String, String> MANIFEST = manifest();

  private final JsonNode json;
  private final Map<String, FloatTensor> tensors = new LinkedHashMap<>();
  private final Network network;

  private GoldenCase(String name) throws IOException {
    json = readJson(name);
    String path = name + ".safetensors";
    try (SafetensorsFile file = SafetensorsFile.of(read(path, MANIFEST.get(path)), path)) {
      for (String tensor : file.tensors().keySet()) {
        tensors.put(tensor, file.read(tensor));
      }
    }
    Graph graph = new Graph(name, nodes());
    network = Network.folding(graph, parameters(graph));
  }

  /** Names of all cases, sorted. */
  public static List<String> names() {
    return MANIFEST.keySet().stream()
        .filter(file -> file.endsWith(".safetensors"))
        .map(file -> file.replace(".safetensors", ""))
        .sorted()
        .toList();
  }

  /** The cases a backend has all operations for. */
  public static List<String> namesFor(Backend backend) throws IOException {
    List<String> names = new ArrayList<>();
    for (String name : names()) {
      if (read(name).planCase().runsOn(backend)) {
        names.add(name);
      }
    }
    return names;
  }

  /** SHA-256 of each golden file by name, from the manifest of test data. */
  private static Map<String, String> manifest() {
    try {
      Map<String, String> hashes = new TreeMap<>();
      for (JsonNode file : new ObjectMapper().readTree(bytes("MANIFEST.json")).get("files")) {
        String path = file.get("path").asText();
        if (path.startsWith("golden/")) {
          hashes.put(path.substring("golden/".length()), file.get("sha256").asText());
        }
      }
      return hashes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(String file) throws IOException {
    try (InputStream in = GoldenCase.class.getResourceAsStream(ROOT + file)) {
      if (in == null) {
        throw new FileNotFoundException("golden file " + file + " is missing in this build");
      }
      return in.readAllBytes();
    }
  }

  private static byte[] read(String file, String sha256) throws IOException {
    byte[] bytes = bytes(file);
    if (!Sha256.of(bytes).equals(sha256)) {
      throw new IOException("golden file " + file + " is not the one in the manifest");
    }
    return bytes;
  }

  public static GoldenCase read(String name) throws IOException {
    return new GoldenCase(name);
  }

  /** A JSON file of the golden folder. */
  public static JsonNode readJson(String name) throws IOException {
    return new ObjectMapper().readTree(read(name + ".json", MANIFEST.get(name + ".json")));
  }

  private List<Node> nodes() {
    List<Node> nodes = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<Shape> shapes = new ArrayList<>(List.of(shape(json.get("input"))));
    for (JsonNode n : json.get("nodes")) {
      List<Integer> inputs = new ArrayList<>();
      n.get("inputs").forEach(i -> inputs.add(names.indexOf(i.asText())));
      Node node = node(n, shapes.get(inputs.isEmpty() ? 0 : inputs.getFirst()), inputs);
      nodes.add(node);
      names.add(n.get("name").asText());
      if (!inputs.isEmpty()) {
        shapes.add(Graph.inferShape(node, shapes));
      }
    }
    return nodes;
  }

  private static Shape shape(JsonNode extents) {
    int[] e = ints(extents);
    return new Shape(e[0], e[1], e[2]);
  }

  /**
   * @param in shape of its first input; of the network's input, its own
   */
  private static Node node(JsonNode n, Shape in, List<Integer> inputs) {
    String kind = n.get("kind").asText();
    int channels = n.get("outChannels").asInt();
    Clamp clamp =
        n.has("clamp")
            ? new Clamp(floats(n.get("clamp").get(0)), floats(n.get("clamp").get(1)))
            : Clamp.named(n.get("activation").asText());
    int groups = intOr(n, "groups", kind.equals("depthwise") ? channels : 1);
    Op op =
        switch (kind) {
          case "input" -> new Op.Input(in);
          case "resize-bilinear" -> resize(n, in);
          case "leaky-relu" -> new Op.LeakyRelu(floats(n.get("slope")));
          case "local-response" -> {
            float[] r = floats(n.get("response"));
            yield new Op.LocalResponse((int) r[0], r[1], r[2], r[3]);
          }
          case "layer-norm" ->
              new LayerNorm(
                  (float) n.get("epsilon").asDouble(),
                  floats(n.get("scale")),
                  floats(n.get("shift")));
          default ->
              n.has("source")
                  ? rearranged(n, in, kind, channels)
                  : LayerLine.op(kind, Optional.of(window(n)), groups, channels, inputs.size());
        };
    return new Node(n.get("name").asText(), op, clamp, inputs);
  }

  private static Op rearranged(JsonNode n, Shape in, String kind, int channels) {
    int[] to = ints(n.get("to"));
    Shape out = new Shape(to[0], to[1], channels);
    return new Op.Rearrange(in, out, ints(n.get("source")), floats(n.get("fill")), kind);
  }

  private static Op resize(JsonNode n, Shape in) {
    int[] to = ints(n.get("to"));
    boolean corners = n.get("corners").asBoolean();
    return new Op.Resize(
        to[0], to[1], along(corners, in.height(), to[0]), along(corners, in.width(), to[1]));
  }

  private static Sampling along(boolean corners, int in, int out) {
    return corners ? Sampling.alignedCorners(in, out) : Sampling.halfPixel((double) out / in);
  }

  private static Window window(JsonNode n) {
    int[] kernel = ints(n.get("kernel"));
    int[] stride = ints(n.get("stride"));
    int[] pad = ints(n.get("padding"));
    int dilation = intOr(n, "dilation", 1);
    return new Window(
            kernel[0], kernel[1], stride[0], stride[1], new Padding(pad[0], pad[1], pad[2], pad[3]))
        .dilated(dilation, dilation);
  }

  private static int intOr(JsonNode n, String key, int otherwise) {
    return n.has(key) ? n.get(key).asInt() : otherwise;
  }

  private Map<String, LayerParameters> parameters(Graph graph) {
    Map<String, LayerParameters> layers = new LinkedHashMap<>();
    for (int i = 0; i < graph.size(); i++) {
      JsonNode n = json.get("nodes").get(i);
      String name = graph.node(i).name();
      if (!graph.node(i).op().hasWeights()) {
        continue;
      }
      Optional<BatchNorm> norm =
          n.get("batchNorm").asBoolean()
              ? Optional.of(
                  new BatchNorm(
                      data(name + ".bn.gamma"),
                      data(name + ".bn.beta"),
                      data(name + ".bn.mean"),
                      data(name + ".bn.variance"),
                      json.get("bnEpsilon").asDouble()))
              : Optional.empty();
      Optional<float[]> bias =
          n.get("bias").asBoolean() ? Optional.of(data(name + ".bias")) : Optional.empty();
      FloatTensor kernel = own(tensors.get(name + ".kernel"), graph.kernelDims(i));
      layers.put(name, new LayerParameters(kernel, bias, norm));
    }
    return layers;
  }

  /** A kernel in our order; the files hold depthwise ones as [KH, KW, C]. */
  private static FloatTensor own(FloatTensor stored, int[] dims) {
    return stored.dims().length == 3 ? KernelLayout.HWC.toOwn(stored, dims) : stored;
  }

  /**
   * A tensor of the file with an element for each of a node's kernel, in the kernel's own order.
   */
  public float[] kernelData(String tensor, int node) {
    return own(tensors.get(tensor), graph().kernelDims(node)).data();
  }

  public String name() {
    return graph().name();
  }

  public Network network() {
    return network;
  }

  public Graph graph() {
    return network.graph();
  }

  public JsonNode json() {
    return json;
  }

  /** The figures of one node. */
  public JsonNode layer(String node) {
    return json.get("layers").get(node);
  }

  /** True if no value lies so near a tie that another order of summation could change its code. */
  public boolean exactCodes() {
    return json.get("exactCodes").asBoolean();
  }

  /** Values of a tensor of the safetensors file, such as {@code fp32/stem}. */
  public float[] data(String tensor) {
    FloatTensor t = tensors.get(tensor);
    if (t == null) {
      throw new IllegalArgumentException(name() + " has no tensor " + tensor);
    }
    return t.data();
  }

  public boolean has(String tensor) {
    return tensors.containsKey(tensor);
  }

  public int images() {
    return json.get("images").asInt();
  }

  /** The images as pixel codes. */
  public InputBatch pixels() {
    float[] values = data("pixels");
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) (int) values[i];
    }
    int[] indices = new int[images()];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = i;
    }
    return new InputBatch(indices.length, indices, bytes, null);
  }

  /** (p - 127.5) / 127.5 for every pixel code and channel. */
  public float[][] inputTable() {
    float[][] table = new float[graph().inputShape().channels()][256];
    for (float[] channel : table) {
      for (int p = 0; p < 256; p++) {
        channel[p] = (float) ((p - 127.5) / 127.5);
      }
    }
    return table;
  }

  public QuantScheme scheme() {
    JsonNode s = json.get("scheme");
    return new QuantScheme(
        format(s, "weight"),
        format(s, "activation"),
        s.get("granularity").asText().equals("per-channel")
            ? Granularity.PER_CHANNEL
            : Granularity.PER_TENSOR,
        new RangeEstimator.MinMax(),
        new RangeEstimator.MinMax());
  }

  private static Optional<QuantFormat> format(JsonNode s, String side) {
    JsonNode bits = s.get(side + "Bits");
    return bits.isNull()
        ? Optional.empty()
        : Optional.of(
            new QuantFormat(
                bits.asInt(),
                s.get(side + "Signed").asBoolean(),
                s.get(side + "Symmetric").asBoolean()));
  }

  /** The golden parameters of the quantized outputs, by node name. */
  public Map<String, QuantParams> activationParams() {
    Map<String, QuantParams> params = new LinkedHashMap<>();
    json.get("activationParams")
        .properties()
        .forEach(e -> params.put(e.getKey(), params(e.getValue())));
    return params;
  }

  /** Parameters as written in the file. */
  public static QuantParams params(JsonNode p) {
    return new QuantParams(
        (float) p.get("scale").asDouble(),
        p.get("zeroPoint").asInt(),
        p.get("qmin").asInt(),
        p.get("qmax").asInt());
  }

  /** The case as a backend takes it, with the golden parameters. */
  public PlanCase planCase() {
    return new PlanCase(
        "golden " + name(),
        network,
        inputTable(),
        new QuantSpec(activationParams(), SchemePolicy.weights(network, scheme())),
        Feed.ACCUMULATED,
        pixels());
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}
