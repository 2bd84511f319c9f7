package io.depthscope.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.dataset.Batches;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantSpec;
import io.depthscope.record.Sensitivity;
import io.depthscope.record.Sensitivity.Direction;
import io.depthscope.record.SensitivityState;
import io.depthscope.stats.Confidence;
import io.depthscope.stats.ErrorSums;
import io.depthscope.stats.ImageEnergies;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Shared prefixes against every run by itself, and what a measurement decides. */
class LayerSensitivityTest {
  private static final int IMAGES = 40;
  private static final SensitivityAim ALL =
      new SensitivityAim(new Confidence(0.95), 0, Double.POSITIVE_INFINITY);
  private static final SensitivityAim SOME = new SensitivityAim(new Confidence(0.95), 0, 8);

  /** Of a case as it is, or with a bias of its own for what is quantized. */
  private static Plan plan(PlanCase c, Network network) {
    return Plan.of(network, c.inputTable(), c.spec(), Feed.ACCUMULATED, Recording.PAIRED);
  }

  private static Network mended(PlanCase c) {
    Map<String, FoldedWeights> mended = new HashMap<>();
    for (Node node : c.graph().nodes()) {
      if (node.op().hasWeights()) {
        FoldedWeights w = c.network().weightsOf(node);
        float[] bias = w.bias().clone();
        bias[0] += 0.25f;
        mended.put(node.name(), new FoldedWeights(w.kernel(), bias));
      }
    }
    return c.network().withMended(mended);
  }

  /** The images of a case over and over, each a little different. */
  private static byte[] pixels(PlanCase c, int image) {
    int size = c.graph().inputShape().size();
    int from = image % c.batch().count() * size;
    byte[] pixels = Arrays.copyOfRange(c.batch().pixels(), from, from + size);
    for (int i = 0; i < size; i++) {
      pixels[i] += (byte) (image * 37 + i * image % 11);
    }
    return pixels;
  }

  private static LayerSensitivity.Images source(PlanCase c, int batch) {
    return (from, to, skipped) ->
        new Batches() {
          private int next = from;

          @Override
          public ImageBatch next() {
            int n = Math.min(batch, to - next);
            if (n <= 0) {
              return null;
            }
            int[] indices = new int[n];
            int size = c.graph().inputShape().size();
            byte[] pixels = new byte[n * size];
            for (int i = 0; i < n; i++) {
              indices[i] = next + i;
              System.arraycopy(pixels(c, next + i), 0, pixels, i * size, size);
            }
            next += n;
            return new ImageBatch(c.graph().inputShape(), n, indices, new int[n], pixels);
          }

          @Override
          public void close() {}
        };
  }

  private static LayerSensitivity layers(
      Plan plan, Backend backend, int batch, SensitivityAim aim) {
    PairedRun.Labels labels = new PairedRun.Labels(true, 0);
    return new LayerSensitivity(plan, new Machine(backend, "", 1, batch), aim, IMAGES, labels);
  }

  /** Ends after so many runs. */
  private record Stopping(int[] left) implements RunListener {
    @Override
    public void notice(String line) {}

