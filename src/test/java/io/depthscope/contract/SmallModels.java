package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BackendException;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.file.NpyReader;
import io.depthscope.graph.Graph;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Small model files of a format, each beside an input and what the format's own framework makes of
 * it: NAME.x.npy and NAME.yN.npy for output N, in the file's order of axes; of a quantized file, in
 * its quantized stream. Scripts in tools/golden made and ran them.
 */
final class SmallModels {
  private static final double TOLERANCE = 1e-5;

  /** Codes that such a one may be off by. */
  private static final double MOST_STEPS = 3.01;

  /** Share of the codes of a quantized file's output that may be the next one. */
  private static final double AT_TIES = 0.02;

  private final Path folder;
  private final String ending;
  private final Reader reader;

  /** What reads a file. */
  interface Reader {
    LoadedModel load(Path file, LoadOptions options) throws IOException;
  }

  SmallModels(String folder, String ending, Reader reader) {
    this.folder = Path.of(folder);
    this.ending = ending;
    this.reader = reader;
  }

  /** Names of all files, sorted. */
  List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(f -> f.endsWith(ending))
          .map(f -> f.substring(0, f.length() - ending.length()))
          .sorted()
          .toList();
    }
  }

  LoadedModel load(String name) throws IOException {
    return reader.load(folder.resolve(name + ending), LoadOptions.NONE);
  }

  /** Holds a file's network against the framework, on every backend that is everywhere. */
  void check(String name) throws Exception {
    assertTrue(check(name, new ReferenceBackend()), "the reference runs everything");
    check(name, new CpuBackend(1));
  }

  /**
   * The same on one backend.
   *
   * @return false if it cannot run the network yet
   */
  boolean check(String name, Backend backend) throws Exception {
    return run(backend, load(name), name, read(name + ".x.npy"));
  }

  private record Array(int[] extents, float[] values) {}

  private Array read(String file) throws IOException {
    try (NpyReader in = NpyReader.open(folder.resolve(file))) {
      int[] extents = in.header().extents().stream().mapToInt(e -> e).toArray();
      return new Array(extents, in.next((int) in.header().size()));
    }
  }

  private boolean run(Backend backend, LoadedModel model, String name, Array x) throws Exception {
    Graph graph = model.graph();
    float[][] table = new float[graph.inputShape().channels()][256];
    Plan plan =
        model.quantization().isEmpty()
            ? Plan.fp32(model.network(), table, Recording.PLAIN)
            : Plan.of(
                model.network(),
                table,
                model.quantization().get(),
                Feed.ACCUMULATED,
                Recording.PAIRED);
    int images = x.extents()[0];
    int size = x.values().length / images;
    Program program;
    try {
      program = backend.compile(plan, images);
    } catch (BackendException e) {
      assertTrue(e.isMissing(), e.getMessage());
      return false;
    }
    try (program) {
      int[] places = model.tensors().inputPlaces();
      float[] values = new float[x.values().length];
      for (int i = 0; i < values.length; i++) {
        values[i / size * size + places[i % size]] = x.values()[i];
      }
      BatchOutput out = program.submit(InputBatch.ofValues(images, values)).get();
      for (int image = 0; image < images; image++) {
        compare(backend.name() + " " + name, model, out, image);
      }
    }
    return true;
  }

  private void compare(String what, LoadedModel model, BatchOutput out, int image)
      throws IOException {
    String name = what.substring(what.indexOf(' ') + 1);
    Graph graph = model.graph();
    boolean quantized = model.quantization().isPresent();
    float[] all = quantized ? out.candidate() : out.baseline();
    List<float[]> network = new ArrayList<>();
    int at = image * (all.length / out.count());
    for (int node : graph.outputs()) {
      int n = graph.shape(node).size();
      network.add(Arrays.copyOfRange(all, at, at + n));
      at += n;
    }
    List<NdArray> mine = List.copyOf(model.tensors().tail().of(graph, network, quantized).values());
    for (int k = 0; k < mine.size(); k++) {
      Array y = read(name + ".y" + k + ".npy");
      int[] extents = y.extents().clone();
      extents[0] = 1;
      assertArrayEquals(extents, mine.get(k).dims(), what + " output " + k);
      float[] got = mine.get(k).floats();
      assertEquals(y.values().length, got.length * out.count(), what);
      float[] expected =
          Arrays.copyOfRange(y.values(), image * got.length, (image + 1) * got.length);
      double bound = TOLERANCE * largest(y.values());
      int apart = 0;
      for (int i = 0; i < got.length; i++) {
        double off = Math.abs(got[i] - expected[i]);
        String where = what + " image " + image + " output " + k + " value " + i;
        boolean code = quantized && off <= MOST_STEPS * step(y.values());
        assertTrue(off <= bound || code, where + " is " + got[i] + ", not " + expected[i]);
        apart += off <= bound ? 0 : 1;
      }
      // A tie may be rounded to either side, and what comes after it makes more than one of a code.
      assertTrue(
          apart <= Math.max(1, AT_TIES * got.length),
          what + ": " + apart + " codes are other ones");
    }
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float v : values) {
      largest = Math.max(largest, Math.abs(v));
    }
    return largest;
  }

  /** The smallest step between values: that between two codes, or a multiple. */
  private static double step(float[] values) {
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    double step = Double.MAX_VALUE;
    for (int i = 1; i < sorted.length; i++) {
      double gap = sorted[i] - sorted[i - 1];
      step = gap > TOLERANCE * largest(values) ? Math.min(step, gap) : step;
    }
    return step;
  }
}
