package io.depthscope.graph.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Sampling;
import io.depthscope.graph.Window;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads what {@link GraphEncoder} writes. Whatever does not fit is thrown as an
 * IllegalArgumentException that names the node.
 */
final class GraphDecoder {
  private static final int MOST_NODES = 65_536;

  private final SafetensorsFile file;
  private final SettingsObject root;
  private final Set<String> used = new HashSet<>();
  private final List<Node> nodes = new ArrayList<>();
  private final List<Shape> shapes = new ArrayList<>();
  private final Map<String, Integer> places = new HashMap<>();
  private final Map<String, FoldedWeights> weights = new LinkedHashMap<>();
  private final Map<String, LayerParameters> stored = new HashMap<>();
  private final Map<String, FoldedWeights> mended = new LinkedHashMap<>();

  GraphDecoder(SafetensorsFile file, SettingsObject root) {
    this.file = file;
    this.root = root;
  }

  /** The network; every tensor of the file must belong to it. */
  Network decode() throws ModelFormatException {
    String name = root.text("name");
    for (SettingsObject json : root.objects("nodes", MOST_NODES)) {
      add(json);
    }
    List<Integer> outputs = new ArrayList<>();
    for (String output : root.texts("outputs", MOST_NODES)) {
      outputs.add(place(root, "outputs", output));
    }
    for (String tensor : file.tensors().keySet()) {
      if (!used.contains(tensor)) {
        throw new IllegalArgumentException(
            "tensor " + ModelFormatException.shortened(tensor) + " belongs to no node");
      }
    }
    return new Network(new Graph(name, nodes, outputs), weights, stored, mended);
  }

  private int place(SettingsObject json, String key, String name) {
    Integer place = places.get(name);
    if (place == null) {
      throw json.wrong(
          key, "'" + ModelFormatException.shortened(name) + "', which is no node before it");
    }
    return place;
  }

  private void add(SettingsObject unnamed) throws ModelFormatException {
    String name = unnamed.text("name");
    SettingsObject json = unnamed.called("node " + ModelFormatException.shortened(name));
    String prefix = json.has("tensors") ? json.text("tensors") : name;
    List<Integer> inputs = new ArrayList<>();
    if (json.has("inputs")) {
      for (String input : json.texts("inputs", MOST_NODES)) {
        inputs.add(place(json, "inputs", input));
      }
    }
    Op op = op(json, prefix, inputs);
    Clamp clamp = json.has("clamp") ? clamp(json, prefix) : Clamp.NONE;
    Node node = new Node(name, op, clamp, inputs);
    if (places.put(name, nodes.size()) != null) {
      throw json.wrong("name", "that of another node, too");
    }
    Shape shape = Graph.inferShape(node, shapes);
    if (shape.size() > NdArray.MOST_MADE) {
      throw json.wrong("output", shape + ", more than " + NdArray.MOST_MADE + " values");
    }
    nodes.add(node);
    shapes.add(shape);
    if (op.hasWeights()) {
      addWeights(json, node, prefix);
      if (json.has(GraphEncoder.STORED)) {
        stored.put(
            name, stored(json, prefix, op.kernelDims(inputs.stream().map(shapes::get).toList())));
      }
    }
    json.requireAllRead();
  }

  private Op op(SettingsObject json, String prefix, List<Integer> inputs)
      throws ModelFormatException {
    String word = json.text("op");
    return switch (word) {
      case GraphEncoder.INPUT -> new Op.Input(shape(json));
      case GraphEncoder.CONVOLUTION ->
          new Op.Convolution(
              window(json),
              json.integer("groups", Integer.MAX_VALUE),
              json.integer("channels", Integer.MAX_VALUE));
      case GraphEncoder.POOL -> Op.Pool.of(kind(json), window(json));
      case GraphEncoder.GLOBAL_POOL -> new Op.Pool(kind(json), Optional.empty());
      case GraphEncoder.ELEMENTWISE ->
          new Op.Elementwise(json.constant("function", Op.Elementwise.Function.values(), null));
      case GraphEncoder.UNARY ->
          new Op.Unary(json.constant("function", Op.Unary.Function.values(), null));
      case GraphEncoder.CONCAT -> new Op.Concat(inputs.size());
      case GraphEncoder.REARRANGE -> {
        if (inputs.size() != 1) {
          throw json.wrong("inputs", "not one node");
        }
        yield new Op.Rearrange(
            shapes.get(inputs.getFirst()),
            shape(json),
            file.readTable(used(prefix, GraphEncoder.SOURCE)),
            values(prefix, GraphEncoder.FILL),
            json.text("word"));
      }
      case GraphEncoder.RESIZE -> {
        int[] size = json.integers("size", 2, 1, Integer.MAX_VALUE);
        yield new Op.Resize(size[0], size[1], sampling(json, "rows"), sampling(json, "columns"));
      }
      case GraphEncoder.LEAKY_RELU -> new Op.LeakyRelu(values(prefix, GraphEncoder.SLOPE));
      case GraphEncoder.LOCAL_RESPONSE ->
          new Op.LocalResponse(
              json.integer("size", Integer.MAX_VALUE),
              (float) json.number("alpha"),
              (float) json.number("beta"),
              (float) json.number("bias"));
      case GraphEncoder.LAYER_NORM ->
          new LayerNorm(
              (float) json.number("epsilon"),
              values(prefix, GraphEncoder.SCALE),
              values(prefix, GraphEncoder.SHIFT));
      default -> throw json.unknownWord("op", word);
    };
  }

