package io.depthscope.graph.exchange.keras;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.keras.Calls.Literal;
import io.depthscope.graph.exchange.keras.Calls.Operand;
import io.depthscope.graph.exchange.keras.Calls.Reference;
import io.depthscope.graph.exchange.lowering.FileGraph;
import io.depthscope.graph.exchange.lowering.FileGraphWriter;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Tells what the model of a Keras file computes, models inside it included. */
final class Models {
  static final int MOST_AXES = 8;
  private static final int MOST_LAYERS = 5000;
  private static final int MOST_NESTED = 16;

  private final String name;
  private final KerasFile file;
  private final FileGraphWriter out;
  private final Layers layers;
  private int calls;

  Models(String name, KerasFile file) {
    this.name = name;
    this.file = file;
    this.out = new FileGraphWriter(name);
    this.layers = new Layers(out, file.weights(), file.major());
  }

  /**
   * A value with the number of its axes, the batch among them.
   *
   * @param value of the graph
   */
  record Tensor(String value, int rank) {}

  /** A call of a layer that waits for what it reads. */
  private record Call(LayerConfig layer, int number, String kind, Calls.Arguments arguments) {}

  /**
   * The whole graph.
   *
   * @throws ModelFormatException naming the first layer that cannot be told
   */
  FileGraph graph() throws ModelFormatException {
    LayerConfig model = LayerConfig.of(file.config());
    List<Integer> extents;
    try {
      extents = inputExtents(model, 0);
    } catch (Refused e) {
      throw new ModelFormatException(name, e.getMessage(), e);
    }
    String input = out.input(inputName(model));
    List<Named> ends =
        model(
            model,
            List.of(new Tensor(input, extents.size())),
            new Weights.Place(List.of(), List.of()),
            0);
    int[] open = extents.stream().mapToInt(e -> e > 0 ? e : -1).toArray();
    return out.graph(
        input,
        open,
        ends.stream().map(e -> new FileGraphWriter.Output(e.tensor().value(), e.name())).toList());
  }

  /** An output with the layer's name. */
  private record Named(String name, Tensor tensor) {}

  static boolean isModel(LayerConfig layer) {
    return List.of("Functional", "Model", "Sequential").contains(layer.kind());
  }

  private static boolean isSequential(LayerConfig model) {
    return model.kind().equals("Sequential");
  }

  private static List<LayerConfig> layersOf(LayerConfig model) {
    // Keras 1 wrote the layers of a sequential model without a frame.
    JsonNode all = model.json().isArray() ? model.json() : model.json().path("layers");
    if (!all.isArray() || all.isEmpty()) {
      throw new Refused("model " + ModelFormatException.shortened(model.name()) + " has no layers");
    }
    if (all.size() > MOST_LAYERS) {
      throw new Refused("has " + all.size() + " layers");
    }
    List<LayerConfig> out = new ArrayList<>();
    all.forEach(entry -> out.add(LayerConfig.of(entry)));
    return out;
  }

  private String inputName(LayerConfig model) {
    for (LayerConfig l : layersOf(model)) {
      if (l.kind().equals("InputLayer")) {
        return l.name();
      }
    }
    return "input";
  }

  /** Extents of the input, the batch first; 0 or less for what is open. */
  private List<Integer> inputExtents(LayerConfig model, int depth) {
    if (depth > MOST_NESTED || !isModel(model)) {
      throw new Refused(
          "holds a model of the kind "
              + ModelFormatException.shortened(model.kind())
              + "; Functional and Sequential ones can be run");
    }
    if (!isSequential(model)) {
      List<Reference> inputs = Calls.references(model.json().path("input_layers"));
      if (inputs.size() != 1) {
        throw new Refused("has " + inputs.size() + " inputs; networks of one can be run");
      }
    }
    for (LayerConfig l : layersOf(model)) {
      for (String setting : List.of("batch_shape", "batch_input_shape")) {
        if (l.has(setting)) {
          return shape(l.integers(setting));
        }
      }
      if (isModel(l)) {
        return inputExtents(l, depth + 1);
      }
      if (isSequential(model)) {
        break;
      }
    }
    List<Integer> built = model.integers("build_input_shape");
    if (built.isEmpty()) {
      throw new Refused("does not say what its input is");
    }
    return shape(built);
  }

  private static List<Integer> shape(List<Integer> stated) {
    if (stated.size() < 2) {
      throw new Refused("its input has " + stated.size() + " axes");
    }
    return stated;
  }

  /**
   * Tells a model.
   *
   * @param place of the model; empty for the outermost
   */
  private List<Named> model(LayerConfig model, List<Tensor> inputs, Weights.Place place, int depth)
      throws ModelFormatException {
    try {
      if (depth > MOST_NESTED) {
        throw new Refused("holds models inside models inside models");
      }
      return isSequential(model)
          ? sequential(model, inputs, place, depth)
          : functional(model, inputs, place, depth);
    } catch (Refused e) {
      throw new ModelFormatException(name, e.getMessage(), e);
    }
  }

  /** Names of the groups that layers lie in: their class and how many of it come before. */
  private static List<String> kinds(List<LayerConfig> layers) {
    Map<String, Integer> seen = new HashMap<>();
    List<String> out = new ArrayList<>();
    for (LayerConfig l : layers) {
      String kind = snake(l.kind());
      int before = seen.merge(kind, 1, Integer::sum) - 1;
      out.add(before == 0 ? kind : kind + "_" + before);
    }
    return out;
  }

