package io.depthscope.model.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.depthscope.model.BatchNormFolding;
import io.depthscope.model.FoldedWeights;
import io.depthscope.model.LayerParameters;
import io.depthscope.model.MobileNetV1;
import io.depthscope.model.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The trained MobileNet-V1 0.75 that lies beside the checkout on a developer's machine. */
class RealCheckpointTest {
  private static final Path FILE =
      Path.of("..", "shared", "data", "models", "mobilenet_v1_0.75_224.safetensors");

  private LoadedModel loaded;

  @BeforeEach
  void load() throws IOException {
    assumeTrue(Files.exists(FILE), "skipped: no " + FILE);
    loaded = ModelFile.load(FILE, LoadOptions.NONE);
  }

  private FoldedWeights folded(String name) {
    for (Node node : loaded.model().nodes()) {
      if (node.name().equals(name)) {
        return BatchNormFolding.fold(node, loaded.weights().of(node));
      }
    }
    throw new AssertionError(name);
  }

  @Test
  void isTheNetworkItsNameSays() {
    assertEquals("keras", loaded.naming());
    assertEquals(MobileNetV1.keras(0.75, 224, 1000).model().nodes(), loaded.model().nodes());
    assertEquals(28, loaded.weights().layers().size());
  }

  @Test
  void has42DeadChannels() {
    int dead = 0;
    for (LayerParameters p : loaded.weights().layers().values()) {
      if (p.batchNorm().isPresent()) {
        for (float variance : p.batchNorm().get().variance()) {
          dead += variance < 1e-5 ? 1 : 0;
        }
      }
    }
    assertEquals(42, dead);
  }

  @Test
  void foldingBlowsUpTheFirstDepthwiseLayer() {
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (float w : folded("conv_dw_1").kernel().data()) {
      min = Math.min(min, w);
      max = Math.max(max, w);
    }
    assertEquals(-57, min, 0.5);
    assertEquals(224, max, 0.5);
  }
}
