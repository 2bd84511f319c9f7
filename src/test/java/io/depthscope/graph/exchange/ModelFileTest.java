package io.depthscope.graph.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.zoo.Block;
import io.depthscope.zoo.ChannelRounding;
import io.depthscope.zoo.MobileNetV1;
import io.depthscope.zoo.NetworkFamily;
import io.depthscope.zoo.PaddingStyle;
import io.depthscope.zoo.ResNet;
import io.depthscope.zoo.SmallCnn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ModelFileTest {

  private static LoadedModel load(
      Map<String, FloatTensor> tensors, Map<String, String> metadata, String name)
      throws ModelFormatException {
    return load(tensors, metadata, name, LoadOptions.NONE);
  }

  private static LoadedModel load(
      Map<String, FloatTensor> tensors,
      Map<String, String> metadata,
      String name,
      LoadOptions options)
      throws ModelFormatException {
    byte[] bytes = SafetensorsWriter.encode(tensors, metadata);
    try (SafetensorsFile file = SafetensorsFile.of(bytes, name)) {
      return ModelFile.load(file, options);
    }
  }

  private static String refusal(Map<String, FloatTensor> tensors, Map<String, String> metadata) {
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> load(tensors, metadata, "F"));
    assertTrue(e.getMessage().startsWith("F: "), e.getMessage());
    return e.getMessage().substring(3);
  }

  private static LoadOptions resolution(int pixels) {
    return new LoadOptions(Optional.empty(), OptionalInt.of(pixels));
  }

  private static LayerParameters parameters(LoadedModel loaded, String node) {
    return loaded.network().stored().get(node);
  }

  @Test
  void readsKerasNames() throws IOException {
    Map<String, FloatTensor> tensors = Checkpoints.keras(0.125, 7, 1);
    LoadedModel loaded = load(tensors, Map.of(), "dir/mobilenet_v1_0.125_160.safetensors");
    assertEquals("keras", loaded.naming());
    assertEquals("mobilenet-v1", loaded.family());
    assertEquals(MobileNetV1.keras(0.125, 160, 7).graph().nodes(), loaded.graph().nodes());
    assertEquals(0, loaded.firstClass());

    float[] stored = tensors.get("conv1/kernel").data(); // [3, 3, 3, 4]: h w i o
    FloatTensor kernel = parameters(loaded, "conv1").kernel();
    assertArrayEquals(new int[] {4, 3, 3, 3}, kernel.dims());
    for (int o = 0; o < 4; o++) {
      for (int hwi = 0; hwi < 27; hwi++) {
        assertEquals(stored[hwi * 4 + o], kernel.data()[o * 27 + hwi]);
      }
    }
    float[] deep = tensors.get("conv_dw_2/depthwise_kernel").data(); // [3, 3, 8, 1]
    assertArrayEquals(new int[] {8, 3, 3, 1}, parameters(loaded, "conv_dw_2").kernel().dims());
    for (int i = 0; i < deep.length; i++) {
      assertEquals(deep[i], parameters(loaded, "conv_dw_2").kernel().data()[i % 8 * 9 + i / 8]);
    }
    float[] preds = tensors.get("conv_preds/kernel").data(); // [1, 1, 128, 7]
    for (int i = 0; i < preds.length; i++) {
      assertEquals(preds[i], parameters(loaded, "conv_preds").kernel().data()[i % 7 * 128 + i / 7]);
    }
    checkNorm(tensors, parameters(loaded, "conv_pw_3"), 1e-3, "conv_pw_3_bn/", false);
    assertArrayEquals(
        tensors.get("conv_preds/bias").data(), parameters(loaded, "conv_preds").bias().get());
  }

  private static void checkNorm(
      Map<String, FloatTensor> tensors,
      LayerParameters parameters,
      double epsilon,
      String prefix,
      boolean torch) {
    BatchNorm norm = parameters.batchNorm().orElseThrow();
    assertEquals(epsilon, norm.epsilon());
    String[] names =
        torch
            ? new String[] {"weight", "bias", "running_mean", "running_var"}
            : new String[] {"gamma", "beta", "moving_mean", "moving_variance"};
    assertArrayEquals(tensors.get(prefix + names[0]).data(), norm.gamma());
    assertArrayEquals(tensors.get(prefix + names[1]).data(), norm.beta());
    assertArrayEquals(tensors.get(prefix + names[2]).data(), norm.mean());
    assertArrayEquals(tensors.get(prefix + names[3]).data(), norm.variance());
    assertEquals(Optional.empty(), parameters.bias());
  }

  /** [O, I, H, W] as PyTorch stores it against our [O, H, W, I]. */
  private static void checkTorchKernel(FloatTensor stored, FloatTensor own) {
    int[] d = stored.dims();
    assertArrayEquals(new int[] {d[0], d[2], d[3], d[1]}, own.dims());
    int hw = d[2] * d[3];
    for (int o = 0; o < d[0]; o++) {
      for (int i = 0; i < d[1]; i++) {
        for (int p = 0; p < hw; p++) {
          assertEquals(stored.data()[(o * d[1] + i) * hw + p], own.data()[(o * hw + p) * d[1] + i]);
        }
      }
    }
  }

  /** [C, 1, 3, 3] as PyTorch stores it against our [C, 3, 3, 1]. */
  private static void checkTorchDepthwise(FloatTensor stored, FloatTensor own) {
    assertArrayEquals(new int[] {stored.dims()[0], 3, 3, 1}, own.dims());
    assertArrayEquals(stored.data(), own.data());
  }

  @Test
  void readsHuggingFaceNames() throws IOException {
    Map<String, FloatTensor> tensors = Checkpoints.listed("transformers-mobilenet_v1_0.25", 2);
    LoadedModel loaded = load(tensors, Map.of("format", "pt"), "model.safetensors");
    assertEquals("hugging-face", loaded.naming());
    assertEquals(MobileNetV1.keras(0.25, 224, 1001).graph().nodes(), loaded.graph().nodes());
    assertEquals(1, loaded.firstClass());

    String net = "mobilenet_v1.";
    checkTorchKernel(
        tensors.get(net + "conv_stem.convolution.weight"), parameters(loaded, "conv1").kernel());
    checkTorchDepthwise(
        tensors.get(net + "layer.0.convolution.weight"), parameters(loaded, "conv_dw_1").kernel());
    checkTorchKernel(
        tensors.get(net + "layer.9.convolution.weight"), parameters(loaded, "conv_pw_5").kernel());
    checkNorm(
        tensors, parameters(loaded, "conv_dw_13"), 1e-3, net + "layer.24.normalization.", true);
    checkNorm(tensors, parameters(loaded, "conv1"), 1e-3, net + "conv_stem.normalization.", true);
    assertArrayEquals(
        tensors.get("classifier.weight").data(), parameters(loaded, "conv_preds").kernel().data());
    assertArrayEquals(
        new int[] {1001, 1, 1, 256}, parameters(loaded, "conv_preds").kernel().dims());
  }

  @Test
  void readsTimmNames() throws IOException {
    Map<String, FloatTensor> tensors = Checkpoints.listed("timm-mobilenetv1_100", 3);
    LoadedModel loaded = load(tensors, Map.of(), "mobilenetv1_100.safetensors");
    assertEquals("timm", loaded.naming());
    assertEquals(new Shape(224, 224, 3), loaded.graph().inputShape(), "100 is the width");
    assertEquals(568_740_352, loaded.graph().macs());
    assertEquals(0, loaded.firstClass());
    assertEquals(
        Window.square(3, 2, Padding.symmetric(1)),
        ((Op.Convolution) loaded.graph().node(1).op()).window());

    checkTorchKernel(tensors.get("conv_stem.weight"), parameters(loaded, "conv1").kernel());
    checkTorchDepthwise(
        tensors.get("blocks.3.5.conv_dw.weight"), parameters(loaded, "conv_dw_11").kernel());
    checkTorchKernel(
        tensors.get("blocks.2.1.conv_pw.weight"), parameters(loaded, "conv_pw_5").kernel());
    checkNorm(tensors, parameters(loaded, "conv1"), 1e-5, "bn1.", true);
    checkNorm(tensors, parameters(loaded, "conv_dw_4"), 1e-5, "blocks.2.0.bn1.", true);
    checkNorm(tensors, parameters(loaded, "conv_pw_13"), 1e-5, "blocks.4.1.bn2.", true);
  }

  @ParameterizedTest
  @CsvSource({
    "mobilenet_v1_0.75_160.safetensors, 160",
    "mobilenet_v1_0.75_192_frozen.safetensors, 192",
    "mobilenet_v1_0.75_192/model.safetensors, 192",
    "mobilenet_v1_0.75_192/mobilenet_v1_0.25_128.safetensors, 128",
    "mobilenet_7_5_160_tf.safetensors, 160",
    "mobilenet_0.75_128, 128",
    "MobileNet_V1_1.0_192, 192",
    "mobilenetv1_100.ra4_e3600_r192_in1k/model.safetensors, 192",
    "mobilenetv1_100, 224",
    "mobilenet_epoch_150.safetensors, 224",
    "mobilenet_epoch_160.safetensors, 224",
    "mobilenet_v1_0.75_150, 224",
    "mobilenet_v1_0.75_1920, 224",
    "mobilenet_v2_0.75_192, 224",
    "a/b_160/net-192.safetensors, 224",
    "net_96, 224",
    "mobilenet160, 224",
    "128, 224",
  })
  void takesTheResolutionFromTheName(String name, int resolution) throws IOException {
    LoadedModel loaded = load(Checkpoints.keras(0.03125, 2, 4), Map.of(), name);
    assertEquals(new Shape(resolution, resolution, 3), loaded.graph().inputShape());
  }

  @Test
  void optionBeatsMetadataBeatsName() throws IOException {
    Map<String, FloatTensor> tensors = Checkpoints.keras(0.03125, 2, 4);
    Map<String, String> metadata = Map.of("resolution", "160", "bn_epsilon", "0.25");
    LoadedModel loaded = load(tensors, metadata, "mobilenet_v1_0.5_128");
    assertEquals(160, loaded.graph().inputShape().height());
    assertEquals(0.25, parameters(loaded, "conv1").batchNorm().orElseThrow().epsilon());
    assertEquals(metadata, loaded.metadata());
    loaded = load(tensors, metadata, "mobilenet_v1_0.5_128", resolution(64));
    assertEquals(64, loaded.graph().inputShape().height());
  }

  @ParameterizedTest
  @CsvSource({
    "resolution, 0, metadata resolution '0' is not a number in 1..4096",
    "resolution, 99999999999, metadata resolution '99999999999' is not a number in 1..4096",
    "bn_epsilon, x, metadata bn_epsilon 'x' is not a number over 0 and at most 1",
    "bn_epsilon, NaN, metadata bn_epsilon 'NaN' is not a number over 0 and at most 1",
    "bn_epsilon, -1, metadata bn_epsilon '-1' is not a number over 0 and at most 1",
  })
  void refusesBadMetadata(String key, String value, String message) {
    assertEquals(message, refusal(Checkpoints.keras(0.03125, 2, 4), Map.of(key, value)));
  }

  @Test
  void namesEveryTensorThatDoesNotFit() {
    Map<String, FloatTensor> tensors = Checkpoints.keras(0.0625, 5, 5);
    FloatTensor beta = tensors.remove("conv_dw_4_bn/beta");
    tensors.put("extra", beta);
    tensors.put("conv_pw_13/kernel", FloatTensor.of(new float[64 * 63], 1, 1, 64, 63));
    assertEquals(
        "3 tensors do not fit mobilenet-v1-0.06-224 in Keras names: conv_dw_4_bn/beta is missing;"
            + " conv_pw_13/kernel is [1, 1, 64, 63], not [1, 1, 64, 64]; extra is superfluous",
        refusal(tensors, Map.of()));

    tensors.keySet().removeIf(n -> n.startsWith("conv_pw_7"));
    String message = refusal(tensors, Map.of());
    assertTrue(message.startsWith("8 tensors do not fit"), message);
    assertTrue(message.endsWith("; and 3 more"), message);
  }

  @Test
  void namesTheHeadOfAnotherTimmNetwork() {
    Map<String, FloatTensor> tensors = Checkpoints.listed("timm-mobilenetv1_100", 3);
    tensors.put("conv_head.weight", FloatTensor.of(new float[1], 1, 1, 1, 1));
    assertEquals(
        "1 tensor does not fit mobilenet-v1-1.0-224 in timm names: conv_head.weight is superfluous",
        refusal(tensors, Map.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "conv1/kernel, 17, NaN, element 17 is NaN",
    "conv_preds/bias, 1, Infinity, element 1 is Infinity",
    "conv_dw_3_bn/moving_mean, 0, -Infinity, element 0 is -Infinity",
    "conv_pw_2_bn/moving_variance, 2, -0.25, 'element 2 is -0.25, a variance cannot be negative'",
  })
  void refusesBadValues(String tensor, int index, float value, String reason) {
    Map<String, FloatTensor> tensors = Checkpoints.keras(0.03125, 2, 6);
    tensors.get(tensor).data()[index] = value;
    assertEquals("tensor " + tensor + ": " + reason, refusal(tensors, Map.of()));
  }

  @Test
  void refusesWeightsThatOverflowWhenFolded() {
    Map<String, FloatTensor> tensors = Checkpoints.keras(0.03125, 2, 6);
    Arrays.fill(tensors.get("conv_pw_1_bn/gamma").data(), 3e38f);
    Arrays.fill(tensors.get("conv_pw_1/kernel").data(), 3e38f);
    assertEquals("node conv_pw_1: folded kernel[0] is Infinity", refusal(tensors, Map.of()));
  }

  @Test
  void refusesUnknownNamesAndOtherDtypes() {
    assertTrue(
        refusal(Map.of("features.0.weight", FloatTensor.of(new float[1], 1)), Map.of())
            .endsWith("the first are features.0.weight"));
    assertEquals("holds no tensors", refusal(Map.of(), Map.of()));
  }

  @Test
  void checksTheFamilyOption() throws IOException {
    Map<String, FloatTensor> tensors = Checkpoints.keras(0.03125, 2, 6);
    LoadOptions mobileNet = new LoadOptions(Optional.of("mobilenet-v1"), OptionalInt.empty());
    assertEquals("mobilenet-v1", load(tensors, Map.of(), "F", mobileNet).family());
    LoadOptions other = new LoadOptions(Optional.of("dws-cnn"), OptionalInt.empty());
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> load(tensors, Map.of(), "F", other));
    assertEquals("F: holds the family mobilenet-v1 (Keras names), not dws-cnn", e.getMessage());
    IllegalArgumentException unknown =
        assertThrows(
            IllegalArgumentException.class,
            () -> new LoadOptions(Optional.of("vgg"), OptionalInt.empty()));
    assertEquals(
        "unknown family 'vgg'; known: dws-cnn, mobilenet-v1, regular-cnn, resnet",
        unknown.getMessage());
    assertThrows(IllegalArgumentException.class, () -> resolution(0));
    assertThrows(IllegalArgumentException.class, () -> resolution(4097));
  }

  static Stream<NetworkFamily> ownFamilies() {
    SmallCnn dws = SmallCnn.standard(SmallCnn.Kind.DEPTHWISE_SEPARABLE);
    SmallCnn plain =
        new SmallCnn(
            SmallCnn.Kind.REGULAR,
            new Shape(12, 10, 1),
            3,
            4,
            List.of(new Block(5, 2), new Block(6, 1)),
            false,
            Clamp.RELU,
            PaddingStyle.SAME,
            false);
    MobileNetV1 small =
        new MobileNetV1(
            0.125,
            new Shape(32, 32, 3),
            10,
            PaddingStyle.SYMMETRIC,
            ChannelRounding.TRUNCATE_MIN_8,
            true);
    ResNet residual =
        new ResNet(
            new Shape(14, 12, 1),
            3,
            4,
            List.of(new Block(4, 1), new Block(4, 2), new Block(6, 1)),
            Clamp.RELU6,
            PaddingStyle.SAME);
    return Stream.of(
        dws,
        dws.twin(),
        plain,
        plain.twin(),
        bare(true),
        bare(false),
        MobileNetV1.keras(0.0625, 96, 11),
        small,
        ResNet.standard(),
        residual);
  }

  private static SmallCnn bare(boolean batchNorm) {
    return new SmallCnn(
        SmallCnn.Kind.DEPTHWISE_SEPARABLE,
        new Shape(9, 9, 2),
        3,
        4,
        List.of(new Block(5, 2)),
        batchNorm,
        Clamp.RELU,
        PaddingStyle.SYMMETRIC,
        true);
  }

  /** Files of earlier versions must stay readable, and theirs ours where nothing new is used. */
  @Test
  void settingsThatAreOffAreNotWritten() {
    String dws = FamilyConfig.text(SmallCnn.standard(SmallCnn.Kind.DEPTHWISE_SEPARABLE));
    String keras = FamilyConfig.text(MobileNetV1.keras(1, 224, 1000));
    assertEquals(
        "{\"input\":[224,224,3],\"classes\":1000,\"alpha\":1.0,\"padding\":\"keras\","
            + "\"rounding\":\"truncate\"}",
        keras);
    assertTrue(dws.endsWith("\"activation\":\"relu6\",\"padding\":\"symmetric\"}"), dws);
    String on = FamilyConfig.text(bare(true));
    assertTrue(on.endsWith(",\"bareDepthwise\":true}"), on);
    NetworkFamily stated =
        FamilyConfig.parse("dws-cnn", on.replace("bareDepthwise\":true", "bareDepthwise\":false"));
    assertEquals(on.replace(",\"bareDepthwise\":true", ""), FamilyConfig.text(stated));
  }

  @ParameterizedTest
  @MethodSource("ownFamilies")
  void readsBackItsOwnFiles(NetworkFamily family, @TempDir Path folder) throws IOException {
    Map<String, LayerParameters> weights = Checkpoints.random(family.blueprint(), 7);
    Path file = folder.resolve("own.safetensors");
    Files.write(file, ModelFile.encode(family, weights));
    LoadedModel loaded = ModelFile.load(file, LoadOptions.NONE);

    assertEquals("depthscope", loaded.naming());
    assertEquals(family.family(), loaded.family());
    assertEquals(family.graph().nodes(), loaded.graph().nodes());
    assertEquals(file, loaded.file());
    assertTrue(loaded.sha256().matches("[0-9a-f]{64}"));
    assertEquals(weights.keySet(), loaded.network().stored().keySet());
    weights.forEach((node, p) -> checkSame(p, parameters(loaded, node)));
    assertEquals(64, ModelFile.load(file, resolution(64)).graph().inputShape().width(), "option");
  }

  private static void checkSame(LayerParameters expected, LayerParameters actual) {
    assertArrayEquals(expected.kernel().dims(), actual.kernel().dims());
    assertArrayEquals(expected.kernel().data(), actual.kernel().data());
    assertEquals(expected.bias().isPresent(), actual.bias().isPresent());
    expected.bias().ifPresent(b -> assertArrayEquals(b, actual.bias().get()));
    assertEquals(expected.batchNorm().isPresent(), actual.batchNorm().isPresent());
    expected
        .batchNorm()
        .ifPresent(
            norm -> {
              BatchNorm other = actual.batchNorm().get();
              assertEquals(norm.epsilon(), other.epsilon());
              assertArrayEquals(norm.gamma(), other.gamma());
              assertArrayEquals(norm.beta(), other.beta());
              assertArrayEquals(norm.mean(), other.mean());
              assertArrayEquals(norm.variance(), other.variance());
            });
  }

  private static final String CONFIG =
      """
      {"input":[8,8,3],"classes":2,"stem":4,"blocks":[[4,2]],"batchNorm":false,\
      "activation":"relu"}""";

  static Stream<Arguments> badConfigs() {
    return Stream.of(
        Arguments.of("", "is no JSON object"),
        Arguments.of("[1]", "is no JSON object"),
        Arguments.of("{", "depthscope.config is not JSON"),
        Arguments.of(CONFIG + "x", "depthscope.config is not JSON"),
        Arguments.of("[".repeat(60_000), "depthscope.config is not JSON"),
        Arguments.of(" ".repeat(70_000), "is longer than"),
        Arguments.of(CONFIG.replace("\"stem\":4", "\"stem\":4,\"stem\":4"), "Duplicate"),
        Arguments.of(CONFIG.replace("\"stem\":4,", ""), "stem is missing"),
        Arguments.of(CONFIG.replace("stem", "trunk"), "stem is missing"),
        Arguments.of(CONFIG.replace("\"stem\":4", "\"stem\":4,\"x\":1"), "x is unknown"),
        Arguments.of(CONFIG.replace("\"stem\":4", "\"stem\":0"), "stem is not an integer in"),
        Arguments.of(CONFIG.replace("\"stem\":4", "\"stem\":4.5"), "stem is not an integer in"),
        Arguments.of(CONFIG.replace("\"stem\":4", "\"stem\":1e99"), "stem is not an integer in"),
        Arguments.of(CONFIG.replace("[8,8,3]", "[8,8]"), "input is not an array of 3"),
        Arguments.of(CONFIG.replace("[8,8,3]", "[4096,4096,4096]"), "too large"),
        Arguments.of(CONFIG.replace("[[4,2]]", "[4,2]"), "not pairs"),
        Arguments.of(CONFIG.replace("[[4,2]]", "[[4,0]]"), "stride of a block"),
        Arguments.of(CONFIG.replace("relu", "gelu"), "the unknown word 'gelu'"),
        Arguments.of(CONFIG.replace("relu", "none"), "needs the activation"),
        Arguments.of(CONFIG.replace("false", "0"), "neither true nor false"),
        Arguments.of(CONFIG.replace("relu\"", "relu\",\"bareDepthwise\":1"), "neither true nor"),
        Arguments.of(
            CONFIG.replace("relu\"", "relu\",\"bareDepthwise\":true"), "no depthwise layers"),
        Arguments.of(CONFIG.replace("relu\"", "relu\",\"smallImages\":true"), "is unknown"),
        Arguments.of(CONFIG.replace("false", "true"), "depthscope.bn_epsilon is missing"),
        Arguments.of(CONFIG, "5 tensors do not fit regular-cnn"));
  }

  @ParameterizedTest(name = "[{index}] {1}")
  @MethodSource("badConfigs")
  void refusesBadConfigs(String config, String reason) {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put("stem.kernel", FloatTensor.of(new float[108], 4, 3, 3, 3));
    String refusal =
        refusal(tensors, Map.of("depthscope.family", "regular-cnn", "depthscope.config", config));
    assertTrue(refusal.contains(reason), refusal);
  }

  static Stream<Arguments> badFamilyConfigs() {
    String resnet = FamilyConfig.text(ResNet.standard());
    String mobileNet = FamilyConfig.text(MobileNetV1.keras(0.25, 32, 10));
    return Stream.of(
        Arguments.of("resnet", resnet.replace("relu", "none"), "resnet needs the activation"),
        Arguments.of("resnet", resnet.replace("\"blocks\"", "\"bricks\""), "blocks is missing"),
        Arguments.of("resnet", resnet.replace("[16,1]", "[16]"), "not pairs"),
        Arguments.of("resnet", resnet.replace("\"stem\":16,", ""), "stem is missing"),
        Arguments.of("resnet", resnet.replace("}", ",\"batchNorm\":true}"), "batchNorm is unknown"),
        Arguments.of(
            "mobilenet-v1",
            mobileNet.replace("}", ",\"smallImages\":\"yes\"}"),
            "smallImages is neither true nor false"),
        Arguments.of(
            "mobilenet-v1",
            mobileNet.replace("}", ",\"bareDepthwise\":true}"),
            "bareDepthwise is unknown"));
  }

  @ParameterizedTest(name = "[{index}] {2}")
  @MethodSource("badFamilyConfigs")
  void refusesBadConfigsOfEveryFamily(String family, String config, String reason) {
    String refusal =
        refusal(
            Map.of("stem.kernel", FloatTensor.of(new float[1], 1)),
            Map.of("depthscope.family", family, "depthscope.config", config));
    assertTrue(refusal.contains(reason), refusal);
  }

  @Test
  void ownFilesMustStateFamilyConfigAndEpsilon() throws IOException {
    SmallCnn family = SmallCnn.standard(SmallCnn.Kind.DEPTHWISE_SEPARABLE);
    byte[] bytes = ModelFile.encode(family, Checkpoints.random(family.blueprint(), 8));
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    Map<String, String> metadata;
    try (SafetensorsFile file = SafetensorsFile.of(bytes, "F")) {
      for (String name : file.tensors().keySet()) {
        tensors.put(name, file.read(name));
      }
      metadata = file.metadata();
    }
    for (String key : metadata.keySet()) {
      Map<String, String> less = new HashMap<>(metadata);
      less.remove(key);
      assertTrue(refusal(tensors, less).startsWith("metadata " + key + " is missing"), key);
    }
    Map<String, String> other = new HashMap<>(metadata);
    other.put("depthscope.family", "vgg");
    assertEquals(
        "metadata depthscope.family is 'vgg'; known: dws-cnn, mobilenet-v1, regular-cnn, resnet",
        refusal(tensors, other));
    other.remove("depthscope.family");
    LoadOptions stated = new LoadOptions(Optional.of("dws-cnn"), OptionalInt.empty());
    assertEquals("dws-cnn", load(tensors, other, "F", stated).family());
  }

  /** Whatever bytes are changed, a file either loads or is refused with its reason. */
  @ParameterizedTest
  @CsvSource({"keras, 101", "own, 102"})
  void survivesRandomMutations(String kind, long seed) throws IOException {
    byte[] good;
    if (kind.equals("keras")) {
      good = SafetensorsWriter.encode(Checkpoints.keras(0.03125, 2, 9), Map.of("resolution", "96"));
    } else {
      SmallCnn family =
          SmallCnn.standard(SmallCnn.Kind.DEPTHWISE_SEPARABLE).withInput(new Shape(8, 8, 3));
      good = ModelFile.encode(family, Checkpoints.random(family.blueprint(), 9));
    }
    Random random = new Random(seed);
    int refused = 0;
    int rounds = 3000;
    for (int round = 0; round < rounds; round++) {
      byte[] bytes = Mutations.mutate(good, random);
      try (SafetensorsFile file = SafetensorsFile.of(bytes, "F")) {
        ModelFile.load(file, LoadOptions.NONE);
      } catch (ModelFormatException e) {
        assertTrue(e.getMessage().startsWith("F: "), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        refused++;
      } catch (RuntimeException e) {
        throw new AssertionError("round " + round + " of seed " + seed, e);
      }
    }
    assertTrue(refused > rounds / 2, refused + " of " + rounds + " refused");
  }
}
