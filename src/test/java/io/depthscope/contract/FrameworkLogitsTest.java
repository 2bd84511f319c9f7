package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.graph.exchange.SafetensorsWriter;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.testkit.Noise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * MobileNet-V1 gives the logits of Keras, transformers and timm, odd feature maps included;
 * tools/golden/frameworks.py ran them. Weights and image are made anew from their recipe.
 */
class FrameworkLogitsTest {
  private static final double TOLERANCE = 1e-5;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static JsonNode golden;
  @TempDir private static Path folder;

  @BeforeAll
  static void read() throws IOException {
    golden = JSON.readTree(Path.of("test-data/frameworks/mobilenet-v1.json").toFile());
    for (Map.Entry<String, JsonNode> network : golden.get("networks").properties()) {
      Map<String, FloatTensor> tensors = new LinkedHashMap<>();
      for (JsonNode t : network.getValue()) {
        int[] dims = JSON.convertValue(t.get(1), int[].class);
        int count = Math.toIntExact(FloatTensor.elements(dims));
        String name = t.get(0).textValue();
        float[] values = Noise.values(name, count, t.get(2).doubleValue(), t.get(3).doubleValue());
        tensors.put(name, FloatTensor.of(values, dims));
      }
      Path own = Files.createDirectory(folder.resolve(network.getKey()));
      Files.write(own.resolve("model.safetensors"), SafetensorsWriter.encode(tensors, Map.of()));
    }
  }

  static Stream<Arguments> cases() throws IOException {
    JsonNode file = JSON.readTree(Path.of("test-data/frameworks/mobilenet-v1.json").toFile());
    return StreamSupport.stream(file.get("cases").spliterator(), false)
        .map(c -> Arguments.of(c.get("network").textValue(), c.get("side").intValue(), c));
  }

  private static LoadedModel load(String network, int side, JsonNode config) throws IOException {
    Path own = folder.resolve(network);
    ObjectNode written = JSON.createObjectNode();
    if (network.startsWith("transformers")) {
      written.put("model_type", "mobilenet_v1").put("depth_multiplier", 0.25);
      written.setAll((ObjectNode) config);
    } else if (network.startsWith("timm")) {
      written.put("architecture", "mobilenetv1_100").set("model_args", config);
    }
    Files.write(own.resolve("config.json"), JSON.writeValueAsBytes(written));
    return ModelFile.load(
        own.resolve("model.safetensors"), new LoadOptions(Optional.empty(), OptionalInt.of(side)));
  }

  private static float[] logits(Backend backend, LoadedModel loaded) throws Exception {
    Shape in = loaded.graph().inputShape();
    Preprocessing preprocessing = Preprocessing.exact(in);
    Plan plan = Plan.fp32(loaded.network(), preprocessing.normalizationTable(), Recording.PLAIN);
    ImageBatch image = new ImageBatch(in, 1, new int[1], new int[1], Noise.pixels(7, in.size()));
    try (Program program = backend.compile(plan, 1)) {
      return program.submit(InputBatch.of(image)).get().baseline();
    }
  }

  @ParameterizedTest(name = "{0} at {1}")
  @MethodSource("cases")
  void givesTheFrameworksLogits(String network, int side, JsonNode c) throws Exception {
    LoadedModel loaded = load(network, side, c.get("config"));
    for (Backend backend : List.of(new CpuBackend(1), new ReferenceBackend())) {
      float[] got = logits(backend, loaded);
      assertEquals(c.get("logits").size(), got.length);
      for (int i = 0; i < got.length; i++) {
        double expected = c.get("logits").get(i).doubleValue();
        assertTrue(
            Math.abs(got[i] - expected) <= TOLERANCE * (1 + Math.abs(expected)),
            "%s, %s: logit %d is %s, not %s"
                .formatted(backend.name(), c.get("config"), i, got[i], expected));
      }
    }
  }

  @Test
  void hasOddMapsOfEveryFramework() {
    for (String name : List.of("keras-0.25", "keras-0.75", "transformers-0.25", "timm-1.0")) {
      assertTrue(
          StreamSupport.stream(golden.get("cases").spliterator(), false)
              .anyMatch(
                  c -> c.get("network").textValue().equals(name) && c.get("side").intValue() == 75),
          name);
    }
  }
}
