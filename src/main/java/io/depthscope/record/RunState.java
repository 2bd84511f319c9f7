package io.depthscope.record;

import io.depthscope.dataset.UnreadableImage;
import io.depthscope.plan.Plan;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.OutputSums;
import io.depthscope.stats.PredictionSums;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything a run has gathered so far; written as a checkpoint it continues byte for byte as if
 * there had been no break.
 */
public final class RunState implements Checkpoint.State {
  private final NetworkAccumulator statistics;
  private final PredictionSums figures = new PredictionSums();
  private final OutputSums outputs;
  private final List<UnreadableImage> skipped = new ArrayList<>();
  private int next;

  /**
   * @param statistics of the program that runs, empty
   * @param plan what it was compiled from
   */
  public RunState(NetworkAccumulator statistics, Plan plan) {
    this.statistics = statistics;
    this.outputs =
        new OutputSums(plan.outputs().stream().map(o -> plan.step(o).out().size()).toList());
  }

  public NetworkAccumulator statistics() {
    return statistics;
  }

  /** Figures of a classifier; of no images where the network is none. */
  public PredictionSums figures() {
    return figures;
  }

  /** Figures of the network's outputs, whatever they mean. */
  public OutputSums outputs() {
    return outputs;
  }

  /** Images that have been run. */
  public long images() {
    return outputs.images();
  }

  /** Images that could not be read, in order. */
  public List<UnreadableImage> skipped() {
    return skipped;
  }

  /** Index in the data set of the first image that has not been run. */
  public int next() {
    return next;
  }

  /** Every image before this index has been run or skipped. */
  public void next(int index) {
    next = index;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeInt(next);
    figures.write(out);
    outputs.write(out);
    SkippedImages.write(skipped, next, out);
    statistics.write(out);
  }

  @Override
  public void read(DataInput in) throws IOException {
    next = in.readInt();
    figures.read(in);
    outputs.read(in);
    SkippedImages.read(in, skipped);
    statistics.read(in);
  }
}
