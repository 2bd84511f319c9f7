package io.depthscope.model.format;

import io.depthscope.model.BatchNorm;
import io.depthscope.model.LayerParameters;
import io.depthscope.model.MobileNetV1;
import io.depthscope.model.Model;
import io.depthscope.model.NetworkFamily;
import io.depthscope.model.Node;
import io.depthscope.model.Weights;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Loads a network with its weights from a safetensors file, and writes the project's own files. */
public final class ModelFile {
  private static final int DEFAULT_RESOLUTION = 224;
  private static final int DEFAULT_CLASSES = 1000;
  private static final int MAX_CLASSES = 1_000_000;

  /** Keras ends a file's name with the resolution: mobilenet_v1_0.75_224. */
  private static final Pattern TRAILING_NUMBER = Pattern.compile("[-_](\\d{2,3})$");

  /** timm writes it as r224; the number at the end of mobilenetv1_100 is the width. */
  private static final Pattern TIMM_RESOLUTION = Pattern.compile("[-_.]r(\\d{2,3})(?![0-9])");

  private ModelFile() {}

  /**
   * Loads a file on disk.
   *
   * @throws ModelFormatException if it cannot be read, is no safetensors file, or its tensors do
   *     not make up a network of a known family; the message is one line
   */
  public static LoadedModel load(Path file, LoadOptions options) throws ModelFormatException {
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      return load(opened, options);
    }
  }

  /**
   * Loads an open file, which may be closed afterwards.
   *
   * <p>The dialect is told by the tensors' names. Width multiplier and number of classes of a
   * MobileNet-V1 follow from the tensors' shapes; its resolution is taken from the options, else
   * from the metadata entry {@code resolution}, else from the file's name, else it is 224.
   *
   * @throws ModelFormatException as {@link #load(Path, LoadOptions)}
   */
  public static LoadedModel load(SafetensorsFile file, LoadOptions options)
      throws ModelFormatException {
    Naming naming = Naming.recognise(file).orElse(null);
    if (naming == null) {
      throw unknownNames(file);
    }
    NetworkFamily family;
    Model model;
    try {
      family =
          naming == Naming.DEPTHSCOPE ? ownFamily(file, options) : mobileNet(file, naming, options);
      checkFamily(file, naming, family, options);
      model = family.model();
    } catch (IllegalArgumentException e) {
      // The settings came from the file, so a network they cannot make is the file's fault.
      throw new ModelFormatException(file.name(), e.getMessage(), e);
    }
    Weights weights =
        new CheckpointReader(file, naming, model, epsilon(file, naming, model)).read();
    return new LoadedModel(
        family.family(),
        naming.id(),
        model,
        weights,
        file.sha256(),
        file.metadata(),
        Path.of(file.name()));
  }

  private static ModelFormatException unknownNames(SafetensorsFile file) {
    String first =
        file.tensors().keySet().stream()
            .limit(3)
            .map(ModelFormatException::shortened)
            .collect(Collectors.joining(", "));
    return new ModelFormatException(
        file.name(),
        file.tensors().isEmpty()
            ? "holds no tensors"
            : "the tensor names are of no known dialect (Keras, Hugging Face or timm MobileNet-V1,"
                + " or Depthscope's own); the first are "
                + first);
  }

  private static void checkFamily(
      SafetensorsFile file, Naming naming, NetworkFamily family, LoadOptions options)
      throws ModelFormatException {
    if (options.family().isPresent() && !options.family().get().equals(family.family())) {
      throw new ModelFormatException(
          file.name(),
          String.format(
              Locale.ROOT,
              "holds the family %s (%s names), not %s",
              family.family(),
              naming.title(),
              options.family().get()));
    }
  }

  private static NetworkFamily ownFamily(SafetensorsFile file, LoadOptions options)
      throws ModelFormatException {
    String name = file.metadata().get(FamilyConfig.FAMILY_KEY);
    if (name == null) {
      name = options.family().orElse(null);
    }
    if (name == null || !FamilyConfig.families().contains(name)) {
      throw new ModelFormatException(
          file.name(),
          String.format(
              Locale.ROOT,
              "metadata %s is %s; known: %s",
              FamilyConfig.FAMILY_KEY,
              name == null ? "missing" : "'" + ModelFormatException.shortened(name) + "'",
              String.join(", ", FamilyConfig.families())));
    }
    NetworkFamily family = FamilyConfig.parse(name, requireMetadata(file, FamilyConfig.CONFIG_KEY));
    if (options.resolution().isEmpty()) {
      return family;
    }
    int side = options.resolution().getAsInt();
    return family.withInput(new Shape(side, side, family.input().channels()));
  }

  private static MobileNetV1 mobileNet(SafetensorsFile file, Naming naming, LoadOptions options)
      throws ModelFormatException {
    Map<String, TensorNames> names = naming.mobileNetNames();
    int resolution = resolution(file, naming, options);
    return new MobileNetV1(
        inferAlpha(file, naming, names),
        new Shape(resolution, resolution, 3),
        (int) outChannels(file, names.get("conv_preds"), MAX_CLASSES).orElse(DEFAULT_CLASSES),
        naming.padding(),
        naming.rounding(),
        false);
  }

  /**
   * The width multiplier that explains the most layers, so that one misshapen tensor is reported as
   * such instead of bending the whole network.
   */
  private static double inferAlpha(
      SafetensorsFile file, Naming naming, Map<String, TensorNames> names) {
    Map<String, Integer> baseWidths = new LinkedHashMap<>();
    // The widest layers come first: their quotient is the most exact.
    for (int i = MobileNetV1.BLOCKS.size(); i >= 1; i--) {
      baseWidths.put("conv_pw_" + i, MobileNetV1.BLOCKS.get(i - 1).width());
    }
    baseWidths.put("conv1", MobileNetV1.STEM_WIDTH);
    Map<Integer, Map<Integer, Integer>> widths = new HashMap<>();
    Map<Double, Integer> candidates = new LinkedHashMap<>();
    for (Map.Entry<String, Integer> layer : baseWidths.entrySet()) {
      int base = layer.getValue();
      OptionalLong width = outChannels(file, names.get(layer.getKey()), 16 * base);
      if (width.isPresent()) {
        int w = (int) width.getAsLong();
        widths.computeIfAbsent(base, b -> new HashMap<>()).merge(w, 1, Integer::sum);
        candidates.put(w / (double) base, 0);
      }
    }
    candidates.replaceAll(
        (alpha, zero) ->
            widths.entrySet().stream()
                .mapToInt(
                    e ->
                        e.getValue().getOrDefault(naming.rounding().channels(e.getKey(), alpha), 0))
                .sum());
    double best = 1;
    int most = 0;
    for (Map.Entry<Double, Integer> candidate : candidates.entrySet()) {
      if (candidate.getValue() > most) {
        best = candidate.getKey();
        most = candidate.getValue();
      }
    }
    return best;
  }

  /** Output channels of a dense kernel as stored; empty if absent, misshapen or not in 1..most. */
  private static OptionalLong outChannels(SafetensorsFile file, TensorNames names, int most) {
    TensorInfo info = file.tensors().get(names.kernel());
    if (info == null) {
      return OptionalLong.empty();
    }
    OptionalLong channels = names.layout().outChannels(info.shape());
    return channels.isPresent() && channels.getAsLong() >= 1 && channels.getAsLong() <= most
        ? channels
        : OptionalLong.empty();
  }

  private static int resolution(SafetensorsFile file, Naming naming, LoadOptions options)
      throws ModelFormatException {
    if (options.resolution().isPresent()) {
      return options.resolution().getAsInt();
    }
    String stated = file.metadata().get("resolution");
    if (stated != null) {
      return parseResolution(file, stated);
    }
    return fromName(file.name(), naming).orElse(DEFAULT_RESOLUTION);
  }

  private static int parseResolution(SafetensorsFile file, String stated)
      throws ModelFormatException {
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

  private static OptionalInt fromName(String file, Naming naming) {
    String name = file.substring(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
    String stem = name.replaceFirst("\\.safetensors$", "");
    Matcher number = (naming == Naming.TIMM ? TIMM_RESOLUTION : TRAILING_NUMBER).matcher(stem);
    if (!number.find()) {
      return OptionalInt.empty();
    }
    int value = Integer.parseInt(number.group(1));
    return value >= 96 && value <= 512 ? OptionalInt.of(value) : OptionalInt.empty();
  }

  private static double epsilon(SafetensorsFile file, Naming naming, Model model)
      throws ModelFormatException {
    String key = naming == Naming.DEPTHSCOPE ? FamilyConfig.EPSILON_KEY : "bn_epsilon";
    String text = file.metadata().get(key);
    if (text == null) {
      // Our own files must state it: they have no framework whose default could be meant.
      if (naming == Naming.DEPTHSCOPE
          && model.nodes().stream().anyMatch(n -> n.layer().hasBatchNorm())) {
        throw new ModelFormatException(file.name(), "metadata " + key + " is missing");
      }
      return naming.defaultEpsilon();
    }
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

  private static String requireMetadata(SafetensorsFile file, String key)
      throws ModelFormatException {
    String text = file.metadata().get(key);
    if (text == null) {
      throw new ModelFormatException(file.name(), "metadata " + key + " is missing");
    }
    return text;
  }

  /**
   * The bytes of a file in the project's own names, which {@link #load} reads back to the same
   * network and weights.
   *
   * @throws IllegalArgumentException if a node has no weights or two batch norms differ in epsilon
   */
  public static byte[] encode(NetworkFamily family, Weights weights) {
    Model model = family.model();
    Map<String, TensorNames> names = Naming.DEPTHSCOPE.names(model);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(FamilyConfig.FAMILY_KEY, family.family());
    metadata.put(FamilyConfig.CONFIG_KEY, FamilyConfig.text(family));
    for (Node node : model.nodes()) {
      if (!node.layer().hasWeights()) {
        continue;
      }
      LayerParameters parameters = weights.of(node);
      TensorNames n = names.get(node.name());
      tensors.put(n.kernel(), parameters.kernel());
      parameters.bias().ifPresent(b -> tensors.put(n.bias(), vector(b)));
      parameters
          .batchNorm()
          .ifPresent(
              norm -> {
                putNorm(tensors, n, norm);
                String epsilon = Double.toString(norm.epsilon());
                String other = metadata.put(FamilyConfig.EPSILON_KEY, epsilon);
                if (other != null && !other.equals(epsilon)) {
                  throw new IllegalArgumentException(
                      "node " + node.name() + ": epsilon " + epsilon + " after " + other);
                }
              });
    }
    return SafetensorsWriter.encode(tensors, metadata);
  }

  private static void putNorm(Map<String, FloatTensor> tensors, TensorNames n, BatchNorm norm) {
    tensors.put(n.gamma(), vector(norm.gamma()));
    tensors.put(n.beta(), vector(norm.beta()));
    tensors.put(n.mean(), vector(norm.mean()));
    tensors.put(n.variance(), vector(norm.variance()));
  }

  private static FloatTensor vector(float[] values) {
    return FloatTensor.of(values, values.length);
  }
}
