package io.depthscope.backend.cpu;

import io.depthscope.backend.Backend;
import io.depthscope.backend.PairedProgram;
import io.depthscope.plan.ExecutionPlan;
import io.depthscope.plan.LayerPlan;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.BlockTree;
import io.depthscope.stats.LayerStatistics;
import io.depthscope.stats.StreamSums;
import java.util.ArrayList;
import java.util.List;

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

  @Override
  public PairedProgram compile(ExecutionPlan plan, int maxBatch) {
    return new CpuProgram(plan, layers(plan), threads);
  }

  @Override
  public long memoryBytes(ExecutionPlan plan, int maxBatch) {
    long channels = 0;
    long codes = 0;
    long weights = 0;
    List<CompiledLayer> layers = layers(plan);
    for (LayerPlan l : plan.layers()) {
      channels += StreamSums.padded(l.out().channels());
      codes += l.output().map(p -> p.codes()).orElse(0);
      // As stored and folded; both streams as planned and as packed for this backend.
      weights += 4L * 6 * l.kernel().length;
    }
    long sums = channels * (10 * 8 + 5 * 4 + 7 * 4 + (plan.recording().errorTerms() ? 32 : 0));
    long part = 8L * channels * LayerStatistics.STATE_FIELDS;
    long running =
        BlockTree.MOST_PARTS * part + 8 * (codes + (long) plan.layers().size() * BitHistogram.BINS);
    return weights + threads * (ImageExecutor.memoryBytes(plan, layers) + 2 * sums) + running;
  }

  private static List<CompiledLayer> layers(ExecutionPlan plan) {
    List<CompiledLayer> layers = new ArrayList<>();
    for (LayerPlan l : plan.layers()) {
      CompiledLayer source = l.index() == 0 ? null : layers.get(l.node().inputs().getFirst());
      if (source != null && source.handsOver()) {
        layers.add(CompiledLayer.takingOver(l, source));
      } else if (handsOver(plan, l)) {
        layers.add(CompiledLayer.handingOver(l, source.outputRow(), plan.layer(l.index() + 1)));
      } else {
        int inputRow = source == null ? 0 : source.outputRow();
        layers.add(CompiledLayer.of(l, inputRow, outputRow(plan, l)));
      }
    }
    return List.copyOf(layers);
  }

  /** True for a depthwise layer that only the pointwise layer right after it reads. */
  private static boolean handsOver(ExecutionPlan plan, LayerPlan l) {
    List<LayerPlan> readers =
        plan.layers().stream().filter(r -> r.node().inputs().contains(l.index())).toList();
    return LayerForm.of(l) instanceof LayerForm.ByChannel
        && !plan.graph().outputs().contains(l.index())
        && readers.size() == 1
        && readers.getFirst().index() == l.index() + 1
        && LayerForm.of(readers.getFirst()).isPointwise();
  }

  /**
   * Rows are padded to whole vectors, except those of an input that is only ever gathered into
   * windows: its few channels are copied faster without gaps.
   */
  private static int outputRow(ExecutionPlan plan, LayerPlan l) {
    return l.index() == 0 && isOnlyGathered(plan)
        ? l.out().channels()
        : CompiledLayer.rowFloats(l.out());
  }

  private static boolean isOnlyGathered(ExecutionPlan plan) {
    return plan.layers().stream()
        .allMatch(r -> !r.node().inputs().contains(0) || LayerForm.of(r).isGathered());
  }
}
