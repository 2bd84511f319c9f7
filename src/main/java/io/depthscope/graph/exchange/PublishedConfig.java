package io.depthscope.graph.exchange;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.depthscope.file.FileErrors;
import io.depthscope.file.JsonErrors;
import io.depthscope.graph.Clamp;
import io.depthscope.zoo.PaddingStyle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@code config.json} and {@code preprocessor_config.json} beside a file of weights say: as
 * Hugging Face's transformers and timm write them. A file that is neither's says nothing.
 */
final class PublishedConfig {
  static final String CONFIG = "config.json";
  static final String PREPROCESSOR = "preprocessor_config.json";

  private static final long MAX_BYTES = 1 << 20;
  private static final double PIXEL = 255;

  /** PIL's numbers of its filters, by which transformers names them. */
  private static final List<String> FILTERS =
      List.of("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming");

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(64).build())
                  .build())
          .build();

  /** A value with the entry that holds it. */
  record Entry<T>(T value, String from) {}

  private final Path folder;
  private final JsonNode config;
  private final JsonNode preprocessor;
  private final Kind kind;

  private enum Kind {
    HUGGING_FACE,
    TIMM,
    NONE
  }

  private PublishedConfig(Path folder, JsonNode config, JsonNode preprocessor) {
    this.folder = folder;
    this.config = config;
    this.preprocessor = preprocessor;
    this.kind =
        config.has("model_type") || config.has("architectures")
            ? Kind.HUGGING_FACE
            : config.has("architecture") || config.has("pretrained_cfg") ? Kind.TIMM : Kind.NONE;
  }

  /** Nothing is said. */
  static PublishedConfig none() {
    return new PublishedConfig(Path.of(""), JSON.createObjectNode(), JSON.createObjectNode());
  }

  /**
   * Reads what lies beside a file.
   *
   * @throws ModelFormatException naming the configuration, if it is too large, no JSON object, or
   *     of another network
   */
  static PublishedConfig beside(Path weights) throws ModelFormatException {
    Path folder = weights.toAbsolutePath().getParent();
    if (folder == null) {
      return none();
    }
    PublishedConfig read =
        new PublishedConfig(
            folder, json(folder.resolve(CONFIG)), json(folder.resolve(PREPROCESSOR)));
    read.checkNetwork();
    return read;
  }

  private static JsonNode json(Path file) throws ModelFormatException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return JSON.createObjectNode();
    }
    try {
      if (!Files.isRegularFile(file)) {
        throw new ModelFormatException(file.toString(), "is not a regular file");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw new ModelFormatException(
            file.toString(), "is larger than " + MAX_BYTES + " bytes, no configuration");
      }
      if (Files.size(file) == 0) {
        throw new ModelFormatException(file.toString(), "is empty");
      }
      JsonNode root = JSON.readTree(Files.readAllBytes(file));
      if (root == null || !root.isObject()) {
        throw new ModelFormatException(file.toString(), "is no JSON object");
      }
      return root;
    } catch (ModelFormatException e) {
      throw e;
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(file.toString(), "is " + JsonErrors.reason(e), e);
    } catch (IOException e) {
      throw new ModelFormatException(file.toString(), FileErrors.reason(e), e);
    }
  }

  private void checkNetwork() throws ModelFormatException {
    switch (kind) {
      case HUGGING_FACE -> {
        JsonNode type = config.path("model_type");
        if (!type.isMissingNode() && !type.asText().equals("mobilenet_v1")) {
          throw wrong(CONFIG, "model_type", type, "not mobilenet_v1");
        }
      }
      case TIMM -> {
        JsonNode architecture = config.path("architecture");
        if (!architecture.isMissingNode() && !architecture.asText().startsWith("mobilenetv1")) {
          throw wrong(CONFIG, "architecture", architecture, "no mobilenetv1");
        }
      }
      case NONE -> {}
    }
  }

  /** True if there is a config.json that is neither transformers' nor timm's. */
  boolean isForeign() {
    return kind == Kind.NONE && !config.isEmpty();
  }

  /**
   * The resolution of the images.
   *
   * @throws ModelFormatException if it is stated and no square of 1..4096, likewise below
   */
  Optional<Entry<Integer>> resolution() throws ModelFormatException {
    OptionalInt crop = crop();
    if (crop.isPresent()) {
      return Optional.of(new Entry<>(crop.getAsInt(), PREPROCESSOR));
    }
    if (kind == Kind.TIMM) {
      JsonNode size = timm("input_size");
      if (size.isMissingNode()) {
        return Optional.empty();
      }
      if (!size.isArray() || size.size() != 3 || !size.get(1).equals(size.get(2))) {
        throw wrong(CONFIG, "input_size", size, "not [channels, side, side]");
      }
      return Optional.of(
          new Entry<>(side(CONFIG, "input_size", size.get(1)), CONFIG + ": input_size"));
    }
    JsonNode size = kind == Kind.NONE ? JSON.missingNode() : config.path("image_size");
    return size.isMissingNode()
        ? Optional.empty()
        : Optional.of(new Entry<>(side(CONFIG, "image_size", size), CONFIG + ": image_size"));
  }

  /** Edge of what is cut out of the image, or of what it is resized to without a cut. */
  private OptionalInt crop() throws ModelFormatException {
    boolean cut = flag("do_center_crop", true) && preprocessor.has("crop_size");
    JsonNode size = preprocessor.path(cut ? "crop_size" : "size");
    if (!cut && !size.has("height")) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(square(cut ? "crop_size" : "size", size));
  }

  private int square(String key, JsonNode size) throws ModelFormatException {
    if (size.isObject()) {
      if (!size.path("height").equals(size.path("width"))) {
        throw wrong(PREPROCESSOR, key, size, "not square");
      }
      return side(PREPROCESSOR, key, size.path("height"));
    }
    return side(PREPROCESSOR, key, size);
  }

  /** How the strided convolutions are padded. */
  Optional<Entry<PaddingStyle>> padding() throws ModelFormatException {
    if (kind == Kind.HUGGING_FACE && config.has("tf_padding")) {
      JsonNode value = config.get("tf_padding");
      if (!value.isBoolean()) {
        throw wrong(CONFIG, "tf_padding", value, "neither true nor false");
      }
      return Optional.of(
          new Entry<>(
              value.booleanValue() ? PaddingStyle.SAME : PaddingStyle.SYMMETRIC,
              CONFIG + ": tf_padding"));
    }
    JsonNode type = kind == Kind.TIMM ? config.path("model_args").path("pad_type") : null;
    if (type == null || type.isMissingNode()) {
      return Optional.empty();
    }
    PaddingStyle style =
        switch (type.asText()) {
          case "same" -> PaddingStyle.SAME;
          case "" -> PaddingStyle.SYMMETRIC;
          default -> throw wrong(CONFIG, "pad_type", type, "neither 'same' nor empty");
        };
    return Optional.of(new Entry<>(style, CONFIG + ": pad_type"));
  }

  /** The function after each convolution. */
  Optional<Entry<Clamp>> activation() throws ModelFormatException {
    String key = kind == Kind.TIMM ? "act_layer" : "hidden_act";
    JsonNode word =
        switch (kind) {
          case HUGGING_FACE -> config.path(key);
          case TIMM -> config.path("model_args").path(key);
          case NONE -> JSON.missingNode();
        };
    if (word.isMissingNode()) {
      return Optional.empty();
    }
    for (Clamp a : Clamp.RECTIFIERS) {
      if (word.isTextual() && a.word().equals(word.asText())) {
        return Optional.of(new Entry<>(a, CONFIG + ": " + key));
      }
    }
    throw wrong(CONFIG, key, word, "neither relu nor relu6");
  }

  /** Epsilon of the batch norms. */
  Optional<Entry<Double>> epsilon() throws ModelFormatException {
    if (kind != Kind.HUGGING_FACE || !config.has("layer_norm_eps")) {
      return Optional.empty();
    }
    JsonNode value = config.get("layer_norm_eps");
    if (!value.isNumber() || !(value.doubleValue() > 0 && value.doubleValue() <= 1)) {
      throw wrong(CONFIG, "layer_norm_eps", value, "not over 0 and at most 1");
    }
    return Optional.of(new Entry<>(value.doubleValue(), CONFIG + ": layer_norm_eps"));
  }

  /** The width multiplier, to be held against the weights. */
  Optional<Double> widthMultiplier() throws ModelFormatException {
    if (kind != Kind.HUGGING_FACE || !config.has("depth_multiplier")) {
      return Optional.empty();
    }
    JsonNode value = config.get("depth_multiplier");
    if (!value.isNumber() || !(value.doubleValue() > 0 && value.doubleValue() <= 16)) {
      throw wrong(CONFIG, "depth_multiplier", value, "not over 0 and at most 16");
    }
    return Optional.of(value.doubleValue());
  }

  /** The weights are those of another network than this file describes. */
  ModelFormatException contradicts(String key, String reason) {
    return new ModelFormatException(folder.resolve(CONFIG).toString(), key + " " + reason);
  }

  /** How the images are prepared; empty if nothing is said. */
  Optional<ImageSettings> images() throws ModelFormatException {
    if (!preprocessor.isEmpty()) {
      return Optional.of(transformersImages());
    }
    return kind == Kind.TIMM ? Optional.of(timmImages()) : Optional.empty();
  }

  private ImageSettings transformersImages() throws ModelFormatException {
    double rescale = 1;
    if (flag("do_rescale", true)) {
      JsonNode factor = preprocessor.path("rescale_factor");
      if (!factor.isMissingNode() && !(factor.isNumber() && factor.doubleValue() > 0)) {
        throw wrong(PREPROCESSOR, "rescale_factor", factor, "not a number over 0");
      }
      // 1/255 is written with 15 digits and more; mean and std are to be what people write.
      double stated = factor.isMissingNode() ? 1 / PIXEL : factor.doubleValue();
      rescale = Math.abs(stated * PIXEL - 1) < 1e-9 ? 1 / PIXEL : stated;
    }
    double unit = rescale == 1 / PIXEL ? PIXEL : 1 / rescale;
    boolean normalizes = flag("do_normalize", true);
    Optional<List<Double>> mean =
        normalizes
            ? numbers(PREPROCESSOR, "image_mean", preprocessor.path("image_mean"), unit, false)
            : Optional.of(List.of(0.0, 0.0, 0.0));
    Optional<List<Double>> std =
        normalizes
            ? numbers(PREPROCESSOR, "image_std", preprocessor.path("image_std"), unit, true)
            : Optional.of(List.of(unit, unit, unit));
    return new ImageSettings(resize(), mean, std, resample(), PREPROCESSOR);
  }

  private Optional<ImageSettings.Resize> resize() throws ModelFormatException {
    JsonNode size = preprocessor.path("size");
    if (!flag("do_resize", true)) {
      throw wrong(PREPROCESSOR, "do_resize", preprocessor.get("do_resize"), "not supported");
    }
    if (size.isMissingNode()) {
      return Optional.empty();
    }
    OptionalInt crop = crop();
    if (size.has("height")) {
      int edge = square("size", size);
      return Optional.of(
          edge == crop.orElse(edge)
              ? new ImageSettings.Exact()
              : new ImageSettings.ShortSide(edge, crop.getAsInt()));
    }
    int edge = side(PREPROCESSOR, "size", size.isObject() ? size.path("shortest_edge") : size);
    if (crop.isEmpty()) {
      throw wrong(PREPROCESSOR, "size", size, "a short side without a crop, so no one shape");
    }
    if (crop.getAsInt() > edge) {
      throw wrong(PREPROCESSOR, "crop_size", preprocessor.path("crop_size"), "larger than size");
    }
    return Optional.of(new ImageSettings.ShortSide(edge, crop.getAsInt()));
  }

  private Optional<String> resample() throws ModelFormatException {
    JsonNode number = preprocessor.path("resample");
    if (number.isMissingNode()) {
      return Optional.empty();
    }
    if (!number.isInt() || number.intValue() < 0 || number.intValue() >= FILTERS.size()) {
      throw wrong(PREPROCESSOR, "resample", number, "not in 0.." + (FILTERS.size() - 1));
    }
    return Optional.of(FILTERS.get(number.intValue()));
  }

  private ImageSettings timmImages() throws ModelFormatException {
    JsonNode share = timm("crop_pct");
    Optional<ImageSettings.Resize> resize = Optional.empty();
    if (!share.isMissingNode()) {
      if (!share.isNumber() || !(share.doubleValue() >= 0.1 && share.doubleValue() <= 1)) {
        throw wrong(CONFIG, "crop_pct", share, "not in 0.1..1");
      }
      resize = Optional.of(new ImageSettings.CropShare(share.doubleValue()));
    }
    JsonNode mode = timm("crop_mode");
    if (!mode.isMissingNode() && !mode.asText().equals("center")) {
      throw wrong(CONFIG, "crop_mode", mode, "not center");
    }
    JsonNode interpolation = timm("interpolation");
    if (!interpolation.isMissingNode() && !interpolation.isTextual()) {
      throw wrong(CONFIG, "interpolation", interpolation, "no word");
    }
    return new ImageSettings(
        resize,
        numbers(CONFIG, "mean", timm("mean"), PIXEL, false),
        numbers(CONFIG, "std", timm("std"), PIXEL, true),
        interpolation.isMissingNode() ? Optional.empty() : Optional.of(interpolation.asText()),
        CONFIG);
  }

  /**
   * An entry of timm's configuration of the pretrained network; older files have no inner object.
   */
  private JsonNode timm(String key) {
    JsonNode inner = config.path("pretrained_cfg");
    return inner.isObject() ? inner.path(key) : config.path(key);
  }

  private boolean flag(String key, boolean fallback) throws ModelFormatException {
    JsonNode value = preprocessor.path(key);
    if (value.isMissingNode() || value.isNull()) {
      return fallback;
    }
    if (!value.isBoolean()) {
      throw wrong(PREPROCESSOR, key, value, "neither true nor false");
    }
    return value.booleanValue();
  }

  private int side(String file, String key, JsonNode value) throws ModelFormatException {
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < 1
        || value.intValue() > LoadOptions.MAX_RESOLUTION) {
      throw wrong(file, key, value, "not an integer in 1.." + LoadOptions.MAX_RESOLUTION);
    }
    return value.intValue();
  }

  private Optional<List<Double>> numbers(
      String file, String key, JsonNode list, double unit, boolean positive)
      throws ModelFormatException {
    if (list.isMissingNode()) {
      return Optional.empty();
    }
    List<Double> values = new ArrayList<>();
    for (JsonNode v : list) {
      double value = v.doubleValue() * unit;
      if (!v.isNumber() || !Double.isFinite(value) || (positive && !(value > 0))) {
        break;
      }
      values.add(value);
    }
    if (!list.isArray() || list.size() != 3 || values.size() != 3) {
      throw wrong(
          file, key, list, positive ? "not three numbers over 0" : "not three finite numbers");
    }
    return Optional.of(values);
  }

  private ModelFormatException wrong(String file, String key, JsonNode value, String reason) {
    return new ModelFormatException(
        folder.resolve(file).toString(),
        key + " " + ModelFormatException.shortened(value.toString()) + " is " + reason);
  }
}
