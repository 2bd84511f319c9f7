package io.depthscope.graph.exchange;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.depthscope.file.JsonErrors;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A JSON object in a file's metadata that is read strictly: every entry has its type and its
 * limits, and none may be left over. What is wrong is thrown as an IllegalArgumentException that
 * says where.
 */
final class SettingsObject {
  private static final int DEEPEST = 64;

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final String where;
  private final JsonNode root;
  private final Set<String> used = new HashSet<>();

  private SettingsObject(String where, JsonNode root) {
    this.where = where;
    this.root = root;
  }

  /** An empty object to be written. */
  static ObjectNode empty() {
    return JSON.createObjectNode();
  }

  /** The object of a text under a key of the metadata. */
  static SettingsObject parse(String key, String json, int longest) {
    if (json.length() > longest) {
      throw new IllegalArgumentException(key + " is longer than " + longest);
    }
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(key + " is " + JsonErrors.reason(e), e);
    }
    if (!root.isObject()) {
      throw new IllegalArgumentException(key + " is no JSON object");
    }
    return new SettingsObject(key, root);
  }

  /** An entry that is an object itself. */
  SettingsObject object(String key) {
    JsonNode value = get(key);
    if (!value.isObject()) {
      throw wrong(key, "no object");
    }
    return new SettingsObject(where + ": " + key, value);
  }

  /** An entry that is a list of objects, which are called after their place. */
  List<SettingsObject> objects(String key, int most) {
    List<SettingsObject> all = new ArrayList<>();
    for (JsonNode each : list(key, most)) {
      if (!each.isObject()) {
        throw wrong(key, "not a list of objects");
      }
      all.add(new SettingsObject(where + ": " + key + "[" + all.size() + "]", each));
    }
    return all;
  }

  /** The same object under another name in messages; what was read counts as read. */
  SettingsObject called(String name) {
    SettingsObject same = new SettingsObject(name, root);
    same.used.addAll(used);
    return same;
  }

  boolean has(String key) {
    return root.has(key);
  }

  JsonNode get(String key) {
    JsonNode value = root.get(key);
    if (value == null) {
      throw wrong(key, "missing");
    }
    used.add(key);
    return value;
  }

  String text(String key) {
    JsonNode value = get(key);
    if (!value.isTextual()) {
      throw wrong(key, "no text");
    }
    return value.textValue();
  }

  JsonNode list(String key, int most) {
    JsonNode value = get(key);
    if (!value.isArray() || value.size() > most) {
      throw wrong(key, "not an array of at most " + most);
    }
    return value;
  }

  List<String> texts(String key, int most) {
    List<String> texts = new ArrayList<>();
    for (JsonNode each : list(key, most)) {
      if (!each.isTextual()) {
        throw wrong(key, "not a list of texts");
      }
      texts.add(each.textValue());
    }
    return texts;
  }

  JsonNode array(String key, int size) {
    JsonNode value = get(key);
    if (!value.isArray() || value.size() != size) {
      throw wrong(key, "not an array of " + size);
    }
    return value;
  }

  /** Whole numbers of an array of this size. */
  int[] integers(String key, int size, int least, int most) {
    JsonNode all = array(key, size);
    int[] values = new int[size];
    for (int i = 0; i < size; i++) {
      values[i] = integer(all.get(i), key, least, most);
    }
    return values;
  }

  int integer(String key, int most) {
    return integer(get(key), key, 1, most);
  }

  int integer(JsonNode value, String what, int least, int most) {
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < least
        || value.intValue() > most) {
      throw wrong(what, "not an integer in " + least + ".." + most);
    }
    return value.intValue();
  }

  double number(String key) {
    return number(get(key), key);
  }

  double number(JsonNode value, String what) {
    if (!value.isNumber()) {
      throw wrong(what, "not a number");
    }
    return value.doubleValue();
  }

  boolean bool(String key) {
    JsonNode value = get(key);
    if (!value.isBoolean()) {
      throw wrong(key, "neither true nor false");
    }
    return value.booleanValue();
  }

  /** A boolean that is false where the key is absent. */
  boolean flag(String key) {
    return root.has(key) && bool(key);
  }

  /** An enum constant in lower case; {@code fallback} where the key is absent, if not null. */
  <E extends Enum<E>> E constant(String key, E[] values, E fallback) {
    if (fallback != null && !root.has(key)) {
      return fallback;
    }
    String text = get(key).asText();
    for (E value : values) {
      if (word(value).equals(text)) {
        return value;
      }
    }
    throw unknownWord(key, text);
  }

  /** Refuses what nobody has read. */
  void requireAllRead() {
    root.fieldNames()
        .forEachRemaining(
            key -> {
              if (!used.contains(key)) {
                throw wrong(ModelFormatException.shortened(key), "unknown");
              }
            });
  }

  IllegalArgumentException unknownWord(String key, String text) {
    return wrong(key, "the unknown word '" + ModelFormatException.shortened(text) + "'");
  }

  IllegalArgumentException wrong(String key, String reason) {
    return new IllegalArgumentException(where + ": " + key + " is " + reason);
  }

  /** A constant as settings spell it. */
  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
