package io.depthscope.graph.exchange;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A network as JSON and the tensors that it speaks of; {@link GraphDecoder} reads them back. What a
 * node holds one of for each weight, channel or value is a tensor, {@code NODE.WORD}; all else
 * stands in the JSON.
 */
final class GraphEncoder {
  static final String KERNEL = "kernel";
  static final String BIAS = "bias";
  static final String BASELINE = "baseline";

  /** Of a layer that had a batch norm: what was folded. */
  static final String STORED = "stored";

  static final String STORED_KERNEL = "stored.kernel";
  static final String STORED_BIAS = "stored.bias";
  static final String GAMMA = "bn.gamma";
  static final String BETA = "bn.beta";
  static final String MEAN = "bn.mean";
  static final String VARIANCE = "bn.variance";

  static final String LOWER = "clamp.lower";
  static final String UPPER = "clamp.upper";
  static final String SLOPE = "slope";
  static final String SOURCE = "source";
  static final String FILL = "fill";

  /** The clamp of a node whose channels have their own. */
  static final String PER_CHANNEL = "per-channel";

  static final String INPUT = "input";
  static final String CONVOLUTION = "convolution";
  static final String POOL = "pool";
  static final String GLOBAL_POOL = "global-pool";
  static final String ELEMENTWISE = "elementwise";
  static final String UNARY = "unary";
  static final String CONCAT = "concat";
  static final String REARRANGE = "rearrange";
  static final String RESIZE = "resize";
  static final String LEAKY_RELU = "leaky-relu";
  static final String LOCAL_RESPONSE = "local-response";
  static final String LAYER_NORM = "layer-norm";
  static final String SCALE = "scale";
  static final String SHIFT = "shift";

  private final Network network;
  private final Map<String, FloatTensor> tensors = new LinkedHashMap<>();
  private final Map<String, int[]> tables = new LinkedHashMap<>();
  private final Set<String> taken = new HashSet<>(Set.of(SafetensorsHeader.METADATA_KEY));

  GraphEncoder(Network network) {
    this.network = network;
  }

  /** Tensors of float32 by name, after {@link #encode}. */
  Map<String, FloatTensor> tensors() {
    return tensors;
  }

  /** Tensors of int32 by name, after {@link #encode}. */
  Map<String, int[]> tables() {
    return tables;
  }

  /** Adds the graph to an object. */
  void encode(ObjectNode root) {
    Graph graph = network.graph();
    root.put("name", graph.name());
    ArrayNode outputs = root.putArray("outputs");
    graph.outputs().forEach(i -> outputs.add(graph.node(i).name()));
    ArrayNode nodes = root.putArray("nodes");
    for (Node node : graph.nodes()) {
      encode(node, nodes.addObject());
    }
  }

  private void encode(Node node, ObjectNode json) {
    json.put("name", node.name());
    Map<String, FloatTensor> own = new LinkedHashMap<>();
    Map<String, int[]> ownTables = new LinkedHashMap<>();
    switch (node.op()) {
      case Op.Input in -> {
        json.put("op", INPUT);
        putShape(json, in.shape());
      }
      case Op.Convolution c -> {
        json.put("op", CONVOLUTION);
        putWindow(json, c.window());
        json.put("groups", c.groups()).put("channels", c.outChannels());
        putWeights(json, own, node);
        putStored(json, own, network.stored().get(node.name()));
      }
      case Op.Pool p -> {
        json.put("op", p.window().isPresent() ? POOL : GLOBAL_POOL);
        json.put("kind", SettingsObject.word(p.kind()));
        p.window().ifPresent(w -> putWindow(json, w));
      }
      case Op.Elementwise e ->
          json.put("op", ELEMENTWISE).put("function", SettingsObject.word(e.function()));
      case Op.Unary u -> json.put("op", UNARY).put("function", SettingsObject.word(u.function()));
      case Op.Concat c -> json.put("op", CONCAT);
      case Op.Rearrange r -> {
        json.put("op", REARRANGE).put("word", r.word());
        putShape(json, r.output());
        ownTables.put(SOURCE, r.source());
        own.put(FILL, vector(r.fill()));
      }
      case Op.Resize r -> {
        json.put("op", RESIZE);
        json.putArray("size").add(r.height()).add(r.width());
        putSampling(json, "rows", r.rows());
        putSampling(json, "columns", r.columns());
      }
      case Op.LeakyRelu l -> {
        json.put("op", LEAKY_RELU);
        own.put(SLOPE, vector(l.slope()));
      }
      case Op.LocalResponse l -> {
        json.put("op", LOCAL_RESPONSE).put("size", l.size());
        // Doubles are written so that they are read back exactly.
        json.put("alpha", (double) l.alpha());
        json.put("beta", (double) l.beta());
        json.put("bias", (double) l.bias());
      }
      case LayerNorm n -> {
        json.put("op", LAYER_NORM).put("epsilon", (double) n.epsilon());
        own.put(SCALE, vector(n.scale()));
        own.put(SHIFT, vector(n.shift()));
      }
    }
    if (!node.inputs().isEmpty()) {
      ArrayNode inputs = json.putArray("inputs");
      node.inputs().forEach(i -> inputs.add(network.graph().node(i).name()));
    }
    putClamp(json, own, node.clamp());
    place(node, json, own, ownTables);
  }

