package io.depthscope.graph.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.Clamp;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What files beside the weights and the names of tensors say of a network. */
class PublishedConfigTest {
  @TempDir private Path folder;

  private static final String TRANSFORMERS =
      """
      {"model_type": "mobilenet_v1", "architectures": ["MobileNetV1ForImageClassification"],
       "depth_multiplier": 0.25, "image_size": 192, "tf_padding": false, "layer_norm_eps": 0.01,
       "hidden_act": "relu", "min_depth": 8, "num_channels": 3}""";

  private static final String PREPROCESSOR =
      """
      {"do_resize": true, "size": {"shortest_edge": 256}, "resample": 3, "do_center_crop": true,
       "crop_size": {"height": 224, "width": 224}, "do_rescale": true,
       "rescale_factor": 0.00392156862745098, "do_normalize": true,
       "image_mean": [0.5, 0.25, 0.125], "image_std": [0.5, 0.5, 0.25]}""";

  private static final String TIMM =
      """
      {"architecture": "mobilenetv1_100", "num_classes": 1000, "pretrained_cfg":
       {"input_size": [3, 160, 160], "interpolation": "bicubic", "crop_pct": 0.9,
        "crop_mode": "center", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}""";

  private LoadedModel load(Map<String, FloatTensor> tensors, LoadOptions options)
      throws IOException {
    Path file = folder.resolve("model.safetensors");
    Files.write(file, SafetensorsWriter.encode(tensors, Map.of()));
    return ModelFile.load(file, options);
  }

  private LoadedModel transformers() throws IOException {
    return load(Checkpoints.listed("transformers-mobilenet_v1_0.25", 2), LoadOptions.NONE);
  }

  private String refusal(String file, String content) throws IOException {
    Files.writeString(folder.resolve(file), content);
    ModelFormatException e = assertThrows(ModelFormatException.class, this::transformers);
    assertTrue(e.getMessage().startsWith(folder.resolve(file) + ": "), e.getMessage());
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    assertTrue(e.getMessage().length() < 500, e.getMessage());
    return e.getMessage();
  }

  private static List<String> texts(LoadedModel loaded) {
    return loaded.settings().stream().map(Setting::text).toList();
  }

  @Test
  void takesWhatTransformersWrote() throws IOException {
    Files.writeString(folder.resolve("config.json"), TRANSFORMERS);
    LoadedModel loaded = transformers();
    assertEquals(new Shape(192, 192, 3), loaded.graph().inputShape());
    assertEquals(Clamp.RELU, loaded.graph().node(1).clamp());
    assertEquals(0.01, loaded.network().stored().get("conv1").batchNorm().orElseThrow().epsilon());
    assertTrue(loaded.configuration().contains("symmetric"), loaded.configuration());
    assertEquals(
        List.of(
            "resolution 192 (config.json: image_size)",
            "activation relu (config.json: hidden_act)",
            "padding symmetric (config.json: tf_padding)",
            "epsilon 0.01 (config.json: layer_norm_eps)"),
        texts(loaded));
    assertEquals(Optional.empty(), loaded.images());

    Files.writeString(folder.resolve("preprocessor_config.json"), PREPROCESSOR);
    loaded = transformers();
    assertEquals(224, loaded.graph().inputShape().height(), "what is cut out is what is read");
    ImageSettings images = loaded.images().orElseThrow();
    assertEquals(Optional.of(List.of(127.5, 63.75, 31.875)), images.mean());
    assertEquals(Optional.of(List.of(127.5, 127.5, 63.75)), images.std());
    assertEquals(Optional.of("bicubic"), images.interpolation());
    assertEquals(Optional.of(new ImageSettings.ShortSide(256, 224)), images.resize());
    assertEquals(219, new ImageSettings.ShortSide(256, 224).forCrop(192));

    LoadOptions stated =
        new LoadOptions(Optional.empty(), OptionalInt.of(96), Optional.of(Clamp.RELU6));
    loaded = load(Checkpoints.listed("transformers-mobilenet_v1_0.25", 2), stated);
    assertEquals("resolution 96 (--resolution)", texts(loaded).get(0));
    assertEquals("activation relu6 (--activation)", texts(loaded).get(1));
    assertEquals(Clamp.RELU6, loaded.graph().node(1).clamp());
  }

  @Test
  void takesWhatTimmWrote() throws IOException {
    Files.writeString(folder.resolve("config.json"), TIMM);
    Map<String, FloatTensor> tensors = Checkpoints.listed("timm-mobilenetv1_100", 3);
    LoadedModel loaded = load(tensors, LoadOptions.NONE);
    assertEquals(160, loaded.graph().inputShape().height());
    ImageSettings images = loaded.images().orElseThrow();
    assertEquals(0.485 * 255, images.mean().orElseThrow().get(0));
    assertEquals(0.225 * 255, images.std().orElseThrow().get(2));
    assertEquals(Optional.of(new ImageSettings.CropShare(0.9)), images.resize());
    assertEquals(Optional.of("bicubic"), images.interpolation());

    Files.writeString( // as timm wrote it before there was an inner object
        folder.resolve("config.json"),
        "{\"architecture\": \"mobilenetv1_100\", \"input_size\": [3, 128, 128]}");
    assertEquals(128, load(tensors, LoadOptions.NONE).graph().inputShape().height());

    Files.delete(folder.resolve("config.json"));
    loaded = load(tensors, LoadOptions.NONE);
    assertEquals(Optional.of("bicubic"), loaded.images().orElseThrow().interpolation());
    assertEquals("resolution 224 (usual for timm)", texts(loaded).getFirst());
  }

