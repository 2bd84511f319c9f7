package io.depthscope.backend.cpu;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BackendException;
import io.depthscope.backend.Program;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Op;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Step;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.BlockTree;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.LayerStatistics;
import io.depthscope.stats.StreamSums;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The embedded default: one image a thread, vectorized across channels. */
public final class CpuBackend implements Backend {
  private final int threads;

  /**
   * @param threads worker threads, at least 1
   */
  public CpuBackend(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, got " + threads);
    }
    this.threads = threads;
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    return threads + (threads == 1 ? " thread, " : " threads, ") + Lanes.N * 32 + "-bit vectors";
  }

  /**
   * Refuses a plan that this backend cannot run yet.
   *
   * @throws BackendException with the layer and the reason
   */
  public static void requireRunnable(Plan plan) {
    sizes(plan);
  }

  @Override
  public Program compile(Plan plan, int maxBatch) {
    return new CpuProgram(plan, layers(plan), threads);
  }

  @Override
  public long memoryBytes(Plan plan, int maxBatch) {
    long channels = 0;
    long codes = 0;
    long weights = 0;
    long sums = 0;
    List<LayerSize> layers = sizes(plan);
    for (LayerSize size : layers) {
      Step l = size.step();
      channels += StreamSums.padded(l.out().channels());
      codes += l.output().map(p -> p.codes()).orElse(0);
      weights += plannedBytes(plan, l) + size.kernelBytes();
      sums += ImageSums.bytes(l.out().channels(), plan.recording().errorTerms());
    }
    long part = 8L * channels * LayerStatistics.STATE_FIELDS;
    long running =
        BlockTree.MOST_PARTS * part + 8 * (codes + (long) plan.steps().size() * BitHistogram.BINS);
    return weights + threads * (ImageExecutor.memoryBytes(plan, layers) + 2 * sums) + running;
  }

  /**
   * Bytes of the weights of a step as the plan holds them: as they were stored, folded, and where
   * they are quantized, their codes and the values of these. Of a rearrangement, its places and
   * constants.
   */
  @SuppressWarnings("ReferenceEquality") // what needs no folding is one array
  static long plannedBytes(Plan plan, Step l) {
    LayerParameters stored = plan.network().stored().get(l.node().name());
    if (l.op() instanceof Op.Rearrange r) {
      int copies = l.quantizedKernel() == l.kernel() ? 1 : 2;
      return 4L * (r.source().length + copies * r.fill().length);
    }
    boolean folded = stored != null && stored.kernel().data() != l.kernel();
    return 4L * l.kernel().length * (1 + (folded ? 1 : 0) + (l.codes().isPresent() ? 2 : 0));
  }

  static List<LayerSize> sizes(Plan plan) {
    BackendException.requireQuantization("cpu", plan);
    List<LayerSize> sizes = new ArrayList<>();
    for (Step l : plan.steps()) {
      boolean given = l.index() < plan.given();
      int rows = given ? 1 : tileRows(plan.whole(), plan.nodeOf(l.index()));
      Step run = plan.isSimulatedAlone() ? l.simulated() : l;
      sizes.add(LayerSize.of(run, outputRow(plan, l), rows, !given && handsOver(plan, l)));
    }
    return List.copyOf(sizes);
  }

  static List<CpuLayer> layers(Plan plan) {
    List<LayerSize> sizes = sizes(plan);
    List<CpuLayer> layers = new ArrayList<>();
    for (LayerSize size : sizes) {
      List<Integer> inputs = size.step().node().inputs();
      int inputRow = inputs.isEmpty() ? 0 : sizes.get(inputs.getFirst()).outputRow();
      layers.add(CpuLayer.of(size, inputRow));
    }
    return List.copyOf(layers);
  }

  /**
   * Rows of a tile of a node. Two layers that hand tiles over have the same, whether or not they
   * are in the same part of a plan, since the sums of an image depend on the tiles.
   */
  private static int tileRows(Plan whole, int node) {
    Step l = whole.step(node);
    List<Integer> inputs = l.node().inputs();
    if (!inputs.isEmpty()) {
      Optional<Step> taker = taker(whole, inputs.getFirst());
      if (taker.isPresent() && taker.get().index() == node) {
        return CpuLayer.tileRows(whole.step(inputs.getFirst()), l.out().channels());
      }
    }
    return CpuLayer.tileRows(l, taker(whole, node).map(t -> t.out().channels()).orElse(0));
  }

  /** The pointwise layer right after a depthwise one that alone reads it. */
  private static Optional<Step> taker(Plan whole, int node) {
    List<Step> readers =
        whole.steps().stream().filter(r -> r.node().inputs().contains(node)).toList();
    boolean hands =
        LayerForm.of(whole.step(node)) instanceof LayerForm.ByChannel
            && !whole.outputs().contains(node)
            && readers.size() == 1
            && readers.getFirst().index() == node + 1
            && LayerForm.of(readers.getFirst()).isPointwise();
    return hands ? Optional.of(readers.getFirst()) : Optional.empty();
  }

  /** True for a layer whose taker comes next and whose output nobody else wants. */
  private static boolean handsOver(Plan plan, Step l) {
    return taker(plan.whole(), plan.nodeOf(l.index())).isPresent()
        && !plan.outputs().contains(l.index());
  }

  /**
   * Rows are padded to whole vectors, except those of an input that is only ever gathered into
   * windows: its few channels are copied faster without gaps.
   */
  private static int outputRow(Plan plan, Step l) {
    return l.index() == 0 && plan.given() == 0 && isOnlyGathered(plan)
        ? l.out().channels()
        : CpuLayer.rowFloats(l.out());
  }

  private static boolean isOnlyGathered(Plan plan) {
    return plan.steps().stream()
        .allMatch(r -> !r.node().inputs().contains(0) || LayerForm.of(r).isGathered());
  }
}
