package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.graph.Network;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.graph.exchange.NetworkFile;
import io.depthscope.graph.exchange.SafetensorsFile;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantSpec;
import io.depthscope.run.ModelReader;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every network that can be read, whatever its file, is the same in a file of its own. */
class NetworkFilesTest {
  private static final Path DATA = Path.of("../shared/data/models");
  private static final String ENDINGS = ".*\\.(safetensors|onnx|tflite|h5|keras)";

  private static List<Path> files(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(f -> f.toString().matches(ENDINGS)).sorted().toList();
    }
  }

  static List<Path> small() throws IOException {
    return Stream.of("models", "onnx", "tflite", "keras")
        .map(Path.of("test-data")::resolve)
        .flatMap(
            folder -> {
              try {
                return files(folder).stream();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            })
        .toList();
  }

  static List<Path> real() throws IOException {
    return Files.isDirectory(DATA) ? files(DATA) : List.of(DATA);
  }

  @Test
  void areMany() throws IOException {
    assertTrue(small().size() >= 100, "only " + small().size());
  }

  @ParameterizedTest
  @MethodSource("small")
  void smallFilesComeBack(Path file) throws Exception {
    comesBack(file);
  }

  @ParameterizedTest
  @MethodSource("real")
  void realFilesComeBack(Path file) throws Exception {
    assumeTrue(Files.isRegularFile(file), "no networks beside the checkout; test skipped");
    comesBack(file);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void randomNetworksComeBack(long seed) throws Exception {
    for (PlanCase each :
        List.of(
            RandomCases.network(seed), RandomCases.separable(seed), RandomCases.branched(seed))) {
      Network network = each.network();
      comesBack(network, new NetworkFile.About("onnx", Optional.empty()), "seed " + seed);
    }
  }

  private static void comesBack(Path file) throws Exception {
    LoadedModel model = ModelReader.load(file, LoadOptions.NONE);
    LoadedModel back =
        comesBack(
            model.network(),
            new NetworkFile.About(model.family(), model.images()),
            file.toString());
    assertEquals(model.family(), back.family());
    assertEquals(model.images(), back.images());
    assertEquals(model.firstClass(), back.firstClass());
  }

  private static LoadedModel comesBack(Network network, NetworkFile.About about, String what)
      throws Exception {
    byte[] bytes = NetworkFile.encode(network, about, QuantSpec.NONE);
    LoadedModel back;
    try (SafetensorsFile opened = SafetensorsFile.of(bytes, "own.safetensors")) {
      back = ModelFile.load(opened, LoadOptions.NONE);
    }
    assertEquals(network.graph().nodes(), back.graph().nodes(), what);
    assertEquals(network.graph().outputs(), back.graph().outputs(), what);
    assertArrayEquals(outputs(network), outputs(back.network()), what);
    assertArrayEquals(bytes, NetworkFile.encode(back.network(), about, QuantSpec.NONE), what);
    return back;
  }

  /** What a network makes of noise. */
  private static float[] outputs(Network network) throws Exception {
    float[][] table = new float[network.graph().inputShape().channels()][256];
    Plan plan = Plan.fp32(network, table, Recording.PLAIN);
    float[] noise = new float[network.graph().inputShape().size()];
    Random random = new Random(5);
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (float) random.nextGaussian();
    }
    try (Program program = new CpuBackend(1).compile(plan, 1)) {
      return program.submit(InputBatch.ofValues(1, noise)).get().baseline();
    }
  }
}