  private static String snake(String kind) {
    return kind.replaceAll("\\W+", "")
        .replaceAll("(.)([A-Z][a-z]+)", "$1_$2")
        .replaceAll("([a-z])([A-Z])", "$1_$2")
        .toLowerCase(Locale.ROOT);
  }

  private List<Named> sequential(
      LayerConfig model, List<Tensor> inputs, Weights.Place place, int depth)
      throws ModelFormatException {
    List<LayerConfig> all = layersOf(model);
    List<String> kinds = kinds(all);
    List<Tensor> now = inputs;
    String last = model.name();
    for (int i = 0; i < all.size(); i++) {
      LayerConfig layer = all.get(i);
      if (!layer.kind().equals("InputLayer")) {
        Weights.Place at = inside(place, layer, kinds.get(i));
        now = call(layer, now, MissingNode.getInstance(), at, depth);
        last = layer.name();
      }
    }
    String name = last;
    return now.stream().map(t -> new Named(name, t)).toList();
  }

  private static Weights.Place inside(Weights.Place model, LayerConfig layer, String kind) {
    List<String> names = new ArrayList<>(model.names());
    List<String> kinds = new ArrayList<>(model.kinds());
    names.add(layer.name());
    kinds.add(kind);
    return new Weights.Place(names, kinds);
  }

  private List<Named> functional(
      LayerConfig model, List<Tensor> inputs, Weights.Place place, int depth)
      throws ModelFormatException {
    List<LayerConfig> all = layersOf(model);
    List<String> kinds = kinds(all);
    Map<Reference, Tensor> given = new HashMap<>();
    List<Reference> starts = Calls.references(model.json().path("input_layers"));
    if (starts.size() != inputs.size()) {
      throw new Refused("has " + starts.size() + " inputs, " + inputs.size() + " are given");
    }
    for (int i = 0; i < starts.size(); i++) {
      given.put(starts.get(i), inputs.get(i));
    }
    List<Call> waiting = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      int number = 0;
      for (Calls.Arguments arguments : calls(all.get(i), inside(place, all.get(i), kinds.get(i)))) {
        waiting.add(new Call(all.get(i), number++, kinds.get(i), arguments));
      }
    }
    if (waiting.size() > MOST_LAYERS) {
      throw new Refused("calls its layers " + waiting.size() + " times");
    }
    while (!waiting.isEmpty()) {
      List<Call> later = new ArrayList<>();
      for (Call c : waiting) {
        List<Operand> reads = c.arguments().reads();
        if (reads.stream().anyMatch(r -> r instanceof Reference && !given.containsKey(r))) {
          later.add(c);
          continue;
        }
        Weights.Place at = inside(place, c.layer(), c.kind());
        List<Tensor> read = reads.stream().map(r -> tensor(r, given, at)).toList();
        List<Tensor> made = call(c.layer(), read, c.arguments().stated(), at, depth);
        for (int k = 0; k < made.size(); k++) {
          given.put(new Reference(c.layer().name(), c.number(), k), made.get(k));
        }
      }
      if (later.size() == waiting.size()) {
        Call stuck = later.getFirst();
        throw refused(stuck.layer(), stuck.layer().name(), "reads what nothing gives", null);
      }
      waiting = later;
    }
    List<Named> ends = new ArrayList<>();
    for (Reference r : Calls.references(model.json().path("output_layers"))) {
      Tensor t = given.get(r);
      if (t == null) {
        throw new Refused(
            "output " + ModelFormatException.shortened(r.layer()) + " is given by no layer");
      }
      ends.add(new Named(r.layer(), t));
    }
    return ends;
  }

  private List<Calls.Arguments> calls(LayerConfig layer, Weights.Place place)
      throws ModelFormatException {
    try {
      return Calls.of(layer);
    } catch (Refused e) {
      throw refused(layer, title(place), e.getMessage(), e);
    }
  }

  private static String title(Weights.Place place) {
    return String.join("/", place.names());
  }

  private Tensor tensor(Operand read, Map<Reference, Tensor> given, Weights.Place place) {
    return switch (read) {
      case Reference r -> given.get(r);
      case Literal(NdArray values) ->
          new Tensor(out.constant(title(place) + "/literal", values), values.rank());
    };
  }

  private ModelFormatException refused(
      LayerConfig layer, String title, String reason, Exception cause) {
    return new ModelFormatException(
        name,
        "layer "
            + ModelFormatException.shortened(title)
            + " ("
            + ModelFormatException.shortened(layer.kind())
            + "): "
            + reason,
        cause);
  }

  private List<Tensor> call(
      LayerConfig layer, List<Tensor> inputs, JsonNode stated, Weights.Place place, int depth)
      throws ModelFormatException {
    if (++calls > MOST_LAYERS) {
      throw new Refused("calls its layers more than " + MOST_LAYERS + " times");
    }
    if (isModel(layer)) {
      return model(layer, inputs, place, depth + 1).stream().map(Named::tensor).toList();
    }
    String title = title(place);
    try {
      return List.of(layers.translated(new Layers.Use(layer, title, place, inputs, stated)));
    } catch (Refused | IllegalArgumentException | ArithmeticException e) {
      throw refused(layer, title, String.valueOf(e.getMessage()), e);
    }
  }
}
