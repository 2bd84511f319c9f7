package io.depthscope.graph.exchange.keras;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A layer as the configuration of its model has it.
 *
 * @param kind its class, such as {@code Conv2D}
 * @param json its own settings
 * @param entry the whole entry, with what it reads
 */
record LayerConfig(String kind, String name, JsonNode json, JsonNode entry) {

  static LayerConfig of(JsonNode entry) {
    JsonNode json = entry.path("config");
    String name = entry.path("name").asText(json.path("name").asText(""));
    return new LayerConfig(entry.path("class_name").asText(""), name, json, entry);
  }

  /** A setting; missing if it is not there or null. */
  private Optional<JsonNode> find(String setting) {
    JsonNode value = json.get(setting);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  /**
   * Whether this is no layer but an operation between layers, as Keras 3 keeps them. HDF5 does not
   * say of which module it is, but an operation, unlike a layer, cannot be trained or not.
   */
  boolean isOperation() {
    JsonNode module = entry.path("module");
    return module.isTextual()
        ? module.asText().startsWith("keras.src.ops")
        : entry.path("inbound_nodes").path(0).isObject() && !json.has("trainable");
  }

  boolean has(String setting) {
    return find(setting).isPresent();
  }

  String text(String setting, String usual) {
    return find(setting).map(JsonNode::asText).orElse(usual);
  }

  boolean flag(String setting, boolean usual) {
    return find(setting).map(JsonNode::asBoolean).orElse(usual);
  }

  double real(String setting, double usual) {
    return find(setting)
        .map(
            v -> {
              // Some versions write numbers as arrays of NumPy.
              JsonNode number = v.isObject() ? v.path("config").path("value") : v;
              if (!number.isNumber()) {
                throw new Refused(setting + " is no number");
              }
              return number.asDouble();
            })
        .orElse(usual);
  }

  int integer(String setting, int usual) {
    return find(setting).map(v -> integer(setting, v)).orElse(usual);
  }

  private static int integer(String setting, JsonNode v) {
    if (!v.canConvertToInt() || !v.isIntegralNumber()) {
      throw new Refused(setting + " is " + (v.isNumber() ? v.asText() : "no whole number"));
    }
    return v.asInt();
  }

  /** Integers of a list, or one for all. */
  long[] integers(String setting, int n, int usual) {
    long[] out = new long[n];
    JsonNode v = find(setting).orElse(null);
    if (v != null && v.isArray() && v.size() != n) {
      throw new Refused(setting + " has " + v.size() + " numbers, not " + n);
    }
    for (int i = 0; i < n; i++) {
      out[i] = v == null ? usual : integer(setting, v.isArray() ? v.get(i) : v);
    }
    return out;
  }

  /** Integers of a list of any length up to a few; none where it is absent. */
  List<Integer> integers(String setting) {
    List<Integer> out = new ArrayList<>();
    JsonNode v = find(setting).orElse(null);
    if (v == null) {
      return out;
    }
    if (!v.isArray() || v.size() > Models.MOST_AXES) {
      throw new Refused(setting + " is no short list");
    }
    for (JsonNode each : v) {
      out.add(each.isNull() ? -1 : integer(setting, each));
    }
    return out;
  }

  /**
   * Amounts before and after each axis: one for all, one for each axis, or two for each.
   *
   * @return before and after, axis by axis
   */
  long[] margins(String setting, int axes) {
    JsonNode v = find(setting).orElseThrow(() -> new Refused(setting + " is missing"));
    long[] out = new long[2 * axes];
    boolean single = axes == 1 && v.isArray() && v.size() == 2;
    for (int d = 0; d < axes; d++) {
      JsonNode of = !v.isArray() || single ? v : v.path(d);
      for (int end = 0; end < 2; end++) {
        out[2 * d + end] = integer(setting, of.isArray() ? of.path(end) : of);
      }
    }
    return out;
  }

  /** Numbers of a list, nested or not, or one alone. */
  float[] reals(String setting) {
    return reals(setting, find(setting).orElseThrow(() -> new Refused(setting + " is missing")));
  }

  static float[] reals(String setting, JsonNode v) {
    List<Float> all = new ArrayList<>();
    collect(setting, v, all);
    float[] out = new float[all.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = all.get(i);
    }
    return out;
  }

  private static void collect(String setting, JsonNode v, List<Float> all) {
    if (v.isArray()) {
      v.forEach(each -> collect(setting, each, all));
    } else if (v.isNumber()) {
      all.add((float) v.asDouble());
    } else if (v.isObject() && v.path("config").has("value")) {
      collect(setting, v.path("config").path("value"), all);
    } else {
      throw new Refused(setting + " holds no numbers");
    }
  }
}