  @Test
  void aForeignConfigurationIsNotUsedAndThatIsSaid() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"epochs\": 3, \"image_size\": 96}");
    LoadedModel loaded = transformers();
    assertEquals(224, loaded.graph().inputShape().height());
    assertEquals(
        "config.json not used (neither Hugging Face's nor timm's)", texts(loaded).getFirst());
  }

  @Test
  void ownFilesNeedNoConfiguration() throws IOException {
    Files.writeString(folder.resolve("config.json"), "not JSON");
    Path own = folder.resolve("own.safetensors");
    Files.copy(Path.of("test-data/models/dws-cnn-synthetic.safetensors"), own);
    assertEquals(List.of(), ModelFile.load(own, LoadOptions.NONE).settings());
  }

  @ParameterizedTest
  @CsvSource({
    "image_size, 0",
    "image_size, 4097",
    "image_size, 1e9",
    "image_size, \"192\"",
    "image_size, 192.5",
    "tf_padding, 1",
    "tf_padding, null",
    "layer_norm_eps, 0",
    "layer_norm_eps, \"0.001\"",
    "layer_norm_eps, 1e999",
    "hidden_act, \"swish\"",
    "hidden_act, 6",
    "depth_multiplier, -1",
    "depth_multiplier, {}",
    "model_type, \"mobilenet_v2\"",
  })
  void refusesWhatCannotBe(String key, String value) throws IOException {
    String config =
        TRANSFORMERS.replaceFirst("\"" + key + "\": [^,}]*", "\"" + key + "\": " + value);
    assertTrue(refusal("config.json", config).contains(key), value);
  }

  @Test
  void refusesAConfigurationOfOtherWeights() throws IOException {
    String message = refusal("config.json", TRANSFORMERS.replace("0.25", "1.0"));
    assertTrue(
        message.endsWith(
            "depth_multiplier 1.0 makes 32 channels in the first layer, the weights have 8"),
        message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | is empty",
        "[1] | is no JSON object",
        "[[[ | is not JSON (line 1, column 4): Unexpected end-of-input",
        "3 | is no JSON object",
        "{ | is not JSON (line 1, column 2)",
        "nul | is not JSON (line 1, column 1)",
        "{\"a\": NaN} | is not JSON (line 1, column 10)",
        "'{\"a\": 1,\n\u0001}' | is not JSON (line 2, column 2)",
      })
  void saysWhatIsNoJsonObject(String content, String reason) throws IOException {
    for (String name : List.of("config.json", "preprocessor_config.json")) {
      String message = refusal(name, content);
      assertTrue(message.startsWith(folder.resolve(name) + ": " + reason), message);
      assertFalse(message.contains("Stream"), message);
      Files.delete(folder.resolve(name));
    }
  }

  @Test
  void saysWhyAConfigurationCannotBeRead() throws IOException {
    Path config = Files.createSymbolicLink(folder.resolve("config.json"), Path.of("config.json"));
    ModelFormatException e = assertThrows(ModelFormatException.class, this::transformers);
    assertEquals(config + ": is not a regular file", e.getMessage());
  }

  @Test
  void refusesHugeAndDeepFiles() throws IOException {
    assertTrue(refusal("config.json", " ".repeat(2 << 20) + "{}").contains("larger than"));
    String deep = refusal("config.json", "{\"a\":" + "[".repeat(100_000));
    assertTrue(deep.endsWith("the maximum allowed (64)"), deep);
    Files.delete(folder.resolve("config.json"));
    Files.createDirectory(folder.resolve("config.json"));
    ModelFormatException e = assertThrows(ModelFormatException.class, this::transformers);
    assertTrue(e.getMessage().contains("config.json: is not a regular file"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "image_mean, [0.5]",
    "image_mean, 0.5",
    "'image_mean', '[0.5, \"x\", 0.5]'",
    "'image_std', '[0.5, 0, 0.5]'",
    "'image_std', '[0.5, 1e999, 0.5]'",
    "resample, 9",
    "resample, \"bicubic\"",
    "rescale_factor, 0",
    "do_rescale, 1",
    "do_resize, false",
    "size, 0",
    "size, 200",
    "size, \"big\"",
  })
  void refusesBadPreprocessors(String key, String value) throws IOException {
    String config =
        PREPROCESSOR.replaceFirst(
            "\"" + key + "\": (\\[[^]]*\\]|\\{[^}]*\\}|[^,}]*)", "\"" + key + "\": " + value);
    String message = refusal("preprocessor_config.json", config);
    assertTrue(message.contains(key) || message.contains("crop_size"), message);
  }

  private static Map<String, FloatTensor> renamed(
      Map<String, FloatTensor> tensors, UnaryOperator<String> rename) {
    Map<String, FloatTensor> other = new LinkedHashMap<>();
    tensors.forEach((name, t) -> other.put(rename.apply(name), t));
    return other;
  }

  private void checkSame(LoadedModel expected, LoadedModel got) {
    assertEquals(expected.naming(), got.naming());
    assertEquals(expected.graph().nodes(), got.graph().nodes());
    expected
        .network()
        .stored()
        .forEach(
            (node, p) ->
                assertEquals(
                    List.of(p.kernel().data()[1], p.kernel().data()[5]),
                    List.of(
                        got.network().stored().get(node).kernel().data()[1],
                        got.network().stored().get(node).kernel().data()[5]),
                    node));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"module.", "_orig_mod.", "model.", "module._orig_mod.", "model.module.model."})
  void leavesOutWhatWrappedANetwork(String prefix) throws IOException {
    for (String list : List.of("timm-mobilenetv1_100", "transformers-mobilenet_v1_0.25")) {
      Map<String, FloatTensor> tensors = Checkpoints.listed(list, 3);
      LoadedModel plain = load(tensors, LoadOptions.NONE);
      LoadedModel wrapped = load(renamed(tensors, n -> prefix + n), LoadOptions.NONE);
      checkSame(plain, wrapped);
      String said = texts(wrapped).getFirst();
      assertTrue(said.startsWith("tensor names without "), said);
      for (String word : prefix.split("\\.")) {
        assertTrue(said.contains(word + "."), said);
      }
      assertFalse(texts(plain).getFirst().startsWith("tensor names"), texts(plain)::toString);
    }
  }

  @Test
  void leavesOutAWrapperInTheMiddle() throws IOException {
    Map<String, FloatTensor> tensors = Checkpoints.listed("transformers-mobilenet_v1_0.25", 3);
    LoadedModel plain = load(tensors, LoadOptions.NONE);
    checkSame(
        plain,
        load(
            renamed(tensors, n -> n.replace("mobilenet_v1.", "mobilenet_v1._orig_mod.")),
            LoadOptions.NONE));
  }

  @Test
  void aPrefixOfSomeTensorsAloneIsNoPrefix() throws IOException {
    Map<String, FloatTensor> tensors =
        renamed(Checkpoints.listed("timm-mobilenetv1_100", 3), n -> "model." + n);
    tensors.put("loss.weight", FloatTensor.of(new float[1], 1));
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> load(tensors, LoadOptions.NONE));
    assertTrue(e.getMessage().contains("of no known dialect"), e.getMessage());
    Map<String, FloatTensor> twice = new HashMap<>(Checkpoints.listed("timm-mobilenetv1_100", 3));
    twice.put("module.conv_stem.weight", twice.get("conv_stem.weight"));
    e = assertThrows(ModelFormatException.class, () -> load(twice, LoadOptions.NONE));
    assertTrue(e.getMessage().endsWith(": module.conv_stem.weight is superfluous"), e.getMessage());
  }

  @Test
  void readsBothGenerationsOfKeras() throws IOException {
    Map<String, FloatTensor> second = Checkpoints.keras(0.25, 7, 1);
    LoadedModel plain = load(second, LoadOptions.NONE);
    Map<String, FloatTensor> third = renamed(second, n -> n.replace("depthwise_kernel", "kernel"));
    checkSame(plain, load(third, LoadOptions.NONE));
    for (Map<String, FloatTensor> names : List.of(second, third)) {
      UnaryOperator<String> group = n -> n.substring(0, n.indexOf('/') + 1) + n;
      checkSame(plain, load(renamed(names, group), LoadOptions.NONE));
      checkSame(plain, load(renamed(names, n -> n + ":0"), LoadOptions.NONE));
      checkSame(
          plain,
          load(renamed(names, n -> "model_weights/" + group.apply(n) + ":0"), LoadOptions.NONE));
      LoadedModel nested = load(renamed(names, n -> "mobilenet_1.00_224/" + n), LoadOptions.NONE);
      checkSame(plain, nested);
      assertEquals(
          "tensor names without all of a path but LAYER/VARIABLE (the file's names)",
          texts(nested).getFirst());
    }
    third.put("seed_generator_15/seed_generator_state", FloatTensor.of(new float[2], 2));
    checkSame(plain, load(third, LoadOptions.NONE));
    third.put("conv_dw_1/depthwise_kernel", third.get("conv_dw_1/kernel"));
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> load(third, LoadOptions.NONE));
    assertTrue(e.getMessage().endsWith("conv_dw_1/kernel is superfluous"), e.getMessage());
  }
}
