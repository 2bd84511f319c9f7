package io.depthscope.backend.cuda;

import io.depthscope.backend.BatchOutput;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** A batch under way on the device; whoever asks for the result waits for it there. */
final class PendingBatch extends CompletableFuture<BatchOutput> {
  private final CudaProgram program;
  private final int count;
  private final int[] indices;
  private final int slot;
  private final long sequence;

  PendingBatch(CudaProgram program, int count, int[] indices, int slot, long sequence) {
    this.program = program;
    this.count = count;
    this.indices = indices;
    this.slot = slot;
    this.sequence = sequence;
  }

  int count() {
    return count;
  }

  /** Index of each image in its data set. */
  int[] indices() {
    return indices;
  }

  int slot() {
    return slot;
  }

  boolean isBefore(PendingBatch other) {
    return sequence < other.sequence;
  }

  /** Work on a device cannot be called back. */
  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    return false;
  }

  @Override
  public BatchOutput get() throws InterruptedException, ExecutionException {
    program.finish(this);
    return super.get();
  }

  @Override
  public BatchOutput get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException {
    return get(); // a device cannot be waited for with a limit
  }

  @Override
  public BatchOutput join() {
    program.finish(this);
    return super.join();
  }
}
