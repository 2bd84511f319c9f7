package io.depthscope.graph.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.draft.FileTensors;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.tensor.FloatTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A whole network in one safetensors file: the graph is JSON in the metadata, under {@value
 * #GRAPH_KEY}; docs/formats.md describes it. The weights are those that a quantized form is made
 * of; where the float32 network has others, they stand beside them.
 */
public final class NetworkFile {
  static final String GRAPH_KEY = "depthscope.graph";

  private static final String REMEDIES_KEY = "depthscope.remedies";

  private static final int VERSION = 1;
  private static final int LONGEST = 20_000_000;
  private static final int MOST_PIXELS = 65_536;
  private static final int LONGEST_NOTE = 200;
  private static final int MOST_NAMED = 3;
  private static final Pattern FAMILY = Pattern.compile("[a-z0-9][a-z0-9.-]{0,63}");

  private static final String EXACT = "exact";
  private static final String SHORT_SIDE = "short-side";
  private static final String CROP_SHARE = "crop-share";

  private NetworkFile() {}

  /**
   * What a file says of a network beside its graph and weights.
   *
   * @param family as {@link LoadedModel#family()}
   * @param images how its images are prepared, if that is known
   * @param remedies names of those that were used on it, in their order
   */
  public record About(String family, Optional<ImageSettings> images, List<String> remedies) {
    public About {
      remedies = List.copyOf(remedies);
    }

    /** A network that nothing was done to. */
    public About(String family, Optional<ImageSettings> images) {
      this(family, images, List.of());
    }
  }

  /**
   * Names of the remedies that were used on a network, by its file; empty where it says nothing.
   */
  public static List<String> remedies(LoadedModel model) {
    String names = model.metadata().getOrDefault(REMEDIES_KEY, "");
    return names.isBlank() ? List.of() : List.of(names.split(",", -1));
  }

  /**
   * Writes a network. Weights that a spec gives codes for are written so that rounding them by the
   * spec's parameters gives these codes.
   *
   * @param spec {@link QuantSpec#NONE} if the codes are those of rounding to the nearest
   * @throws IllegalArgumentException as {@link #roundingTo}
   */
  public static void write(OutputStream out, Network network, About about, QuantSpec spec)
      throws IOException {
    GraphEncoder encoder = new GraphEncoder(roundingTo(network, spec));
    ObjectNode root = SettingsObject.empty();
    root.put("version", VERSION);
    root.put("family", about.family());
    about.images().ifPresent(images -> put(root.putObject("images"), images));
    encoder.encode(root);
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(GRAPH_KEY, root.toString());
    if (!about.remedies().isEmpty()) {
      metadata.put(REMEDIES_KEY, String.join(",", about.remedies()));
    }
    SafetensorsWriter.write(out, encoder.tensors(), encoder.tables(), metadata);
  }

  /** The file's bytes; see {@link #write}. */
  public static byte[] encode(Network network, About about, QuantSpec spec) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      write(out, network, about, spec);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return out.toByteArray();
  }

  /**
   * The network whose quantizable weights round to the codes of a spec. Those that do so already
   * stay; others become the value that their code stands for.
   *
   * @throws IllegalArgumentException if the spec has codes for what has no weights, or another
   *     number of them, or a code stands for no value that rounds to it
   */
  public static Network roundingTo(Network network, QuantSpec spec) {
    Map<String, FoldedWeights> changed = new HashMap<>();
    for (Node node : network.graph().nodes()) {
      Optional<QuantizedTensor> codes = spec.weights(node.name());
      if (codes.isPresent()) {
        FoldedWeights now = network.quantizable(node);
        FloatTensor kernel = roundingTo(node.name(), now.kernel(), codes.get());
        if (kernel != now.kernel()) {
          changed.put(node.name(), new FoldedWeights(kernel, now.bias()));
        }
      }
    }
    return changed.isEmpty() ? network : network.withMended(changed);
  }

  /** The kernel itself, if it rounds to the codes. */
  private static FloatTensor roundingTo(String node, FloatTensor kernel, QuantizedTensor codes) {
    int[] wanted = codes.codes();
    if (wanted.length != kernel.data().length) {
      throw new IllegalArgumentException(
          wanted.length + " codes for the " + kernel.data().length + " weights of layer " + node);
    }
    float[] values = kernel.data();
    for (int i = 0; i < wanted.length; i++) {
      QuantParams params = codes.paramsOf(i);
      if (params.quantize(kernel.data()[i]) != wanted[i]) {
        values = values == kernel.data() ? values.clone() : values;
        values[i] = params.dequantize(wanted[i]);
        if (!Float.isFinite(values[i]) || params.quantize(values[i]) != wanted[i]) {
          throw new IllegalArgumentException(
              "layer " + node + ": nothing rounds to the code " + wanted[i] + " of weight " + i);
        }
      }
    }
    return values == kernel.data() ? kernel : FloatTensor.of(values, kernel.dims());
  }

  /** True if a file holds a graph. */
  static boolean holdsGraph(SafetensorsFile file) {
    return file.metadata().containsKey(GRAPH_KEY);
  }

  /**
   * Reads a network back.
   *
   * @throws ModelFormatException naming the node and the reason, if the file is unsound, or the
   *     options state what it tells itself
   */
  static LoadedModel load(SafetensorsFile file, LoadOptions options) throws ModelFormatException {
    if (options.family().isPresent()
        || options.activation().isPresent()
        || options.resolution().isPresent()) {
      throw new ModelFormatException(
          file.name(),
          "holds a whole network, which tells its layers itself: no --family, no --activation, no"
              + " --resolution");
    }
    try {
      return load(file);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ModelFormatException(file.name(), e.getMessage(), e);
    }
  }

  private static LoadedModel load(SafetensorsFile file) throws ModelFormatException {
    SettingsObject root = SettingsObject.parse(GRAPH_KEY, file.metadata().get(GRAPH_KEY), LONGEST);
    int version = root.integer("version", Integer.MAX_VALUE);
    if (version != VERSION) {
      throw root.wrong("version", version + "; this program reads " + VERSION);
    }
    String family = root.text("family");
    if (!FAMILY.matcher(family).matches()) {
      throw root.unknownWord("family", family);
    }
    GraphDecoder decoder = new GraphDecoder(file, root);
    Network network = decoder.decode();
    Optional<ImageSettings> images = Optional.empty();
    if (root.has("images")) {
      images = Optional.of(images(root.object("images"), network.graph().inputShape().channels()));
    }
    root.requireAllRead();
    return new LoadedModel(
        family,
        Naming.DEPTHSCOPE.id(),
        network,
        file.sha256(),
        file.metadata(),
        "graph in the file",
        settings(decoder.mendedNames()),
        images,
        Path.of(file.name()),
        FileTensors.plain(network.graph()),
        Optional.empty());
  }

  private static List<Setting> settings(List<String> mended) {
    if (mended.isEmpty()) {
      return List.of();
    }
    String some = String.join(", ", mended.stream().limit(MOST_NAMED).toList());
    return List.of(
        new Setting(
            "mended for quantization",
            mended.size() + (mended.size() == 1 ? " layer" : " layers"),
            Setting.Origin.FILE,
            mended.size() > MOST_NAMED ? some + ", ..." : some));
  }

  private static void put(ObjectNode json, ImageSettings images) {
    images
        .resize()
        .ifPresent(
            resize -> {
              switch (resize) {
                case ImageSettings.Exact e -> json.put("resize", EXACT);
                case ImageSettings.ShortSide s ->
                    json.put("resize", SHORT_SIDE)
                        .put("shortSide", s.shortSide())
                        .put("crop", s.crop());
                case ImageSettings.CropShare c ->
                    json.put("resize", CROP_SHARE).put("share", c.share());
              }
            });
    images.mean().ifPresent(mean -> put(json.putArray("mean"), mean));
    images.std().ifPresent(std -> put(json.putArray("std"), std));
    images.interpolation().ifPresent(word -> json.put("interpolation", word));
    images.channelOrder().ifPresent(word -> json.put("channelOrder", word));
    json.put("from", images.from());
  }

  private static void put(ArrayNode array, List<Double> numbers) {
    numbers.forEach(array::add);
  }

  private static ImageSettings images(SettingsObject json, int channels) {
    Optional<ImageSettings.Resize> resize = Optional.empty();
    if (json.has("resize")) {
      String word = json.text("resize");
      resize =
          Optional.of(
              switch (word) {
                case EXACT -> new ImageSettings.Exact();
                case SHORT_SIDE ->
                    new ImageSettings.ShortSide(
                        json.integer("shortSide", MOST_PIXELS), json.integer("crop", MOST_PIXELS));
                case CROP_SHARE -> new ImageSettings.CropShare(json.number("share"));
                default -> throw json.unknownWord("resize", word);
              });
      if (resize.get() instanceof ImageSettings.CropShare(double share)
          && !(share > 0 && share <= 1)) {
        throw json.wrong("share", share + ", not over 0 and at most 1");
      }
    }
    String from = json.text("from");
    ImageSettings images =
        new ImageSettings(
            resize,
            numbers(json, "mean", channels),
            numbers(json, "std", channels),
            json.has("interpolation")
                ? Optional.of(ModelFormatException.shortened(json.text("interpolation")))
                : Optional.empty(),
            json.has("channelOrder") ? Optional.of(order(json)) : Optional.empty(),
            from.substring(0, Math.min(from.length(), LONGEST_NOTE)));
    json.requireAllRead();
    return images;
  }

  private static String order(SettingsObject json) {
    String word = json.text("channelOrder");
    if (!word.equals("rgb") && !word.equals("bgr")) {
      throw json.unknownWord("channelOrder", word);
    }
    return word;
  }

  private static Optional<List<Double>> numbers(SettingsObject json, String key, int channels) {
    if (!json.has(key)) {
      return Optional.empty();
    }
    List<Double> numbers = new ArrayList<>();
    for (JsonNode each : json.array(key, channels)) {
      numbers.add(json.number(each, key));
    }
    return Optional.of(numbers);
  }
}