  private static Op.Pool.Kind kind(SettingsObject json) {
    return json.constant("kind", Op.Pool.Kind.values(), null);
  }

  private static Shape shape(SettingsObject json) {
    int[] dims = json.integers("shape", 3, 1, Integer.MAX_VALUE);
    return new Shape(dims[0], dims[1], dims[2]);
  }

  private static Window window(SettingsObject json) {
    int[] kernel = json.integers("kernel", 2, 1, Integer.MAX_VALUE);
    int[] stride = json.integers("stride", 2, 1, Integer.MAX_VALUE);
    int[] dilation = json.integers("dilation", 2, 1, Integer.MAX_VALUE);
    int[] p = json.integers("padding", 4, 0, Integer.MAX_VALUE);
    return new Window(
        kernel[0],
        kernel[1],
        stride[0],
        stride[1],
        dilation[0],
        dilation[1],
        new Padding(p[0], p[1], p[2], p[3]));
  }

  private static Sampling sampling(SettingsObject json, String key) {
    JsonNode pair = json.array(key, 2);
    return new Sampling(json.number(pair.get(0), key), json.number(pair.get(1), key));
  }

  private Clamp clamp(SettingsObject json, String prefix) throws ModelFormatException {
    JsonNode stated = json.get("clamp");
    if (stated.isArray()) {
      JsonNode ends = json.array("clamp", 2);
      return Clamp.of(
          end(json, ends.get(0), Float.NEGATIVE_INFINITY),
          end(json, ends.get(1), Float.POSITIVE_INFINITY));
    }
    String word = json.text("clamp");
    if (word.equals(GraphEncoder.PER_CHANNEL)) {
      return new Clamp(values(prefix, GraphEncoder.LOWER), values(prefix, GraphEncoder.UPPER));
    }
    try {
      return Clamp.named(word);
    } catch (IllegalArgumentException e) {
      throw json.unknownWord("clamp", word);
    }
  }

  private static float end(SettingsObject json, JsonNode stated, float open) {
    return stated.isNull() ? open : (float) json.number(stated, "clamp");
  }

  private void addWeights(SettingsObject json, Node node, String prefix)
      throws ModelFormatException {
    FoldedWeights run =
        new FoldedWeights(
            finite(json, prefix, GraphEncoder.KERNEL),
            finite(json, prefix, GraphEncoder.BIAS).data());
    if (!json.has(GraphEncoder.BASELINE)) {
      weights.put(node.name(), run);
      return;
    }
    FloatTensor kernel = run.kernel();
    float[] bias = run.bias();
    for (String word : json.texts(GraphEncoder.BASELINE, 2)) {
      FloatTensor own = finite(json, prefix, GraphEncoder.BASELINE + "." + word);
      switch (word) {
        case GraphEncoder.KERNEL -> kernel = own;
        case GraphEncoder.BIAS -> bias = own.data();
        default -> throw json.unknownWord(GraphEncoder.BASELINE, word);
      }
    }
    mended.put(node.name(), run);
    weights.put(node.name(), new FoldedWeights(kernel, bias));
  }

  private LayerParameters stored(SettingsObject json, String prefix, int[] dims)
      throws ModelFormatException {
    SettingsObject said = json.object(GraphEncoder.STORED);
    double epsilon = said.number("epsilon");
    if (!(epsilon >= 0 && epsilon <= 1)) {
      throw said.wrong("epsilon", epsilon + ", not within 0..1");
    }
    boolean biased = said.bool("bias");
    said.requireAllRead();
    FloatTensor kernel = finite(json, prefix, GraphEncoder.STORED_KERNEL);
    if (!Arrays.equals(kernel.dims(), dims)) {
      throw json.wrong(
          GraphEncoder.STORED_KERNEL, kernel.dimsText() + ", not " + Arrays.toString(dims));
    }
    Optional<float[]> bias =
        biased
            ? Optional.of(each(json, prefix, GraphEncoder.STORED_BIAS, dims[0]))
            : Optional.empty();
    BatchNorm norm =
        new BatchNorm(
            each(json, prefix, GraphEncoder.GAMMA, dims[0]),
            each(json, prefix, GraphEncoder.BETA, dims[0]),
            each(json, prefix, GraphEncoder.MEAN, dims[0]),
            each(json, prefix, GraphEncoder.VARIANCE, dims[0]),
            epsilon);
    return new LayerParameters(kernel, bias, Optional.of(norm));
  }

  /** One number for each channel. */
  private float[] each(SettingsObject json, String prefix, String word, int channels)
      throws ModelFormatException {
    float[] values = finite(json, prefix, word).data();
    if (values.length != channels) {
      throw json.wrong(word, values.length + " numbers for " + channels + " channels");
    }
    return values;
  }

  /** A tensor's name, which nobody else may read. */
  private String used(String prefix, String word) {
    String name = prefix + "." + word;
    if (!used.add(name)) {
      throw new IllegalArgumentException(
          "tensor " + ModelFormatException.shortened(name) + " belongs to two nodes");
    }
    return name;
  }

  private float[] values(String prefix, String word) throws ModelFormatException {
    return file.read(used(prefix, word)).data();
  }

  private FloatTensor finite(SettingsObject json, String prefix, String word)
      throws ModelFormatException {
    FloatTensor tensor = file.read(used(prefix, word));
    float[] values = tensor.data();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw json.wrong(word + "[" + i + "]", Float.toString(values[i]));
      }
    }
    return tensor;
  }

  /** Names of nodes that are mended, in the order of the graph. */
  List<String> mendedNames() {
    return List.copyOf(mended.keySet());
  }
}
