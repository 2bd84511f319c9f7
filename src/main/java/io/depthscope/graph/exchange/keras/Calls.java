package io.depthscope.graph.exchange.keras;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What stands in the parentheses of a layer's calls, as the versions of Keras write it. A tensor or
 * a number that cannot be placed among what the layer reads is refused, never left out.
 */
final class Calls {
  /** What else stands in a call: whether the network is being trained, parts that are taken. */
  private static final Set<String> NO_VALUES = Set.of("__slice__", "__ellipsis__");

  /** Names under which a call may have what it reads, in the order of their places. */
  private static final List<String> PLACES = List.of("inputs", "x", "xs", "x1", "x2");

  /** The operation that takes a part, which may be told in numbers. */
  private static final String PART = "GetItem";

  /** The constant of Keras 2 in place of the layer that a value comes from. */
  private static final String CONSTANT = "_CONSTANT_VALUE";

  private Calls() {}

  /** What a call reads. */
  sealed interface Operand {}

  /** What a layer gives, which call of it, which of its outputs. */
  record Reference(String layer, int call, int output) implements Operand {}

  /** Numbers that stand among the arguments of a call, as in {@code x + 3}. */
  record Literal(NdArray values) implements Operand {}

  /**
   * What stands in the parentheses of a call.
   *
   * @param stated as the file has it
   */
  record Arguments(List<Operand> reads, JsonNode stated) {}

  /**
   * What each call of a layer reads; layers of inputs are not called.
   *
   * @throws Refused if a call is told in an unknown way
   */
  static List<Arguments> of(LayerConfig layer) {
    List<Arguments> out = new ArrayList<>();
    if (layer.kind().equals("InputLayer")) {
      return out;
    }
    for (JsonNode node : layer.entry().path("inbound_nodes")) {
      List<Operand> reads = new ArrayList<>();
      if (layer.kind().equals(PART) && node.isObject()) {
        collect(node.path("args").path(0), reads); // then comes the part that is taken
      } else if (node.isObject()) {
        collect(node.path("args"), reads);
        named(node.path("kwargs"), reads);
      } else if (layer.kind().equals("TFOpLambda")) {
        function(node, reads);
      } else {
        values(node, reads);
      }
      out.add(new Arguments(reads, node));
    }
    return out;
  }

  /**
   * References and numbers anywhere in the arguments of a call, as Keras 3 writes them. What else
   * stands there (a part that is taken, whether the network is being trained) is no value.
   */
  private static void collect(JsonNode arguments, List<Operand> reads) {
    String kind = arguments.path("class_name").asText("");
    switch (kind) {
      case "__keras_tensor__" ->
          reads.add(
              reference(arguments.path("config").path("keras_history"))
                  .orElseThrow(Calls::unknown));
      case "__tensor__", "__numpy__" -> reads.add(literal(arguments.path("config").path("value")));
      case "" -> {
        if (arguments.isNumber()) {
          reads.add(literal(arguments));
        }
        arguments.forEach(each -> collect(each, reads));
      }
      default -> {
        if (!NO_VALUES.contains(kind) && holdsValue(arguments)) {
          throw new Refused(
              "reads a value inside a "
                  + ModelFormatException.shortened(kind)
                  + ", which cannot be placed");
        }
      }
    }
  }

  /** What a call of Keras 3 is given by name. */
  private static void named(JsonNode arguments, List<Operand> reads) {
    arguments.properties().stream()
        .sorted(Comparator.comparingInt(e -> PLACES.indexOf(e.getKey())))
        .forEach(
            e -> {
              if (PLACES.contains(e.getKey())) {
                collect(e.getValue(), reads);
              } else {
                needsNoValue(e);
              }
            });
  }

  private static void needsNoValue(Map.Entry<String, JsonNode> argument) {
    if (holdsValue(argument.getValue())) {
      throw new Refused(
          "is given "
              + ModelFormatException.shortened(argument.getKey())
              + ", which cannot be placed among what it reads");
    }
  }

  /** True for numbers and references, anywhere inside. */
  private static boolean holdsValue(JsonNode stated) {
    if (stated.isNumber() || stated.path("class_name").asText("").equals("__keras_tensor__")) {
      return true;
    }
    for (JsonNode each : stated) {
      if (holdsValue(each)) {
        return true;
      }
    }
    return false;
  }

  /** What a layer reads in Keras 2: references, or one alone, each with what is given by name. */
  private static void values(JsonNode call, List<Operand> reads) {
    for (JsonNode each : reference(call).isPresent() ? List.of(call) : call) {
      reads.add(operand(each));
      each.path(3).properties().forEach(Calls::needsNoValue);
    }
  }

  /** What a function reads in Keras 2: its first argument, and behind it the second as y. */
  private static void function(JsonNode call, List<Operand> reads) {
    reads.add(operand(call));
    for (Map.Entry<String, JsonNode> named : call.path(3).properties()) {
      JsonNode value = named.getValue();
      if (!named.getKey().equals("y")) {
        needsNoValue(named);
      } else if (!value.isNull()) {
        Optional<Reference> reference = reference(value);
        reads.add(reference.isPresent() ? reference.get() : literal(value));
      }
    }
  }

  /** {@code [layer, call, output, ...]}, or a number in place of the output. */
  private static Operand operand(JsonNode stated) {
    return stated.path(0).asText("").equals(CONSTANT)
        ? literal(stated.path(2))
        : reference(stated).orElseThrow(Calls::unknown);
  }

  private static Literal literal(JsonNode value) {
    List<Integer> dims = new ArrayList<>();
    for (JsonNode v = value; v.isArray() && dims.size() < Models.MOST_AXES; v = v.path(0)) {
      dims.add(v.size());
    }
    float[] values = LayerConfig.reals("a literal", value);
    try {
      return new Literal(NdArray.of(dims.stream().mapToInt(d -> d).toArray(), values));
    } catch (IllegalArgumentException e) {
      throw new Refused("a literal: " + e.getMessage(), e);
    }
  }

  private static Refused unknown() {
    return new Refused("reads what is told in an unknown way");
  }

  /**
   * A list of references, or one alone.
   *
   * @throws Refused if it holds anything else
   */
  static List<Reference> references(JsonNode list) {
    List<Reference> out = new ArrayList<>();
    Optional<Reference> alone = reference(list);
    if (alone.isPresent()) {
      out.add(alone.get());
    } else {
      for (JsonNode each : list) {
        out.add(reference(each).orElseThrow(Calls::unknown));
      }
    }
    return out;
  }

  /** {@code [layer, call, output]}, and more. */
  private static Optional<Reference> reference(JsonNode node) {
    return node.isArray() && node.size() >= 3 && node.get(0).isTextual() && node.get(1).isInt()
        ? Optional.of(new Reference(node.get(0).asText(), node.get(1).asInt(), node.get(2).asInt()))
        : Optional.empty();
  }
}
