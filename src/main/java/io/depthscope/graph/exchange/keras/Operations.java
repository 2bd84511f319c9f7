package io.depthscope.graph.exchange.keras;

import static io.depthscope.graph.exchange.keras.Layers.with;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.keras.Models.Tensor;
import io.depthscope.graph.exchange.lowering.Attribute;
import io.depthscope.graph.exchange.lowering.FileGraphWriter;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Operations that stand between layers, such as {@code x + 3}: those of {@code keras.ops} in Keras
 * 3, functions of TensorFlow in Keras 2.
 */
final class Operations {
  private final FileGraphWriter out;
  private final Activations activations;

  Operations(FileGraphWriter out, Activations activations) {
    this.out = out;
    this.activations = activations;
  }

  /**
   * What an operation of Keras 3 gives.
   *
   * @throws Refused if it cannot be told in ONNX's operators
   */
  Tensor translated(Layers.Use u) {
    LayerConfig c = u.config();
    String n = u.name();
    return switch (c.kind()) {
      case "Add" -> joined(u, "Add");
      case "Subtract" -> joined(u, "Sub");
      case "Multiply" -> joined(u, "Mul");
      case "Divide", "TrueDivide" -> joined(u, "Div");
      case "Maximum" -> joined(u, "Max");
      case "Minimum" -> joined(u, "Min");
      case "Negative" -> with(u.x(), out.node(n, "Mul", u.x().value(), out.scalar(n + "/-1", -1)));
      case "Square" -> with(u.x(), out.node(n, "Mul", u.x().value(), u.x().value()));
      case "Sqrt" -> with(u.x(), out.node(n, "Sqrt", u.x().value()));
      case "Exp" -> with(u.x(), out.node(n, "Exp", u.x().value()));
      case "Abs", "Absolute" -> with(u.x(), out.node(n, "Abs", u.x().value()));
      case "Relu" -> activation(u, "relu");
      case "Relu6" -> activation(u, "relu6");
      case "Sigmoid" -> activation(u, "sigmoid");
      case "Tanh" -> activation(u, "tanh");
      case "Silu" -> activation(u, "silu");
      case "HardSigmoid" -> activation(u, "hard_sigmoid");
      case "HardSilu" -> activation(u, "hard_silu");
      case "Softplus" -> activation(u, "softplus");
      case "Gelu" -> activation(u, c.flag("approximate", true) ? "gelu_tanh" : "gelu");
      case "Elu" -> with(u.x(), activations.elu(n, u.x().value(), c.real("alpha", 1)));
      case "LeakyRelu" ->
          with(u.x(), activations.leaky(n, u.x().value(), c.real("negative_slope", 0.2)));
      case "Clip" -> {
        float low = (float) c.real("x_min", Double.NEGATIVE_INFINITY);
        float high = (float) c.real("x_max", Double.POSITIVE_INFINITY);
        yield with(u.x(), out.clipped(n, u.x().value(), low, high));
      }
      case "Softmax" -> softmax(u);
      case "Mean" -> reduced(u, "ReduceMean");
      case "Sum" -> reduced(u, "ReduceSum");
      case "Max" -> reduced(u, "ReduceMax");
      case "Concatenate" -> concatenated(u, 0);
      case "Reshape" -> {
        long[] to = wholes(c.integers("newshape"));
        String target = out.row(n + "/shape", to);
        yield new Tensor(out.node(n, "Reshape", u.x().value(), target), to.length);
      }
      case "Transpose" -> {
        List<Integer> axes = c.integers("axes");
        if (axes.isEmpty()) {
          throw new Refused("turns the order of all axes around, which cannot run yet");
        }
        yield with(u.x(), out.transposed(n, u.x().value(), wholes(axes)));
      }
      case "ExpandDims" -> {
        long[] axes = axes(c, "axis");
        String y = out.node(n, "Unsqueeze", u.x().value(), out.row(n + "/axes", axes));
        yield new Tensor(y, u.x().rank() + axes.length);
      }
      case "Squeeze" -> {
        if (!c.has("axis")) {
          throw new Refused("leaves open which axes it takes away");
        }
        long[] axes = axes(c, "axis");
        String y = out.node(n, "Squeeze", u.x().value(), out.row(n + "/axes", axes));
        yield new Tensor(y, u.x().rank() - axes.length);
      }
      case "GetItem" -> part(u);
      default -> throw new Refused("cannot run yet");
    };
  }

  /** A function of TensorFlow, as Keras 2 keeps it. */
  Tensor function(Layers.Use u) {
    String word = u.config().text("function", "");
    return switch (word) {
      case "__operators__.add", "math.add" -> joined(u, "Add");
      case "math.subtract" -> joined(u, "Sub");
      case "math.multiply" -> joined(u, "Mul");
      case "math.truediv", "math.divide" -> joined(u, "Div");
      case "nn.relu" -> activation(u, "relu");
      case "nn.relu6" -> activation(u, "relu6");
      case "math.sigmoid", "nn.sigmoid" -> activation(u, "sigmoid");
      case "math.tanh", "nn.tanh" -> activation(u, "tanh");
      default ->
          throw new Refused(
              "is the function " + ModelFormatException.shortened(word) + ", which cannot run yet");
    };
  }