    @Override
    public Progress begin(String what, long from, long to) {
      return new Progress() {
        @Override
        public void at(long done) {
          assertTrue(done <= to, what);
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public boolean stop() {
      return --left[0] < 0;
    }
  }

  private static RunListener never() {
    return new Stopping(new int[] {Integer.MAX_VALUE});
  }

  private static Sensitivity measured(
      PlanCase c, Plan plan, Backend backend, int batch, SensitivityAim aim) throws IOException {
    LayerSensitivity layers = layers(plan, backend, batch, aim);
    SensitivityState state = layers.newState();
    assertTrue(layers.run(state, source(c, batch), s -> {}, never()));
    return layers.result(state, Optional.empty(), 0);
  }

  private static void assertSameEnergies(
      ImageEnergies got, float[] x, float[] xq, int[] sizes, String what) {
    int at = 0;
    assertEquals(IMAGES, got.images(), what);
    for (int i = 0; i < IMAGES; i++) {
      for (int o = 0; o < sizes.length; o++) {
        assertEquals(ErrorSums.energy(x, xq, at, sizes[o]), got.energy(i, o), what + ", " + i);
        at += sizes[o];
      }
    }
  }

  /** Each run, by itself, of the whole network quantized by its own spec. */
  @Test
  void everyRunIsThatOfTheWholeNetwork() throws IOException {
    List<PlanCase> cases = new ArrayList<>();
    for (long seed = 40; seed < 42; seed++) {
      cases.add(RandomCases.network(seed));
      cases.add(RandomCases.branched(seed));
      cases.add(RandomCases.separable(seed));
    }
    int runs = 0;
    for (PlanCase c : cases) {
      runs += assertRuns(c, c.network(), new CpuBackend(2));
      runs += assertRuns(c, mended(c), new CpuBackend(2));
      runs += assertRuns(c, c.network(), new ReferenceBackend());
    }
    assertTrue(runs > 100, "only " + runs + " runs");
  }

  /** On a GPU layers that round run other kernels than those that do not. */
  @Test
  @Tag("gpu")
  void everyRunOnAGpuIsThatOfTheWholeNetwork() throws IOException {
    int runs = 0;
    for (PlanCase c : List.of(RandomCases.branched(41), RandomCases.separable(41))) {
      runs += assertRuns(c, c.network(), GpuBackend.get());
      runs += assertRuns(c, mended(c), GpuBackend.get());
    }
    assertTrue(runs > 20, "only " + runs + " runs");
  }

  private static int assertRuns(PlanCase c, Network network, Backend backend) throws IOException {
    Plan pair = plan(c, network);
    if (c.batch().pixels() == null) {
      return 0;
    }
    LayerSensitivity layers = layers(pair, backend, 7, ALL);
    SensitivityState state = layers.newState();
    assertTrue(layers.run(state, source(c, 7), s -> {}, never()));
    int[] sizes = pair.outputs().stream().mapToInt(o -> pair.step(o).out().size()).toArray();
    Set<String> quantized = new HashSet<>(c.spec().outputs().keySet());
    quantized.addAll(c.spec().weights().keySet());
    List<String> names =
        c.graph().nodes().stream().map(Node::name).filter(quantized::contains).toList();
    assertEquals(names.size(), state.layers(), c.text());
    BatchOutput all = run(c, network, c.spec(), backend);
    assertSameEnergies(state.quantized(), all.baseline(), all.candidate(), sizes, c.text());
    for (int l = 0; l < names.size(); l++) {
      for (Direction d : Direction.values()) {
        Set<String> some = new HashSet<>(d == Direction.ALONE ? List.of() : names);
        if (!some.remove(names.get(l))) {
          some.add(names.get(l));
        }
        BatchOutput own = run(c, network, c.spec().only(some), backend);
        String what = backend.name() + ", " + d.word() + " " + names.get(l) + ", " + c.text();
        assertSameEnergies(state.run(d, l), own.baseline(), own.candidate(), sizes, what);
      }
    }
    return 2 * names.size();
  }

  private static BatchOutput run(PlanCase c, Network network, QuantSpec spec, Backend backend)
      throws IOException {
    Plan plan = Plan.of(network, c.inputTable(), spec, Feed.ACCUMULATED, Recording.PAIRED);
    ImageBatch all = source(c, IMAGES).open(0, IMAGES, u -> {}).next();
    try (Program program = backend.compile(plan, IMAGES)) {
      return PlanCase.await(program.submit(InputBatch.of(all)));
    }
  }

  @Test
  void neitherBatchesNorThreadsMatter() throws IOException {
    PlanCase c = RandomCases.separable(41);
    Plan plan = plan(c, c.network());
    for (SensitivityAim aim : List.of(ALL, SOME)) {
      Sensitivity expected = measured(c, plan, new CpuBackend(1), 1, aim);
      assertEquals(expected, measured(c, plan, new CpuBackend(3), 16, aim), c.text());
    }
  }

  /** Stopped again and again, in the middle of a batch, and read back from what was kept. */
  @Test
  void continuesToTheSame() throws IOException {
    PlanCase c = RandomCases.separable(41);
    LayerSensitivity layers = layers(plan(c, c.network()), new CpuBackend(2), 4, SOME);
    Sensitivity expected = measured(c, plan(c, c.network()), new CpuBackend(2), 4, SOME);
    byte[][] kept = {bytes(layers.newState())};
    boolean finished = false;
    int parts = 0;
    SensitivityState state = null;
    while (!finished) {
      assertTrue(parts++ < 100, "it does not get on");
      state = layers.newState();
      state.read(new DataInputStream(new ByteArrayInputStream(kept[0])));
      RunListener listener = new Stopping(new int[] {3 * state.layers()});
      finished = layers.run(state, source(c, 4), s -> kept[0] = bytes(s), listener);
    }
    assertTrue(parts > 2, parts + " parts");
    assertEquals(expected, layers.result(state, Optional.empty(), 0));
  }

  private static byte[] bytes(SensitivityState state) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    state.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  @Test
  void aStateOfOtherLayersIsRefused() throws IOException {
    byte[] written = bytes(new SensitivityState(3, 1, 10));
    assertThrows(
        IOException.class,
        () ->
            new SensitivityState(4, 1, 10)
                .read(new DataInputStream(new ByteArrayInputStream(written))));
    assertThrows(
        IOException.class,
        () ->
            new SensitivityState(3, 1, 10)
                .read(new DataInputStream(new ByteArrayInputStream(written, 0, 20))));
  }

  /** What may be spent is kept to, and what it was is said. */
  @Test
  void keepsToItsPasses() throws IOException {
    for (long seed = 41; seed < 47; seed++) {
      PlanCase c = RandomCases.separable(seed);
      Plan plan = plan(c, c.network());
      Sensitivity all = measured(c, plan, new CpuBackend(2), 8, ALL);
      double passes = all.cost().passes() * 0.6; // above the least number of images
      SensitivityAim aim = new SensitivityAim(new Confidence(0.95), 0, passes);
      Sensitivity some = measured(c, plan, new CpuBackend(2), 8, aim);
      assertTrue(some.cost().passes() <= passes + 1e-9, some::toString);
      assertTrue(all.cost().passes() < all.cost().bruteForcePasses(), all::toString);
      for (Sensitivity.Layer l : all.layers()) {
        assertEquals(IMAGES, l.alone().images());
        assertFalse(l.alone().firstPlace() > l.alone().place(), l::toString);
        assertFalse(l.alone().lastPlace() < l.alone().place(), l::toString);
      }
    }
  }

  /** Places are those of the figure that is ranked, where all have seen the same images. */
  @Test
  void ranksBySqnr() throws IOException {
    PlanCase c = RandomCases.separable(42);
    Sensitivity s = measured(c, plan(c, c.network()), new CpuBackend(2), 8, ALL);
    List<Sensitivity.Layer> alone = s.ranking(Direction.ALONE);
    List<Sensitivity.Layer> allBut = s.ranking(Direction.ALL_BUT);
    for (int i = 1; i < alone.size(); i++) {
      assertTrue(
          alone.get(i - 1).alone().sqnrDb().value() <= alone.get(i).alone().sqnrDb().value());
      assertTrue(
          allBut.get(i - 1).allBut().gainDb().orElseThrow().value()
              >= allBut.get(i).allBut().gainDb().orElseThrow().value());
    }
  }

  @Test
  void ofOneLayerAndOfSeveralOutputs() throws IOException {
    PlanCase c = RandomCases.branched(30_001);
    Graph g = c.graph();
    Network several =
        new Network(
            new Graph(g.name(), g.nodes(), List.of(g.size() - 1, 1, 3)),
            c.network().weights(),
            c.network().stored());
    Sensitivity s = measured(c, plan(c, several), new CpuBackend(2), 8, ALL);
    assertTrue(s.fp32().top1().isEmpty(), s::toString);
    assertTrue(s.layers().getFirst().alone().agreement().isEmpty(), s::toString);
    String first = s.layers().getLast().name();
    Plan one =
        Plan.of(
            several,
            c.inputTable(),
            c.spec().only(Set.of(first)),
            Feed.ACCUMULATED,
            Recording.PAIRED);
    Sensitivity single = measured(c, one, new CpuBackend(2), 8, SOME);
    assertEquals(1, single.layers().size());
    assertTrue(single.layers().getFirst().alone().images() > 0);
    assertEquals(single.quantized().sqnrDb(), single.layers().getFirst().alone().sqnrDb().value());
    Plan none =
        Plan.of(several, c.inputTable(), QuantSpec.NONE, Feed.ACCUMULATED, Recording.PAIRED);
    assertThrows(IllegalArgumentException.class, () -> layers(none, new CpuBackend(1), 4, ALL));
  }
}
