package io.depthscope.graph.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Node;
import io.depthscope.zoo.MobileNetV1;
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
    for (Node node : loaded.graph().nodes()) {
      if (node.name().equals(name)) {
        return loaded.network().weightsOf(node);
      }
    }
    throw new AssertionError(name);
  }

  @Test
  void isTheNetworkItsNameSays() {
    assertEquals("keras", loaded.naming());
    assertEquals(MobileNetV1.keras(0.75, 224, 1000).graph().nodes(), loaded.graph().nodes());
    assertEquals(28, loaded.network().stored().size());
  }

  @Test
  void has42DeadChannels() {
    int dead = 0;
    for (LayerParameters p : loaded.network().stored().values()) {
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
