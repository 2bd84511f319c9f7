package io.depthscope.graph.exchange.keras;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.keras.Models.Tensor;
import io.depthscope.graph.exchange.lowering.Attribute;
import io.depthscope.graph.exchange.lowering.FileGraphWriter;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.Map;

/** Functions of a value. */
final class Activations {
  private static final int NEW_HARD_SIGMOID = 3;
  private static final float USUAL_SLOPE = 0.2f;

  private final FileGraphWriter out;
  private final int major;

  /**
   * @param major version of Keras that the file is of
   */
  Activations(FileGraphWriter out, int major) {
    this.out = out;
    this.major = major;
  }

  /** A value behind the function that a setting of a layer names. */
  Tensor named(String layer, Tensor x, LayerConfig config, String setting) {
    JsonNode stated = config.json().path(setting);
    // A registered function or layer is written with its class around the name.
    String word =
        stated.isObject()
            ? stated.path("config").isTextual()
                ? stated.path("config").asText()
                : stated.path("class_name").asText()
            : stated.isTextual() ? stated.asText() : "linear";
    String n = config.kind().equals("Activation") ? layer : layer + "/" + word;
    return new Tensor(applied(n, word, x.value()), x.rank());
  }

  /** A value behind a function. */
  String applied(String n, String word, String x) {
    return switch (word) {
      case "linear" -> x;
      case "relu" -> out.clipped(n, x, 0, Float.POSITIVE_INFINITY);
      case "relu6" -> out.clipped(n, x, 0, 6);
      case "sigmoid" -> out.node(n, "Sigmoid", x);
      case "tanh" -> out.node(n, "Tanh", x);
      case "elu" -> elu(n, x, 1);
      case "leaky_relu" -> leaky(n, x, USUAL_SLOPE);
      case "softmax" -> out.node(n, "Softmax", Map.of("axis", new Attribute.Whole(-1)), x);
      case "swish", "silu" -> out.node(n, "Mul", x, out.node(n + "/gate", "Sigmoid", x));
      case "gelu" -> out.node(n, "Gelu", Map.of("approximate", new Attribute.Text("none")), x);
      case "gelu_tanh" -> out.node(n, "Gelu", Map.of("approximate", new Attribute.Text("tanh")), x);
      case "hard_sigmoid" -> {
        boolean sixth = major >= NEW_HARD_SIGMOID;
        Attribute slope = new Attribute.Real(sixth ? 1 / 6f : 0.2f);
        yield out.node(
            n, "HardSigmoid", Map.of("alpha", slope, "beta", new Attribute.Real(0.5f)), x);
      }
      case "hard_swish", "hard_silu" -> out.node(n, "HardSwish", x);
      case "mish" -> out.node(n, "Mish", x);
      case "softplus" -> out.node(n, "Softplus", x);
      case "exponential" -> out.node(n, "Exp", x);
      default ->
          throw new Refused(
              "ends with the function "
                  + ModelFormatException.shortened(word)
                  + ", which cannot run yet");
    };
  }

  String elu(String n, String x, double alpha) {
    return out.node(n, "Elu", Map.of("alpha", new Attribute.Real((float) alpha)), x);
  }

  String leaky(String n, String x, double slope) {
    return out.node(n, "LeakyRelu", Map.of("alpha", new Attribute.Real((float) slope)), x);
  }

  /** The layer ReLU: a slope below 0, a bound above. */
  Tensor relu(String n, Tensor x, LayerConfig config) {
    if (config.real("threshold", 0) != 0) {
      throw new Refused("has a threshold, which cannot run yet");
    }
    double slope = config.real("negative_slope", 0);
    float high =
        config.has("max_value") ? (float) config.real("max_value", 0) : Float.POSITIVE_INFINITY;
    String y =
        slope == 0
            ? out.clipped(n, x.value(), 0, high)
            : out.clipped(n + "/bound", leaky(n, x.value(), slope), Float.NEGATIVE_INFINITY, high);
    return new Tensor(y, x.rank());
  }
}
