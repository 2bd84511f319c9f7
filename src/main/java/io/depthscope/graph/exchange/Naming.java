package io.depthscope.graph.exchange;

import io.depthscope.graph.Graph;
import io.depthscope.graph.Op;
import io.depthscope.zoo.ChannelRounding;
import io.depthscope.zoo.MobileNetV1;
import io.depthscope.zoo.PaddingStyle;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A dialect of tensor names and layouts. All but {@link #DEPTHSCOPE} hold a MobileNet-V1, whose
 * nodes have Keras' names whatever the file calls them.
 */
enum Naming {
  /** The project's own: {@code NODE.kernel}, {@code NODE.bias}, {@code NODE.bn.gamma} ... */
  DEPTHSCOPE("depthscope", "Depthscope's own"),
  /**
   * {@code keras.applications.MobileNet}. Keras 2 calls a depthwise kernel {@code
   * conv_dw_1/depthwise_kernel}, Keras 3 {@code conv_dw_1/kernel}; it goes by the older name here.
   */
  KERAS("keras", "Keras"),
  /** {@code transformers.MobileNetV1ForImageClassification}. */
  HUGGING_FACE("hugging-face", "Hugging Face"),
  /** {@code timm.create_model("mobilenetv1_...")}. */
  TIMM("timm", "timm");

  /** timm groups the blocks into stages of equal width. */
  private static final int[] TIMM_STAGES = {1, 2, 2, 6, 2};

  private static final double TIMM_CROP = 0.875;

  private static final Pattern KERAS_DEPTHWISE =
      Pattern.compile("conv_dw_[0-9]+/(depthwise_)?kernel");

  private final String id;
  private final String title;

  Naming(String id, String title) {
    this.id = id;
    this.title = title;
  }

  /** The word for tables and files. */
  String id() {
    return id;
  }

  /** The words for messages. */
  String title() {
    return title;
  }

  /** The dialect of a file's tensors, told by names no other dialect uses. */
  static Optional<Naming> recognise(Set<String> names, Set<String> metadata) {
    if (metadata.contains(FamilyConfig.FAMILY_KEY)
        || names.stream().anyMatch(n -> n.endsWith(".kernel"))) {
      return Optional.of(DEPTHSCOPE);
    }
    if (names.contains("conv1/kernel")
        || names.stream().anyMatch(n -> KERAS_DEPTHWISE.matcher(n).matches())) {
      return Optional.of(KERAS);
    }
    if (names.stream().anyMatch(n -> n.startsWith("mobilenet_v1."))) {
      return Optional.of(HUGGING_FACE);
    }
    if (names.contains("conv_stem.weight") || names.contains("blocks.0.0.conv_dw.weight")) {
      return Optional.of(TIMM);
    }
    return Optional.empty();
  }

  /** Epsilon of the batch norms where the file does not state it. */
  double defaultEpsilon() {
    return this == TIMM ? 1e-5 : 1e-3;
  }

  /** How the dialect's networks read images where nothing says it; empty: as their family does. */
  Optional<ImageSettings> images() {
    return this == TIMM
        ? Optional.of(
            new ImageSettings(
                Optional.of(new ImageSettings.CropShare(TIMM_CROP)),
                Optional.empty(),
                Optional.empty(),
                Optional.of("bicubic"),
                "usual for " + title))
        : Optional.empty();
  }

  PaddingStyle padding() {
    return switch (this) {
      case DEPTHSCOPE, HUGGING_FACE -> PaddingStyle.SAME;
      case KERAS -> PaddingStyle.KERAS;
      case TIMM -> PaddingStyle.SYMMETRIC;
    };
  }

  ChannelRounding rounding() {
    return switch (this) {
      case DEPTHSCOPE, KERAS -> ChannelRounding.TRUNCATE;
      case HUGGING_FACE -> ChannelRounding.TRUNCATE_MIN_8;
      case TIMM -> ChannelRounding.MULTIPLE_OF_8;
    };
  }

  /** True for tensors that belong to the dialect but carry nothing that inference needs. */
  boolean ignores(String tensor) {
    return switch (this) {
      case DEPTHSCOPE -> false;
      case KERAS -> tensor.endsWith("/seed_generator_state"); // of dropout
      case HUGGING_FACE, TIMM -> tensor.endsWith(".num_batches_tracked");
    };
  }

  /**
   * The name that {@link #names} gives a tensor which another generation of the framework calls
   * {@code name}.
   *
   * @param all the names of the file; one that it holds already is not given twice
   */
  String current(String name, Map<String, String> all) {
    if (this != KERAS || !KERAS_DEPTHWISE.matcher(name).matches()) {
      return name;
    }
    String older = name.substring(0, name.indexOf('/')) + "/depthwise_kernel";
    return all.containsKey(older) ? name : older;
  }

  /** The names of the tensors of every weighted node of a graph, by node name. */
  Map<String, TensorNames> names(Graph graph) {
    if (this != DEPTHSCOPE) {
      return mobileNetNames();
    }
    Map<String, TensorNames> names = new LinkedHashMap<>();
    for (int i = 0; i < graph.size(); i++) {
      String node = graph.node(i).name();
      if (graph.node(i).op().hasWeights()) {
        names.put(node, own(node, ownLayout(graph, i)));
      }
    }
    return names;
  }

  /** How the project's own files store the kernel of a weighted node. */
  static KernelLayout ownLayout(Graph graph, int node) {
    boolean depthwise =
        graph.node(node).op() instanceof Op.Convolution c
            && c.isDepthwise(graph.inputShapes(node).getFirst())
            && c.outChannels() == c.groups();
    return depthwise ? KernelLayout.HWC : KernelLayout.OHWI;
  }

  /** The names of the tensors of a MobileNet-V1, by node name. */
  Map<String, TensorNames> mobileNetNames() {
    Map<String, TensorNames> names = new LinkedHashMap<>();
    names.put("conv1", mobileNet(Role.STEM, 0));
    for (int i = 1; i <= MobileNetV1.BLOCKS.size(); i++) {
      names.put("conv_dw_" + i, mobileNet(Role.DEPTHWISE, i));
      names.put("conv_pw_" + i, mobileNet(Role.POINTWISE, i));
    }
    names.put("conv_preds", mobileNet(Role.CLASSIFIER, 0));
    return names;
  }

  private enum Role {
    STEM,
    DEPTHWISE,
    POINTWISE,
    CLASSIFIER
  }

  private TensorNames mobileNet(Role role, int block) {
    return switch (this) {
      case DEPTHSCOPE ->
          own(keras(role, block), role == Role.DEPTHWISE ? KernelLayout.HWC : KernelLayout.OHWI);
      case KERAS -> {
        String node = keras(role, block);
        String norm = node + "_bn/";
        boolean depthwise = role == Role.DEPTHWISE;
        yield new TensorNames(
            node + (depthwise ? "/depthwise_kernel" : "/kernel"),
            depthwise ? KernelLayout.HWC1 : KernelLayout.HWIO,
            node + "/bias",
            norm + "gamma",
            norm + "beta",
            norm + "moving_mean",
            norm + "moving_variance");
      }
      case HUGGING_FACE ->
          switch (role) {
            case STEM -> huggingFace(role, "mobilenet_v1.conv_stem.");
            case DEPTHWISE -> huggingFace(role, "mobilenet_v1.layer." + 2 * (block - 1) + ".");
            case POINTWISE ->
                huggingFace(role, "mobilenet_v1.layer." + (2 * (block - 1) + 1) + ".");
            case CLASSIFIER -> torch(role, "classifier", "");
          };
      case TIMM ->
          switch (role) {
            case STEM -> torch(role, "conv_stem", "bn1");
            case DEPTHWISE -> torch(role, timmBlock(block) + "conv_dw", timmBlock(block) + "bn1");
            case POINTWISE -> torch(role, timmBlock(block) + "conv_pw", timmBlock(block) + "bn2");
            case CLASSIFIER -> torch(role, "classifier", "");
          };
    };
  }

  private static String keras(Role role, int block) {
    return switch (role) {
      case STEM -> "conv1";
      case DEPTHWISE -> "conv_dw_" + block;
      case POINTWISE -> "conv_pw_" + block;
      case CLASSIFIER -> "conv_preds";
    };
  }

  private static TensorNames huggingFace(Role role, String prefix) {
    return torch(role, prefix + "convolution", prefix + "normalization");
  }

  private static TensorNames torch(Role role, String layer, String norm) {
    KernelLayout layout =
        switch (role) {
          case STEM, DEPTHWISE, POINTWISE -> KernelLayout.OIHW;
          case CLASSIFIER -> KernelLayout.OI;
        };
    return new TensorNames(
        layer + ".weight",
        layout,
        layer + ".bias",
        norm + ".weight",
        norm + ".bias",
        norm + ".running_mean",
        norm + ".running_var");
  }

  private static String timmBlock(int block) {
    int inStage = block - 1;
    int stage = 0;
    while (inStage >= TIMM_STAGES[stage]) {
      inStage -= TIMM_STAGES[stage++];
    }
    return "blocks." + stage + "." + inStage + ".";
  }

  private static TensorNames own(String node, KernelLayout layout) {
    return new TensorNames(
        node + ".kernel",
        layout,
        node + ".bias",
        node + ".bn.gamma",
        node + ".bn.beta",
        node + ".bn.mean",
        node + ".bn.variance");
  }
}