  /** Gives a node's tensors names that no other has, and says so where they are unusual. */
  private void place(
      Node node, ObjectNode json, Map<String, FloatTensor> own, Map<String, int[]> ownTables) {
    Set<String> words = new HashSet<>(own.keySet());
    words.addAll(ownTables.keySet());
    String prefix = node.name();
    while (isTaken(prefix, words)) {
      prefix += "~";
    }
    if (!prefix.equals(node.name())) {
      json.put("tensors", prefix);
    }
    for (Map.Entry<String, FloatTensor> e : own.entrySet()) {
      tensors.put(prefix + "." + e.getKey(), e.getValue());
    }
    for (Map.Entry<String, int[]> e : ownTables.entrySet()) {
      tables.put(prefix + "." + e.getKey(), e.getValue());
    }
    for (String word : words) {
      taken.add(prefix + "." + word);
    }
  }

  private boolean isTaken(String prefix, Set<String> words) {
    return words.stream().anyMatch(word -> taken.contains(prefix + "." + word));
  }

  private void putWeights(ObjectNode json, Map<String, FloatTensor> own, Node node) {
    FoldedWeights run = network.quantizable(node);
    FoldedWeights baseline = network.weightsOf(node);
    Map<String, FloatTensor> others = new LinkedHashMap<>();
    if (!Arrays.equals(run.kernel().data(), baseline.kernel().data())) {
      others.put(KERNEL, baseline.kernel());
    }
    if (!Arrays.equals(run.bias(), baseline.bias())) {
      others.put(BIAS, vector(baseline.bias()));
    }
    own.put(KERNEL, run.kernel());
    own.put(BIAS, vector(run.bias()));
    if (!others.isEmpty()) {
      ArrayNode words = json.putArray(BASELINE);
      others.forEach(
          (word, tensor) -> {
            words.add(word);
            own.put(BASELINE + "." + word, tensor);
          });
    }
  }

  /** What tells which channels were dead, say: batch norms, and the weights before them. */
  private static void putStored(
      ObjectNode json, Map<String, FloatTensor> own, LayerParameters stored) {
    if (stored == null || stored.batchNorm().isEmpty()) {
      return;
    }
    BatchNorm norm = stored.batchNorm().get();
    json.putObject(STORED).put("epsilon", norm.epsilon()).put("bias", stored.bias().isPresent());
    own.put(STORED_KERNEL, stored.kernel());
    stored.bias().ifPresent(b -> own.put(STORED_BIAS, vector(b)));
    own.put(GAMMA, vector(norm.gamma()));
    own.put(BETA, vector(norm.beta()));
    own.put(MEAN, vector(norm.mean()));
    own.put(VARIANCE, vector(norm.variance()));
  }

  private static void putClamp(ObjectNode json, Map<String, FloatTensor> own, Clamp clamp) {
    if (clamp.isPerChannel()) {
      json.put("clamp", PER_CHANNEL);
      own.put(LOWER, vector(clamp.lower()));
      own.put(UPPER, vector(clamp.upper()));
    } else if (Clamp.RECTIFIERS.contains(clamp)) {
      json.put("clamp", clamp.word());
    } else if (!clamp.equals(Clamp.NONE)) {
      ArrayNode ends = json.putArray("clamp");
      putEnd(ends, clamp.lower(0));
      putEnd(ends, clamp.upper(0));
    }
  }

  /** JSON has no infinity: an open end is null, as the sides are those of an interval. */
  private static void putEnd(ArrayNode ends, float end) {
    if (Float.isInfinite(end)) {
      ends.addNull();
    } else {
      ends.add((double) end);
    }
  }

  private static void putShape(ObjectNode json, Shape shape) {
    json.putArray("shape").add(shape.height()).add(shape.width()).add(shape.channels());
  }

  private static void putWindow(ObjectNode json, Window w) {
    json.putArray("kernel").add(w.kernelH()).add(w.kernelW());
    json.putArray("stride").add(w.strideH()).add(w.strideW());
    json.putArray("dilation").add(w.dilationH()).add(w.dilationW());
    Padding p = w.padding();
    json.putArray("padding").add(p.top()).add(p.bottom()).add(p.left()).add(p.right());
  }

  private static void putSampling(ObjectNode json, String key, Sampling s) {
    json.putArray(key).add(s.step()).add(s.first());
  }

  private static FloatTensor vector(float[] values) {
    return FloatTensor.of(values, values.length);
  }
}
