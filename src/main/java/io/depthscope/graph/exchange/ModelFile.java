package io.depthscope.graph.exchange;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.draft.FileTensors;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.zoo.Blueprint;
import io.depthscope.zoo.MobileNetV1;
import io.depthscope.zoo.NetworkFamily;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * Loads a network with its weights from a safetensors file, and writes files of weights of the
 * project's own families; {@link NetworkFile} is the file of any other network.
 */
public final class ModelFile {
  private static final int DEFAULT_CLASSES = 1000;
  private static final int MAX_CLASSES = 1_000_000;

  private ModelFile() {}

  /**
   * Loads a file on disk. Files of other programs are completed by the configuration in their
   * folder, if there is one.
   *
   * @throws ModelFormatException if it cannot be read, is no safetensors file, or its tensors do
   *     not make up a network of a known family, or the configuration is unsound or of another
   *     network; the message is one line
   */
  public static LoadedModel load(Path file, LoadOptions options) throws ModelFormatException {
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      if (NetworkFile.holdsGraph(opened)) {
        return NetworkFile.load(opened, options);
      }
      NamedTensors tensors = recognise(opened);
      return load(
          tensors,
          tensors.naming() == Naming.DEPTHSCOPE
              ? PublishedConfig.none()
              : PublishedConfig.beside(file),
          options);
    }
  }

  /**
   * Loads an open file, which may be closed afterwards.
   *
   * <p>The dialect is told by the tensors' names. Width multiplier and number of classes of a
   * MobileNet-V1 follow from the tensors' shapes. The rest is taken from the options, else from the
   * file's metadata ({@code resolution}, {@code bn_epsilon}), else from the configuration beside a
   * file on disk, else, the resolution alone, from a name that such networks are published under,
   * else it is what networks of the dialect usually have. {@link LoadedModel#settings} says which.
   *
   * @throws ModelFormatException as {@link #load(Path, LoadOptions)}
   */
  public static LoadedModel load(SafetensorsFile file, LoadOptions options)
      throws ModelFormatException {
    return NetworkFile.holdsGraph(file)
        ? NetworkFile.load(file, options)
        : load(recognise(file), PublishedConfig.none(), options);
  }

  private static NamedTensors recognise(SafetensorsFile file) throws ModelFormatException {
    NamedTensors tensors = NamedTensors.recognise(file).orElse(null);
    if (tensors == null) {
      throw unknownNames(file);
    }
    return tensors;
  }

  private static LoadedModel load(NamedTensors tensors, PublishedConfig config, LoadOptions options)
      throws ModelFormatException {
    SafetensorsFile file = tensors.file();
    SettingsFinder found = new SettingsFinder(tensors, config, options);
    NetworkFamily family;
    Blueprint blueprint;
    try {
      family =
          tensors.naming() == Naming.DEPTHSCOPE
              ? found.override(ownFamily(file, options))
              : mobileNet(tensors, config, found);
      checkFamily(file, tensors.naming(), family, options);
      blueprint = family.blueprint();
    } catch (IllegalArgumentException e) {
      // The settings came from the file, so a network they cannot make is the file's fault.
      throw new ModelFormatException(file.name(), e.getMessage(), e);
    }
    double epsilon = found.epsilon(blueprint);
    Network network = new CheckpointReader(tensors, blueprint, epsilon).read();
    return new LoadedModel(
        family.family(),
        tensors.naming().id(),
        network,
        file.sha256(),
        file.metadata(),
        FamilyConfig.text(family) + " epsilon " + epsilon,
        found.settings(),
        found.images(),
        Path.of(file.name()),
        FileTensors.plain(network.graph()),
        Optional.empty());
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
    return FamilyConfig.parse(name, requireMetadata(file, FamilyConfig.CONFIG_KEY));
  }

  private static MobileNetV1 mobileNet(
      NamedTensors tensors, PublishedConfig config, SettingsFinder found)
      throws ModelFormatException {
    Naming naming = tensors.naming();
    Map<String, TensorNames> names = naming.mobileNetNames();
    checkWidth(tensors, names.get("conv1"), config);
    int resolution = found.resolution();
    return new MobileNetV1(
        inferAlpha(tensors, names),
        new Shape(resolution, resolution, 3),
        (int) outChannels(tensors, names.get("conv_preds"), MAX_CLASSES).orElse(DEFAULT_CLASSES),
        found.activation(),
        found.padding(),
        naming.rounding(),
        false);
  }

  /** A configuration of another width belongs to other weights, and so may all else it says. */
  private static void checkWidth(NamedTensors tensors, TensorNames stem, PublishedConfig config)
      throws ModelFormatException {
    Optional<Double> stated = config.widthMultiplier();
    OptionalLong stored = outChannels(tensors, stem, 16 * MobileNetV1.STEM_WIDTH);
    if (stated.isPresent() && stored.isPresent()) {
      int channels = tensors.naming().rounding().channels(MobileNetV1.STEM_WIDTH, stated.get());
      if (channels != stored.getAsLong()) {
        throw config.contradicts(
            "depth_multiplier",
            String.format(
                Locale.ROOT,
                "%s makes %d channels in the first layer, the weights have %d",
                stated.get(),
                channels,
                stored.getAsLong()));
      }
    }
  }

  /**
   * The width multiplier that explains the most layers, so that one misshapen tensor is reported as
   * such instead of bending the whole network.
   */
  private static double inferAlpha(NamedTensors file, Map<String, TensorNames> names) {
    Naming naming = file.naming();
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
  private static OptionalLong outChannels(NamedTensors file, TensorNames names, int most) {
    TensorInfo info = file.info(names.kernel());
    if (info == null) {
      return OptionalLong.empty();
    }
    OptionalLong channels = names.layout().outChannels(info.shape());
    return channels.isPresent() && channels.getAsLong() >= 1 && channels.getAsLong() <= most
        ? channels
        : OptionalLong.empty();
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
   * network.
   *
   * @param stored parameters of every weighted node, by its name
   * @throws IllegalArgumentException if a node has no weights or two batch norms differ in epsilon
   */
  public static byte[] encode(NetworkFamily family, Map<String, LayerParameters> stored) {
    Graph graph = family.graph();
    Map<String, TensorNames> names = Naming.DEPTHSCOPE.names(graph);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(FamilyConfig.FAMILY_KEY, family.family());
    metadata.put(FamilyConfig.CONFIG_KEY, FamilyConfig.text(family));
    for (Node node : graph.nodes()) {
      if (!node.op().hasWeights()) {
        continue;
      }
      LayerParameters parameters = stored.get(node.name());
      if (parameters == null) {
        throw new IllegalArgumentException("no weights for node " + node.name());
      }
      TensorNames n = names.get(node.name());
      tensors.put(n.kernel(), n.layout().toStored(parameters.kernel()));
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
