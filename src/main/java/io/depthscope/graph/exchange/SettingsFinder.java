package io.depthscope.graph.exchange;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.exchange.Setting.Origin;
import io.depthscope.tensor.Shape;
import io.depthscope.zoo.Blueprint;
import io.depthscope.zoo.NetworkFamily;
import io.depthscope.zoo.PaddingStyle;
import io.depthscope.zoo.Storage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds what must be known beside the weights, each from the best source there is, and keeps where
 * it was found.
 */
final class SettingsFinder {
  private static final int DEFAULT_RESOLUTION = 224;

  private final NamedTensors tensors;
  private final SafetensorsFile file;
  private final PublishedConfig config;
  private final LoadOptions options;
  private final List<Setting> settings = new ArrayList<>();

  SettingsFinder(NamedTensors tensors, PublishedConfig config, LoadOptions options) {
    this.tensors = tensors;
    this.file = tensors.file();
    this.config = config;
    this.options = options;
    tensors
        .leftOut()
        .ifPresent(what -> put("tensor names without", what, Origin.NAME, "the file's names"));
    if (config.isForeign()) {
      put(PublishedConfig.CONFIG, "not used", Origin.CONFIG, "neither Hugging Face's nor timm's");
    }
  }

  private void put(String name, Object value, Origin origin, String from) {
    settings.add(new Setting(name, value.toString(), origin, from));
  }

  private <T> T found(String name, PublishedConfig.Entry<T> entry, Object word) {
    put(name, word, Origin.CONFIG, entry.from());
    return entry.value();
  }

  private <T> T usual(String name, T value, Object word) {
    put(name, word, Origin.DEFAULT, "usual for " + tensors.naming().title());
    return value;
  }

  /** What was found, in the order in which it was asked for. */
  List<Setting> settings() {
    return settings;
  }

  /** A network whose file tells everything, with what the options say instead. */
  NetworkFamily override(NetworkFamily stated) {
    NetworkFamily family = stated;
    if (options.resolution().isPresent()) {
      int side = options.resolution().getAsInt();
      family = family.withInput(new Shape(side, side, family.input().channels()));
      put("resolution", side, Origin.OPTION, "--resolution");
    }
    if (options.activation().isPresent()) {
      family = family.withActivation(optionalActivation().orElseThrow());
    }
    return family;
  }

  /** Height and width of the images. */
  int resolution() throws ModelFormatException {
    if (options.resolution().isPresent()) {
      put("resolution", options.resolution().getAsInt(), Origin.OPTION, "--resolution");
      return options.resolution().getAsInt();
    }
    String stated = file.metadata().get("resolution");
    if (stated != null) {
      put("resolution", parseResolution(stated), Origin.FILE, "metadata of the file");
      return parseResolution(stated);
    }
    Optional<PublishedConfig.Entry<Integer>> entry = config.resolution();
    if (entry.isPresent()) {
      return found("resolution", entry.get(), entry.get().value());
    }
    Optional<KnownName> name = KnownName.of(Path.of(file.name()));
    if (name.isPresent()) {
      put("resolution", name.get().resolution(), Origin.NAME, "the name " + name.get().name());
      return name.get().resolution();
    }
    return usual("resolution", DEFAULT_RESOLUTION, DEFAULT_RESOLUTION);
  }

  private int parseResolution(String stated) throws ModelFormatException {
    if (stated.matches("[0-9]{1,4}")) {
      int value = Integer.parseInt(stated);
      if (value >= 1 && value <= LoadOptions.MAX_RESOLUTION) {
        return value;
      }
    }
    throw new ModelFormatException(
        file.name(),
        String.format(
            Locale.ROOT,
            "metadata resolution '%s' is not a number in 1..%d",
            ModelFormatException.shortened(stated),
            LoadOptions.MAX_RESOLUTION));
  }

  PaddingStyle padding() throws ModelFormatException {
    Optional<PublishedConfig.Entry<PaddingStyle>> entry = config.padding();
    if (entry.isPresent()) {
      return found("padding", entry.get(), SettingsObject.word(entry.get().value()));
    }
    PaddingStyle style = tensors.naming().padding();
    return usual("padding", style, SettingsObject.word(style));
  }

  Clamp activation() throws ModelFormatException {
    Optional<Clamp> option = optionalActivation();
    if (option.isPresent()) {
      return option.get();
    }
    Optional<PublishedConfig.Entry<Clamp>> entry = config.activation();
    if (entry.isPresent()) {
      return found("activation", entry.get(), entry.get().value().word());
    }
    return usual("activation", Clamp.RELU6, Clamp.RELU6.word());
  }

  private Optional<Clamp> optionalActivation() {
    options.activation().ifPresent(a -> put("activation", a.word(), Origin.OPTION, "--activation"));
    return options.activation();
  }

  /** Epsilon of the batch norms. */
  double epsilon(Blueprint blueprint) throws ModelFormatException {
    boolean own = tensors.naming() == Naming.DEPTHSCOPE;
    String key = own ? FamilyConfig.EPSILON_KEY : "bn_epsilon";
    String text = file.metadata().get(key);
    if (text != null) {
      double value = parseEpsilon(key, text);
      if (!own) {
        put("epsilon", value, Origin.FILE, "metadata of the file");
      }
      return value;
    }
    if (own) {
      // Our own files must state it: they have no framework whose default could be meant.
      if (blueprint.storage().values().stream().anyMatch(Storage::batchNorm)) {
        throw new ModelFormatException(file.name(), "metadata " + key + " is missing");
      }
      return tensors.naming().defaultEpsilon();
    }
    Optional<PublishedConfig.Entry<Double>> entry = config.epsilon();
    if (entry.isPresent()) {
      return found("epsilon", entry.get(), entry.get().value());
    }
    double usual = tensors.naming().defaultEpsilon();
    return usual("epsilon", usual, usual);
  }

  private double parseEpsilon(String key, String text) throws ModelFormatException {
    try {
      double value = Double.parseDouble(text);
      if (value > 0 && value <= 1) {
        return value;
      }
    } catch (NumberFormatException e) {
      // reported below, like a number out of range
    }
    throw new ModelFormatException(
        file.name(),
        String.format(
            Locale.ROOT,
            "metadata %s '%s' is not a number over 0 and at most 1",
            key,
            ModelFormatException.shortened(text)));
  }

  /** How the images are prepared, as far as it is known. */
  Optional<ImageSettings> images() throws ModelFormatException {
    return config.images().or(() -> tensors.naming().images());
  }
}
