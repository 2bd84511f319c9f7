package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Datasets;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The study networks are those that their cards describe, and the ones in the jar classify as well
 * here as where they were trained, in PyTorch.
 */
class EmbeddedNetworksTest {
  private static final Path MODELS = Path.of("test-data/models");
  private static final Pattern DIGEST = Pattern.compile("SHA-256 `([0-9a-f]{64})`");
  private static final Pattern ACCURACY = Pattern.compile("Test accuracy ([0-9.]+) %");

  /** Images that may fall on the other side of a tie between two float32 summations. */
  private static final int TIES = 2;

  static List<String> all() throws IOException {
    try (Stream<Path> files = Files.list(MODELS)) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(f -> f.endsWith(".safetensors"))
          .map(f -> f.replace(".safetensors", ""))
          .sorted()
          .toList();
    }
  }

  static List<String> embedded() throws IOException {
    List<String> names = all().stream().filter(n -> n.endsWith("-synthetic")).toList();
    assertTrue(
        names.containsAll(List.of("dws-cnn-synthetic", "regular-cnn-synthetic")), "" + names);
    return names;
  }

  private static String onCard(Pattern entry, String name) throws IOException {
    Matcher card = entry.matcher(Files.readString(MODELS.resolve(name + ".md")));
    assertTrue(card.find(), name + ".md lacks " + entry);
    return card.group(1);
  }

  @ParameterizedTest
  @MethodSource("all")
  void cardDescribesTheFile(String name) throws IOException {
    LoadedModel loaded = ModelFile.load(MODELS.resolve(name + ".safetensors"), LoadOptions.NONE);
    assertEquals(onCard(DIGEST, name), loaded.sha256());
    assertEquals(new Shape(32, 32, 3), loaded.graph().inputShape());
    assertEquals(new Shape(1, 1, 10), loaded.graph().outputShape());
  }

  @ParameterizedTest
  @MethodSource("embedded")
  void accuracyIsThatOfTheModelCard(String name) throws Exception {
    double expected = Double.parseDouble(onCard(ACCURACY, name)) / 100;
    LoadedModel loaded = ModelFile.load(MODELS.resolve(name + ".safetensors"), LoadOptions.NONE);
    Preprocessing preprocessing = Preprocessing.exact(loaded.graph().inputShape());
    Plan plan = Plan.fp32(loaded.network(), preprocessing.normalizationTable(), Recording.PLAIN);
    try (Dataset data = Datasets.open("synthetic:2000", Datasets.Options.defaults());
        BatchLoader loader =
            new BatchLoader(data, preprocessing, 0, data.size(), 500, 2, true, u -> {});
        Program program = new CpuBackend(2).compile(plan, 500)) {
      int right = 0;
      for (ImageBatch batch = loader.next(); batch != null; batch = loader.next()) {
        BatchOutput out = program.submit(InputBatch.of(batch)).get();
        for (int i = 0; i < batch.count(); i++) {
          right +=
              best(out.baseline(), i * plan.outputSize(), plan.outputSize()) == batch.labels()[i]
                  ? 1
                  : 0;
        }
      }
      assertEquals(expected * data.size(), right, TIES);
    }
  }

  private static int best(float[] logits, int from, int n) {
    int best = 0;
    for (int k = 1; k < n; k++) {
      best = logits[from + k] > logits[from + best] ? k : best;
    }
    return best;
  }
}
