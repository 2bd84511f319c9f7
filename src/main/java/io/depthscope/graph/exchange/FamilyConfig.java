package io.depthscope.graph.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.util.List;
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

  private final SettingsObject settings;

  private FamilyConfig(SettingsObject settings) {
    this.settings = settings;
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
    SettingsObject settings = SettingsObject.parse(CONFIG_KEY, json, LONGEST);
    NetworkFamily parsed = new FamilyConfig(settings).read(family);
    settings.requireAllRead();
    return parsed;
  }

  private NetworkFamily read(String family) {
    if (family.equals(MobileNetV1.FAMILY)) {
      return new MobileNetV1(
          settings.number("alpha"),
          input(),
          settings.integer("classes", MAX_CLASSES),
          settings.has("activation") ? activation() : Clamp.RELU6,
          settings.constant("padding", PaddingStyle.values(), PaddingStyle.SAME),
          settings.constant("rounding", ChannelRounding.values(), ChannelRounding.TRUNCATE),
          settings.flag("smallImages"));
    }
    if (family.equals(ResNet.FAMILY)) {
      return new ResNet(
          input(),
          settings.integer("classes", MAX_CLASSES),
          settings.integer("stem", MAX_WIDTH),
          blocks(),
          activation(),
          settings.constant("padding", PaddingStyle.values(), PaddingStyle.SYMMETRIC));
    }
    for (SmallCnn.Kind kind : SmallCnn.Kind.values()) {
      if (family.equals(kind.family())) {
        return new SmallCnn(
            kind,
            input(),
            settings.integer("classes", MAX_CLASSES),
            settings.integer("stem", MAX_WIDTH),
            blocks(),
            settings.bool("batchNorm"),
            activation(),
            settings.constant("padding", PaddingStyle.values(), PaddingStyle.SYMMETRIC),
            settings.flag("bareDepthwise"));
      }
    }
    throw new IllegalArgumentException("unknown family " + ModelFormatException.shortened(family));
  }

  private Shape input() {
    int[] dims = settings.integers("input", 3, 1, MAX_EXTENT);
    return new Shape(dims[0], dims[1], dims[2]);
  }

  private List<Block> blocks() {
    List<Block> blocks = new ArrayList<>();
    for (JsonNode pair : settings.list("blocks", MAX_BLOCKS)) {
      if (!pair.isArray() || pair.size() != 2) {
        throw settings.wrong("blocks", "not pairs of width and stride");
      }
      blocks.add(
          new Block(
              settings.integer(pair.get(0), "width of a block", 1, MAX_WIDTH),
              settings.integer(pair.get(1), "stride of a block", 1, MAX_STRIDE)));
    }
    return blocks;
  }

  private Clamp activation() {
    String text = settings.get("activation").asText();
    try {
      return Clamp.named(text);
    } catch (IllegalArgumentException e) {
      throw settings.unknownWord("activation", text);
    }
  }

  /** The text that {@link #parse} turns back into the same settings. */
  static String text(NetworkFamily family) {
    ObjectNode root = SettingsObject.empty();
    Shape in = family.input();
    root.putArray("input").add(in.height()).add(in.width()).add(in.channels());
    root.put("classes", family.classes());
    switch (family) {
      case MobileNetV1 net -> {
        root.put("alpha", net.alpha());
        if (!net.activation().equals(Clamp.RELU6)) { // so that earlier versions read the others
          root.put("activation", net.activation().word());
        }
        root.put("padding", SettingsObject.word(net.padding()));
        root.put("rounding", SettingsObject.word(net.rounding()));
        putFlag(root, "smallImages", net.smallImages());
      }
      case ResNet net -> {
        root.put("stem", net.stem());
        putBlocks(root, net.blocks());
        root.put("activation", net.activation().word());
        root.put("padding", SettingsObject.word(net.padding()));
      }
      case SmallCnn net -> {
        root.put("stem", net.stem());
        putBlocks(root, net.blocks());
        root.put("batchNorm", net.batchNorm());
        root.put("activation", net.activation().word());
        root.put("padding", SettingsObject.word(net.padding()));
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
}
