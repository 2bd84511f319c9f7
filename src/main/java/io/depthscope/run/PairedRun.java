package io.depthscope.run;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.dataset.Batches;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.plan.Plan;
import io.depthscope.record.RunState;
import io.depthscope.stats.Prediction;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/**
 * Drives a data set through a program of both streams. Two batches are under way at a time, so that
 * no worker waits while the next one is read; results are taken in order.
 */
public final class PairedRun {
  private static final int IN_FLIGHT = 2;

  /** A killed run loses no more than this. */
  private static final long CHECKPOINT_NANOS = 30_000_000_000L;

  private final Program program;
  private final RunState state;
  private final Labels labels;
  private final boolean classifier;
  private final int classes;
  private final int stride;

  /**
   * Where a run leaves what it measures; all on the thread that runs.
   *
   * @param names name of an image by its index in the data set
   * @param prediction each image's prediction, in order
   * @param checkpoint the state, with no image in flight
   */
  public record Observer(
      IntFunction<String> names, Sink<Prediction> prediction, Sink<RunState> checkpoint) {}

  /** Records what it is given. */
  public interface Sink<T> {
    void accept(T measured) throws IOException;
  }

  /**
   * What labels of a data set mean.
   *
   * @param known false where they say nothing
   * @param firstClass output that stands for label 0
   */
  public record Labels(boolean known, int firstClass) {
    int output(int label) {
      return known ? label + firstClass : -1;
    }
  }

  private record Pending(ImageBatch batch, Future<BatchOutput> output) {}

  /**
   * @param plan what the program was compiled from; the output of a classifier holds the logits
   * @param state of this program, fresh or read from a checkpoint
   */
  public PairedRun(Program program, Plan plan, RunState state, Labels labels) {
    this.program = program;
    this.state = state;
    this.classes = plan.step(plan.outputs().getFirst()).out().size();
    this.stride = plan.outputSize();
    this.labels = labels;
    this.classifier = plan.graph().isClassifier();
  }

  /**
   * Runs every batch the loader gives; stopped by the listener, it writes a checkpoint and ends.
   *
   * @param images how many there are, earlier parts of a resumed run included
   * @param checkpointEvery images between checkpoints; where images are slow, there is one every 30
   *     seconds besides
   * @return true if the data came to its end, false if the run was stopped
   * @throws IOException if an image cannot be read and the loader is strict
   */
  public boolean run(
      Batches loader, long images, long checkpointEvery, Observer observer, RunListener listener)
      throws IOException {
    try (RunListener.Progress progress = listener.begin("analyze", state.images(), images)) {
      return run(loader, images, checkpointEvery, observer, progress, listener);
    }
  }

  private boolean run(
      Batches loader,
      long images,
      long checkpointEvery,
      Observer observer,
      RunListener.Progress progress,
      RunListener listener)
      throws IOException {
    Deque<Pending> pending = new ArrayDeque<>();
    long nextCheckpoint = state.images() + checkpointEvery;
    long lastCheckpoint = System.nanoTime();
    boolean stopped = false;
    boolean exhausted = false;
    while (true) {
      while (!stopped && !exhausted && pending.size() < IN_FLIGHT) {
        ImageBatch batch = loader.next();
        if (batch == null) {
          exhausted = true;
          break;
        }
        pending.add(new Pending(batch, program.submit(InputBatch.of(batch))));
      }
      if (pending.isEmpty()) {
        break;
      }
      take(pending.removeFirst(), observer);
      progress.at(state.images());
      exhausted |= state.next() >= images;
      if (exhausted && pending.isEmpty()) {
        continue; // nothing is left to stop
      }
      if (listener.stop()) {
        stopped = true;
      } else if (state.images() >= nextCheckpoint
          || System.nanoTime() - lastCheckpoint >= CHECKPOINT_NANOS) {
        while (!pending.isEmpty()) {
          take(pending.removeFirst(), observer);
        }
        checkpoint(observer);
        nextCheckpoint = state.images() + checkpointEvery;
        lastCheckpoint = System.nanoTime();
      }
    }
    if (exhausted) { // even if it was to stop, while the last batches were under way
      program.statistics(); // counts still held by workers belong to the state
    } else {
      checkpoint(observer);
    }
    return exhausted;
  }

  private void checkpoint(Observer observer) throws IOException {
    program.statistics();
    observer.checkpoint().accept(state);
  }

  private void take(Pending p, Observer observer) throws IOException {
    BatchOutput out = Program.await(p.output());
    ImageBatch batch = p.batch();
    for (int i = 0; i < batch.count(); i++) {
      int index = batch.datasetIndices()[i];
      String name = observer.names().apply(index);
      float[] x = out.baseline();
      float[] xq = out.candidate();
      double sqnrDb = state.outputs().add(index, x, xq, i * stride);
      int label = labels.output(batch.labels()[i]);
      observer
          .prediction()
          .accept(
              classifier
                  ? state.figures().add(index, name, label, x, xq, i * stride, classes)
                  : Prediction.withoutClass(index, name, sqnrDb));
    }
    state.next(batch.datasetIndices()[batch.count() - 1] + 1);
  }
}