  private static long[] wholes(List<Integer> values) {
    return values.stream().mapToLong(i -> i).toArray();
  }

  /** Axes in a list, or one alone. */
  private static long[] axes(LayerConfig c, String setting) {
    return c.json().path(setting).isArray()
        ? wholes(c.integers(setting))
        : new long[] {c.integer(setting, -1)};
  }

  private Tensor activation(Layers.Use u, String word) {
    return with(u.x(), activations.applied(u.name(), word, u.x().value()));
  }

  private Tensor joined(Layers.Use u, String op) {
    if (u.inputs().size() != 2) {
      throw new Refused("reads " + u.inputs().size() + " values, not 2");
    }
    return combined(u.name(), op, u.inputs().get(0), u.inputs().get(1));
  }

  /** Two values, either of which may stand for more of its own. */
  Tensor combined(String name, String op, Tensor a, Tensor b) {
    return new Tensor(out.node(name, op, a.value(), b.value()), Math.max(a.rank(), b.rank()));
  }

  /** As a layer and as an operation. */
  Tensor softmax(Layers.Use u) {
    return with(u.x(), out.node(u.name(), "Softmax", axis(u, -1), u.x().value()));
  }

  /**
   * As a layer and as an operation.
   *
   * @param usual axis where none is stated
   */
  Tensor concatenated(Layers.Use u, int usual) {
    String[] all = u.some().stream().map(Tensor::value).toArray(String[]::new);
    return with(u.inputs().getFirst(), out.node(u.name(), "Concat", axis(u, usual), all));
  }

  private static Map<String, Attribute> axis(Layers.Use u, int usual) {
    return Map.of("axis", new Attribute.Whole(u.config().integer("axis", usual)));
  }

  private Tensor reduced(Layers.Use u, String op) {
    LayerConfig c = u.config();
    String n = u.name();
    if (!c.has("axis")) {
      throw new Refused("joins the images of a batch");
    }
    long[] axes = axes(c, "axis");
    boolean keeps = c.flag("keepdims", false);
    Map<String, Attribute> how = Map.of("keepdims", new Attribute.Whole(keeps ? 1 : 0));
    String y = out.node(n, op, how, u.x().value(), out.row(n + "/axes", axes));
    return new Tensor(y, u.x().rank() - (keeps ? 0 : axes.length));
  }

  /** {@code x[...]}: slices, one place of an axis, an ellipsis. */
  private Tensor part(Layers.Use u) {
    JsonNode stated = u.stated().path("args").path(1);
    List<JsonNode> keys = new ArrayList<>();
    if (stated.isArray()) {
      stated.forEach(keys::add);
    } else {
      keys.add(stated);
    }
    int rank = u.x().rank();
    List<Long> starts = new ArrayList<>();
    List<Long> ends = new ArrayList<>();
    List<Long> axes = new ArrayList<>();
    List<Long> steps = new ArrayList<>();
    List<Long> gone = new ArrayList<>();
    int axis = 0;
    for (JsonNode key : keys) {
      JsonNode config = key.path("config");
      switch (key.path("class_name").asText("")) {
        case "__ellipsis__" -> axis += rank - (keys.size() - 1);
        case "__slice__" -> {
          long step = config.path("step").asLong(1);
          starts.add(config.path("start").asLong(step < 0 ? Integer.MAX_VALUE : 0));
          ends.add(config.path("stop").asLong(step < 0 ? -Integer.MAX_VALUE : Integer.MAX_VALUE));
          steps.add(step);
          axes.add((long) axis++);
        }
        default -> {
          if (!key.isIntegralNumber() || axis == 0) {
            throw new Refused("takes a part that is told in an unknown way");
          }
          starts.add(key.asLong());
          ends.add(key.asLong() == -1 ? Integer.MAX_VALUE : key.asLong() + 1);
          steps.add(1L);
          gone.add((long) axis);
          axes.add((long) axis++);
        }
      }
    }
    String n = u.name();
    String x = u.x().value();
    String y =
        out.node(
            n,
            "Slice",
            x,
            row(n + "/starts", starts),
            row(n + "/ends", ends),
            row(n + "/axes", axes),
            row(n + "/steps", steps));
    return gone.isEmpty()
        ? new Tensor(y, rank)
        : new Tensor(out.node(n, "Squeeze", y, row(n + "/gone", gone)), rank - gone.size());
  }

  private String row(String name, List<Long> values) {
    return out.row(name, values.stream().mapToLong(i -> i).toArray());
  }
}
