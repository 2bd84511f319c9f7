package io.depthscope.verification;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.backend.InputBatch;
import io.depthscope.model.Activation;
import io.depthscope.model.BatchNorm;
import io.depthscope.model.BatchNormFolding;
import io.depthscope.model.ConvGeometry;
import io.depthscope.model.FoldedWeights;
import io.depthscope.model.Layer;
import io.depthscope.model.LayerParameters;
import io.depthscope.model.Model;
import io.depthscope.model.Node;
import io.depthscope.model.Padding;
import io.depthscope.model.Weights;
import io.depthscope.model.format.SafetensorsFile;
import io.depthscope.plan.Feed;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
  private final Model model;
  private final Weights stored;
  private final Map<String, FoldedWeights> folded = new LinkedHashMap<>();

  private GoldenCase(String name) throws IOException {
    json = readJson(name);
    String path = name + ".safetensors";
    try (SafetensorsFile file = SafetensorsFile.of(read(path, MANIFEST.get(path)), path)) {
      for (String tensor : file.tensors().keySet()) {
        tensors.put(tensor, file.read(tensor));
      }
    }
    model = new Model(name, nodes());
    stored = parameters();
    folded.putAll(BatchNormFolding.foldAll(model, stored));
  }

  /** Names of all cases, sorted. */
  public static List<String> names() {
    return MANIFEST.keySet().stream()
        .filter(file -> file.endsWith(".safetensors"))
        .map(file -> file.replace(".safetensors", ""))
        .sorted()
        .toList();
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
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      if (!HexFormat.of().formatHex(digest).equals(sha256)) {
        throw new IOException("golden file " + file + " is not the one in the manifest");
      }
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
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
    for (JsonNode n : json.get("nodes")) {
      List<Integer> inputs = new ArrayList<>();
      n.get("inputs").forEach(i -> inputs.add(names.indexOf(i.asText())));
      nodes.add(new Node(n.get("name").asText(), layer(n), inputs));
      names.add(n.get("name").asText());
    }
    return nodes;
  }

  private Layer layer(JsonNode n) {
    int[] kernel = ints(n.get("kernel"));
    int[] stride = ints(n.get("stride"));
    int[] pad = ints(n.get("padding"));
    ConvGeometry geometry =
        new ConvGeometry(
            kernel[0],
            kernel[1],
            stride[0],
            stride[1],
            new Padding(pad[0], pad[1], pad[2], pad[3]));
    Activation activation =
        Activation.valueOf(n.get("activation").asText().toUpperCase(Locale.ROOT));
    int channels = n.get("outChannels").asInt();
    boolean norm = n.get("batchNorm").asBoolean();
    boolean bias = n.get("bias").asBoolean();
    int[] input = ints(json.get("input"));
    return switch (n.get("kind").asText()) {
      case "input" -> new Layer.Input(new Shape(input[0], input[1], input[2]));
      case "conv" -> new Layer.Convolution(channels, geometry, norm, bias, activation);
      case "depthwise" -> new Layer.DepthwiseConvolution(geometry, norm, bias, activation);
      case "fully-connected" -> new Layer.FullyConnected(channels, activation);
      case "residual-add" -> new Layer.ResidualAdd(activation);
      case "global-average-pool" -> new Layer.GlobalAveragePool();
      case "average-pool" -> new Layer.AveragePool(geometry);
      case "max-pool" -> new Layer.MaxPool(geometry);
      default -> throw new IllegalArgumentException("unknown layer " + n);
    };
  }

  private Weights parameters() {
    Map<String, LayerParameters> layers = new LinkedHashMap<>();
    for (Node node : model.nodes()) {
      if (!node.layer().hasWeights()) {
        continue;
      }
      String name = node.name();
      Optional<BatchNorm> norm =
          node.layer().hasBatchNorm()
              ? Optional.of(
                  new BatchNorm(
                      data(name + ".bn.gamma"),
                      data(name + ".bn.beta"),
                      data(name + ".bn.mean"),
                      data(name + ".bn.variance"),
                      json.get("bnEpsilon").asDouble()))
              : Optional.empty();
      Optional<float[]> bias =
          node.layer().hasBias() ? Optional.of(data(name + ".bias")) : Optional.empty();
      layers.put(name, new LayerParameters(tensors.get(name + ".kernel"), bias, norm));
    }
    return new Weights(layers);
  }

  public String name() {
    return model.name();
  }

  public Model model() {
    return model;
  }

  /** The parameters before batch-norm folding. */
  public Weights stored() {
    return stored;
  }

  public Map<String, FoldedWeights> folded() {
    return folded;
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
    float[][] table = new float[model.inputShape().channels()][256];
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
        model,
        folded,
        inputTable(),
        scheme(),
        Map.of(),
        activationParams(),
        Feed.ACCUMULATED,
        pixels());
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}
