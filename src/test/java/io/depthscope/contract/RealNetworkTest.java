package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Datasets;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.ImageFolder;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.plan.Step;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.Calibration;
import io.depthscope.run.CalibrationPass;
import io.depthscope.stats.BlockTree;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.testkit.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The two CPU backends on a trained MobileNet-V1 and photographs, where the data lies beside the
 * checkout; skipped with a message where it does not.
 */
class RealNetworkTest {
  private static final Path DATA = Path.of("../shared/data");
  private static final int IMAGES = 20;

  /** Largest share of a layer's codes that may differ because a value lies next to a tie. */
  private static final double TIES = 0.001;

  private static Plan baseline;
  private static Plan paired;
  private static ImageBatch images;
  private static Network network;
  private static QuantScheme scheme;

  @BeforeAll
  static void load() throws IOException {
    Path file = DATA.resolve("models/mobilenet_v1_0.75_224.safetensors");
    assumeTrue(Files.exists(file), "no trained network beside the checkout; test skipped");
    LoadedModel loaded = ModelFile.load(file, LoadOptions.NONE);
    Preprocessing preprocessing = Preprocessing.imageNet(224);
    try (ImageFolder folder = photographs();
        BatchLoader loader =
            new BatchLoader(folder, preprocessing, 0, IMAGES, IMAGES, 2, true, u -> {})) {
      images = loader.next();
    }
    network = loaded.network();
    RangeEstimator minMax = new RangeEstimator.MinMax();
    scheme = QuantScheme.parse("w8a8", false, false, Granularity.PER_TENSOR, minMax, minMax);
    baseline = Plan.fp32(network, preprocessing.normalizationTable(), Recording.CALIBRATION);
    Calibration calibration = new CalibrationPass(new CpuBackend(2), baseline).run(images);
    paired =
        Plan.of(
            network,
            preprocessing.normalizationTable(),
            SchemePolicy.spec(network, scheme, calibration.tensors()),
            Feed.ACCUMULATED,
            Recording.STATISTICS);
  }

  private static ImageFolder photographs() throws IOException {
    return new ImageFolder(
        DATA.resolve("imagenet-dev"),
        Datasets.Options.defaults().withSynsets(DATA.resolve("imagenet_synsets.txt")));
  }

  /** Every layer is fed what the reference computed for the layer before. */
  @Test
  void everyLayerGivesTheReferencesCodesButForTies() throws Exception {
    float[] input = referenceInput();
    for (Step l : paired.steps().subList(1, paired.steps().size())) {
      Plan single = singleLayer(l);
      InputBatch batch = InputBatch.ofValues(IMAGES, input);
      float[] expected = run(new ReferenceBackend(), single, batch).candidate();
      float[] got = run(new CpuBackend(2), single, batch).candidate();
      if (l.output().isPresent()) {
        compareCodes(l, expected, got);
      } else {
        for (int i = 0; i < got.length; i++) {
          double tolerance = 1e-6 + 1e-5 * Math.abs(expected[i]);
          assertTrue(Math.abs(got[i] - expected[i]) <= tolerance, l.node().name() + "[" + i + "]");
        }
      }
      input = expected;
    }
  }

  private static float[] referenceInput() {
    int size = paired.inputShape().size();
    QuantParams q = paired.step(0).output().orElseThrow();
    float[] input = new float[IMAGES * size];
    for (int i = 0; i < input.length; i++) {
      input[i] = q.fakeQuantize(paired.inputTable()[i % 3][images.pixels()[i] & 0xff]);
    }
    return input;
  }

  private static Plan singleLayer(Step l) {
    Node node = new Node(l.node().name(), l.op(), l.node().clamp(), List.of(0));
    Graph graph =
        new Graph("single", List.of(new Node("input", new Op.Input(l.in()), List.of()), node));
    float[][] table = new float[l.in().channels()][256];
    Network single = Network.of(graph, network.weights());
    Map<String, QuantParams> outputs = new HashMap<>();
    l.output().ifPresent(p -> outputs.put(node.name(), p));
    QuantSpec spec = new QuantSpec(outputs, SchemePolicy.weights(single, scheme));
    return Plan.of(
        single, table, spec.only(Set.of(node.name())), Feed.ACCUMULATED, Recording.PAIRED);
  }

  private static BatchOutput run(Backend backend, Plan plan, InputBatch batch) throws Exception {
    try (Program program = backend.compile(plan, batch.count())) {
      return program.submit(batch).get();
    }
  }

  private static void compareCodes(Step l, float[] expected, float[] got) {
    QuantParams q = l.output().orElseThrow();
    assertEquals(expected.length, got.length);
    long differ = 0;
    for (int i = 0; i < got.length; i++) {
      int a = q.quantize(expected[i]);
      int b = q.quantize(got[i]);
      assertTrue(Math.abs(a - b) <= 1, l.node().name() + "[" + i + "]: code " + b + " for " + a);
      differ += a == b ? 0 : 1;
    }
    System.out.printf(
        "%s: %d of %d codes differ next to a tie%n", l.node().name(), differ, got.length);
    assertTrue(differ <= TIES * got.length, l.node().name() + ": " + differ + " of " + got.length);
  }

  @Test
  void theWholeRunHasTheReferencesSignalToNoise() throws Exception {
    NetworkAccumulator expected = statistics(new ReferenceBackend());
    NetworkAccumulator got = statistics(new CpuBackend(2));
    assertEquals(IMAGES, got.images());
    double worst =
        IntStream.range(0, got.size())
            .mapToDouble(
                i -> {
                  double a = expected.layer(i).layerError().sqnrDb();
                  double b = got.layer(i).layerError().sqnrDb();
                  String layer = paired.step(i).node().name();
                  assertTrue(Math.abs(a - b) <= 0.05, layer + ": " + b + " dB for " + a);
                  return Math.abs(a - b);
                })
            .max()
            .orElseThrow();
    System.out.printf("largest difference of a layer's SQNR: %.5f dB%n", worst);
  }

  /** All photographs in one run, and in two that are joined: every bit is the same. */
  @Test
  void theHalvesOfARunJoinedAreTheRun() throws Exception {
    try (ImageFolder folder = photographs()) {
      int cut = BlockTree.BLOCK;
      assertTrue(folder.size() > cut, "one block of images cannot be cut");
      byte[] whole = Digests.figures(statistics(folder, 0, folder.size()));
      NetworkAccumulator joined = statistics(folder, cut, folder.size());
      byte[] half = Digests.figures(joined);
      joined.merge(statistics(folder, 0, cut));
      assertEquals(folder.size(), joined.images());
      assertFalse(Arrays.equals(whole, half));
      assertArrayEquals(whole, Digests.figures(joined));
    }
  }

  private static NetworkAccumulator statistics(ImageFolder folder, int from, int to)
      throws Exception {
    try (Program program = new CpuBackend(2).compile(paired, IMAGES);
        BatchLoader loader =
            new BatchLoader(
                folder, Preprocessing.imageNet(224), from, to, IMAGES, 2, true, u -> {})) {
      for (ImageBatch b = loader.next(); b != null; b = loader.next()) {
        program.submit(InputBatch.of(b)).get();
      }
      return program.statistics();
    }
  }

  private static NetworkAccumulator statistics(Backend backend) throws Exception {
    try (Program program = backend.compile(paired, IMAGES)) {
      program.submit(InputBatch.of(images)).get();
      return program.statistics();
    }
  }
}
