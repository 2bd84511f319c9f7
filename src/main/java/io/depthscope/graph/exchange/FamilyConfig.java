package io.depthscope.graph.exchange;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.depthscope.file.JsonErrors;
import io.depthscope.graph.Clamp;
import io.depthscope.tensor.Shape;
import io.depthscope.zoo.Block;
import io.depthscope.zoo.ChannelRounding;
import io.depthscope.zoo.MobileNetV1;
import io.depthscope.zoo.NetworkFamily;
import io.depthscope.zoo.PaddingStyle;
import io.depthscope.zoo.ResNet;
import io.depthscope.zoo.SmallCnn;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * The settings of a network in the metadata of the project's own files, as a small JSON object
 * under {@value #CONFIG_KEY}:
 *
 * <pre>
 * dws-cnn, regular-cnn  {"input":[32,32,3],"classes":10,"stem":16,"blocks":[[24,1],[32,2]],
 *                        "batchNorm":true,"activation":"relu6","padding":"symmetric"}
 * mobilenet-v1          {"input":[224,224,3],"classes":1000,"alpha":0.75,
 *                        "activation":"relu6","padding":"same","rounding":"truncate"}
 * resnet                {"input":[32,32,3],"classes":10,"stem":16,"blocks":[[16,1],[32,2]],
 *                        "activation":"relu","padding":"symmetric"}
 * </pre>
 *
 * <p>{@code padding}, {@code rounding} and the {@code activation} of a mobilenet-v1 may be left
 * out; the values shown are their defaults. Paddings are {@code same}, {@code keras} and {@code
 * symmetric}. A block is [width, stride]. Off unless stated: {@code "bareDepthwise":true} of a
 * dws-cnn and {@code "smallImages":true} of a mobilenet-v1.
 */
final class FamilyConfig {
  static final String FAMILY_KEY = "depthscope.family";
  static final String CONFIG_KEY = "depthscope.config";
  static final String EPSILON_KEY = "depthscope.bn_epsilon";

  private static final int LONGEST = 65_536;
  private static final int MAX_BLOCKS = 1_000;
  private static final int MAX_EXTENT = 4_096;
  private static final int MAX_WIDTH = 65_536;
  private static final int MAX_STRIDE = 16;
  private static final int MAX_CLASSES = 1_000_000;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final JsonNode root;
  private final Set<String> used = new HashSet<>();

  private FamilyConfig(JsonNode root) {
    this.root = root;
  }

  /** The names of all families. */
  static Set<String> families() {
    Set<String> names = new TreeSet<>();
    names.add(MobileNetV1.FAMILY);
    names.add(ResNet.FAMILY);
    for (SmallCnn.Kind kind : SmallCnn.Kind.values()) {
      names.add(kind.family());
    }
    return names;
  }

  /**
   * Reads the settings of a network of the given family.
   *
   * @throws IllegalArgumentException saying which entry is wrong
   */
  static NetworkFamily parse(String family, String json) {
    if (json.length() > LONGEST) {
      throw new IllegalArgumentException(CONFIG_KEY + " is longer than " + LONGEST);
    }
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(CONFIG_KEY + " is " + JsonErrors.reason(e), e);
    }
    if (!root.isObject()) {
      throw new IllegalArgumentException(CONFIG_KEY + " is no JSON object");
    }
    FamilyConfig config = new FamilyConfig(root);
    NetworkFamily parsed = config.read(family);
    root.fieldNames()
        .forEachRemaining(
            key -> {
              if (!config.used.contains(key)) {
                throw wrong(ModelFormatException.shortened(key), "unknown");
              }
            });
    return parsed;
  }

  private NetworkFamily read(String family) {
    if (family.equals(MobileNetV1.FAMILY)) {
      return new MobileNetV1(
          number("alpha"),
          input(),
          integer(get("classes"), "classes", MAX_CLASSES),
          root.has("activation") ? activation() : Clamp.RELU6,
          constant("padding", PaddingStyle.values(), PaddingStyle.SAME),
          constant("rounding", ChannelRounding.values(), ChannelRounding.TRUNCATE),
          flag("smallImages"));
    }
    if (family.equals(ResNet.FAMILY)) {
      return new ResNet(
          input(),
          integer(get("classes"), "classes", MAX_CLASSES),
          integer(get("stem"), "stem", MAX_WIDTH),
          blocks(),
          activation(),
          constant("padding", PaddingStyle.values(), PaddingStyle.SYMMETRIC));
    }
    for (SmallCnn.Kind kind : SmallCnn.Kind.values()) {
      if (family.equals(kind.family())) {
        return new SmallCnn(
            kind,
            input(),
            integer(get("classes"), "classes", MAX_CLASSES),
            integer(get("stem"), "stem", MAX_WIDTH),
            blocks(),
            bool("batchNorm"),
            activation(),
            constant("padding", PaddingStyle.values(), PaddingStyle.SYMMETRIC),
            flag("bareDepthwise"));
      }
    }
    throw new IllegalArgumentException("unknown family " + ModelFormatException.shortened(family));
  }

  private Shape input() {
    JsonNode dims = array("input", 3);
    return new Shape(
        integer(dims.get(0), "input", MAX_EXTENT),
        integer(dims.get(1), "input", MAX_EXTENT),
        integer(dims.get(2), "input", MAX_EXTENT));
  }

  private List<Block> blocks() {
    JsonNode list = get("blocks");
    if (!list.isArray() || list.size() > MAX_BLOCKS) {
      throw wrong("blocks", "not an array of at most " + MAX_BLOCKS);
    }
    List<Block> blocks = new ArrayList<>();
    for (JsonNode pair : list) {
      if (!pair.isArray() || pair.size() != 2) {
        throw wrong("blocks", "not pairs of width and stride");
      }
      blocks.add(
          new Block(
              integer(pair.get(0), "width of a block", MAX_WIDTH),
              integer(pair.get(1), "stride of a block", MAX_STRIDE)));
    }
    return blocks;
  }

  private JsonNode get(String key) {
    JsonNode value = root.get(key);
    if (value == null) {
      throw wrong(key, "missing");
    }
    used.add(key);
    return value;
  }

  private JsonNode array(String key, int size) {
    JsonNode value = get(key);
    if (!value.isArray() || value.size() != size) {
      throw wrong(key, "not an array of " + size);
    }
    return value;
  }

  private static int integer(JsonNode value, String what, int most) {
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < 1
        || value.intValue() > most) {
      throw wrong(what, "not an integer in 1.." + most);
    }
    return value.intValue();
  }

  private double number(String key) {
    JsonNode value = get(key);
    if (!value.isNumber()) {
      throw wrong(key, "not a number");
    }
    return value.doubleValue();
  }

  private boolean bool(String key) {
    JsonNode value = get(key);
    if (!value.isBoolean()) {
      throw wrong(key, "neither true nor false");
    }
    return value.booleanValue();
  }

  /** A boolean that is false where the key is absent. */
  private boolean flag(String key) {
    return root.has(key) && bool(key);
  }

  /** An enum constant in lower case; {@code fallback} where the key is absent, if not null. */
  private <E extends Enum<E>> E constant(String key, E[] values, E fallback) {
    if (fallback != null && !root.has(key)) {
      return fallback;
    }
    String text = get(key).asText();
    for (E value : values) {
      if (word(value).equals(text)) {
        return value;
      }
    }
    throw wrong(key, "the unknown word '" + ModelFormatException.shortened(text) + "'");
  }

  private Clamp activation() {
    String text = get("activation").asText();
    try {
      return Clamp.named(text);
    } catch (IllegalArgumentException e) {
      throw wrong("activation", "the unknown word '" + ModelFormatException.shortened(text) + "'");
    }
  }

  private static IllegalArgumentException wrong(String key, String reason) {
    return new IllegalArgumentException(CONFIG_KEY + ": " + key + " is " + reason);
  }

  /** The text that {@link #parse} turns back into the same settings. */
  static String text(NetworkFamily family) {
    ObjectNode root = JSON.createObjectNode();
    Shape in = family.input();
    root.putArray("input").add(in.height()).add(in.width()).add(in.channels());
    root.put("classes", family.classes());
    switch (family) {
      case MobileNetV1 net -> {
        root.put("alpha", net.alpha());
        if (!net.activation().equals(Clamp.RELU6)) { // so that earlier versions read the others
          root.put("activation", net.activation().word());
        }
        root.put("padding", word(net.padding()));
        root.put("rounding", word(net.rounding()));
        putFlag(root, "smallImages", net.smallImages());
      }
      case ResNet net -> {
        root.put("stem", net.stem());
        putBlocks(root, net.blocks());
        root.put("activation", net.activation().word());
        root.put("padding", word(net.padding()));
      }
      case SmallCnn net -> {
        root.put("stem", net.stem());
        putBlocks(root, net.blocks());
        root.put("batchNorm", net.batchNorm());
        root.put("activation", net.activation().word());
        root.put("padding", word(net.padding()));
        putFlag(root, "bareDepthwise", net.bareDepthwise());
      }
    }
    return root.toString();
  }

  private static void putBlocks(ObjectNode root, List<Block> blocks) {
    ArrayNode list = root.putArray("blocks");
    for (Block block : blocks) {
      list.addArray().add(block.width()).add(block.stride());
    }
  }

  /** Only what is on, so that earlier versions still read files that do without. */
  private static void putFlag(ObjectNode root, String key, boolean value) {
    if (value) {
      root.put(key, true);
    }
  }

  /** A constant as settings spell it. */
  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
