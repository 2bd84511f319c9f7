package io.depthscope.record;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.depthscope.file.BoundedFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Typed access to one object of a JSON file of ours. A field that is missing or of the wrong kind
 * is an IOException that names the file and the field.
 */
final class JsonFields implements FigureList.Source {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final String advice;
  private final Path file;
  private final String place;
  private final JsonNode node;

  private JsonFields(String advice, Path file, String place, JsonNode node) throws IOException {
    this.advice = advice;
    this.file = file;
    this.place = place;
    this.node = node;
    if (!node.isObject()) {
      throw new IOException(file + ": " + (place.isEmpty() ? "it" : place) + " is no JSON object");
    }
  }

  /**
   * Reads a file.
   *
   * @param most bytes it may have
   * @param advice what to do where a field is missing
   */
  static JsonFields read(Path file, int most, String advice) throws IOException {
    JsonNode root;
    try {
      root = JSON.readTree(BoundedFile.read(file, most));
    } catch (IOException e) {
      throw StoreErrors.cannotRead(file, e);
    }
    return new JsonFields(advice, file, "", root);
  }

  /** The tree itself. */
  JsonNode tree() {
    return node;
  }

  JsonFields object(String name) throws IOException {
    return new JsonFields(advice, file, path(name), present(name));
  }

  /** True if the field is there and not null. */
  boolean has(String name) {
    return node.hasNonNull(name);
  }

  /** Empty where the field is null or absent. */
  Optional<JsonFields> optional(String name) throws IOException {
    return node.hasNonNull(name) ? Optional.of(object(name)) : Optional.empty();
  }

  /** Empty where the field is null; it must be there. */
  Optional<JsonFields> nullable(String name) throws IOException {
    return present(name).isNull() ? Optional.empty() : Optional.of(object(name));
  }

  List<JsonFields> objects(String name) throws IOException {
    List<JsonFields> all = new ArrayList<>();
    int i = 0;
    for (JsonNode item : array(name)) {
      all.add(new JsonFields(advice, file, path(name) + "[" + i++ + "]", item));
    }
    return all;
  }

  /** Objects by their {@code name}, in their order; each is then spoken of by it. */
  Map<String, JsonFields> named(String name) throws IOException {
    Map<String, JsonFields> all = new LinkedHashMap<>();
    for (JsonFields item : objects(name)) {
      String own = item.text("name");
      String place = path(name) + "[" + own + "]";
      if (all.put(own, new JsonFields(advice, file, place, item.node)) != null) {
        throw new IOException(file + ": " + place + " stands in it twice");
      }
    }
    return all;
  }

  List<String> texts(String name) throws IOException {
    List<String> all = new ArrayList<>();
    for (JsonNode item : array(name)) {
      all.add(item.asText());
    }
    return all;
  }

  /** Counts and other whole numbers that are not negative. */
  long[] counts(String name) throws IOException {
    JsonNode array = array(name);
    long[] all = new long[array.size()];
    for (int i = 0; i < all.length; i++) {
      JsonNode item = array.get(i);
      if (!item.isIntegralNumber() || !item.canConvertToLong() || item.longValue() < 0) {
        throw wrong(name, "not an array of counts");
      }
      all[i] = item.longValue();
    }
    return all;
  }

  private JsonNode array(String name) throws IOException {
    JsonNode array = present(name);
    if (!array.isArray()) {
      throw wrong(name, "not an array");
    }
    return array;
  }

  String text(String name) throws IOException {
    JsonNode value = present(name);
    if (!value.isTextual()) {
      throw wrong(name, "not text");
    }
    return value.textValue();
  }

  /** Text that stands for a value. */
  <T> T parsed(String name, Function<String, T> parser) throws IOException {
    String text = text(name);
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw wrong(name, "of no known kind: " + e.getMessage());
    }
  }

  boolean bool(String name) throws IOException {
    JsonNode value = present(name);
    if (!value.isBoolean()) {
      throw wrong(name, "neither true nor false");
    }
    return value.booleanValue();
  }

  @Override
  public int integer(String name) throws IOException {
    JsonNode value = present(name);
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw wrong(name, "not an integer");
    }
    return value.intValue();
  }

  @Override
  public long count(String name) throws IOException {
    JsonNode value = present(name);
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw wrong(name, "not a count");
    }
    return value.longValue();
  }

  /** A number, or one of the texts NaN, Infinity and -Infinity. */
  @Override
  public double number(String name) throws IOException {
    JsonNode value = present(name);
    if (value.isNumber()) {
      return value.doubleValue();
    }
    return switch (value.asText()) {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw wrong(name, "not a number");
    };
  }

  @Override
  public boolean isNull(String name) throws IOException {
    return present(name).isNull();
  }

  private JsonNode present(String name) throws IOException {
    JsonNode value = node.get(name);
    if (value == null) {
      throw wrong(name, "missing; " + advice);
    }
    return value;
  }

  IOException wrong(String name, String reason) {
    return new IOException(file + ": " + path(name) + " is " + reason);
  }

  /** Of the object as a whole. */
  IOException wrong(String reason) {
    return new IOException(file + ": " + (place.isEmpty() ? "" : place + ": ") + reason);
  }

  private String path(String name) {
    return place.isEmpty() ? name : place + "." + name;
  }
}
