package io.depthscope.backend.cpu;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.plan.Plan;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.NetworkAccumulator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Worker threads that take one image at a time, and a merge that puts the images' sums back in
 * order: image k is added to the running statistics only after image k - 1, whoever computed them.
 *
 * <p>A worker claims an image together with a set of sums under one lock and in order, so the
 * lowest unmerged image always holds a set, and the merge cannot wait for one that will not come.
 */
final class CpuProgram implements Program {
  private final Plan plan;
  private final NetworkAccumulator accumulator;
  private final List<ImageExecutor> executors = new ArrayList<>();
  private final List<Thread> workers = new ArrayList<>();
  private final int flushEvery;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Job> queue = new ArrayDeque<>();
  private final Deque<List<ImageSums>> free = new ArrayDeque<>();
  private long claimed;
  private boolean closed;

  private final ReentrantLock mergeLock = new ReentrantLock();
  private final Condition merged = mergeLock.newCondition();
  private final PriorityQueue<Done> waiting =
      new PriorityQueue<>((a, b) -> Long.compare(a.sequence, b.sequence));
  private long submitted;
  private long nextToMerge;

  private static final class Job {
    final InputBatch batch;
    final float[] baseline;
    final float[] candidate;
    final CompletableFuture<BatchOutput> result = new CompletableFuture<>();
    int nextImage;
    int remaining;

    Job(InputBatch batch, int outputs, boolean paired) {
      this.batch = batch;
      this.baseline = new float[batch.count() * outputs];
      this.candidate = new float[paired ? baseline.length : 0];
      this.remaining = batch.count();
    }
  }

  private record Claim(long sequence, Job job, int image, List<ImageSums> sums) {}

  private record Done(long sequence, Job job, int image, List<ImageSums> sums, Throwable failure) {}

  CpuProgram(Plan plan, List<CpuLayer> layers, int threads) {
    this.plan = plan;
    this.accumulator = plan.newAccumulator();
    long largest = layers.stream().mapToLong(l -> l.step().out().size()).max().orElse(1);
    this.flushEvery = (int) Math.max(1, (1L << 30) / largest);
    for (int t = 0; t < 2 * threads; t++) {
      free.add(plan.newImageSums());
    }
    for (int t = 0; t < threads; t++) {
      ImageExecutor executor = new ImageExecutor(plan, layers);
      executors.add(executor);
      Thread worker = new Thread(() -> work(executor), "depthscope-cpu-" + t);
      worker.setDaemon(true);
      workers.add(worker);
    }
    workers.forEach(Thread::start);
  }

  @Override
  public Future<BatchOutput> submit(InputBatch batch) {
    Job job = new Job(batch, plan.outputSize(), plan.recording().paired());
    if (batch.count() == 0) {
      job.result.complete(new BatchOutput(0, job.baseline, job.candidate));
      return job.result;
    }
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("program is closed");
      }
      // Before a worker can see the batch, so that statistics() waits for all of it.
      mergeLock.lock();
      try {
        submitted += batch.count();
      } finally {
        mergeLock.unlock();
      }
      queue.add(job);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    return job.result;
  }

  private void work(ImageExecutor executor) {
    int sinceFlush = 0;
    for (Claim claim = claim(); claim != null; claim = claim()) {
      Throwable failure = null;
      try {
        Job job = claim.job();
        executor.run(job.batch, claim.image(), claim.sums(), job.baseline, job.candidate);
      } catch (Throwable t) { // whatever it is, the caller must hear of it and not wait for ever
        failure = t;
      }
      merge(new Done(claim.sequence(), claim.job(), claim.image(), claim.sums(), failure));
      if (++sinceFlush == flushEvery) {
        mergeLock.lock();
        try {
          executor.flushHistograms(accumulator);
        } finally {
          mergeLock.unlock();
        }
        sinceFlush = 0;
      }
    }
  }

  /** Takes the next image and a set of sums for it; null once the program is closed. */
  private Claim claim() {
    lock.lock();
    try {
      while (!closed && (queue.isEmpty() || free.isEmpty())) {
        changed.awaitUninterruptibly();
      }
      if (closed) {
        return null;
      }
      Job job = queue.getFirst();
      Claim claim = new Claim(claimed++, job, job.nextImage++, free.removeFirst());
      if (job.nextImage == job.batch.count()) {
        queue.removeFirst();
      }
      return claim;
    } finally {
      lock.unlock();
    }
  }

  private void merge(Done done) {
    List<List<ImageSums>> released = new ArrayList<>();
    mergeLock.lock();
    try {
      waiting.add(done);
      while (!waiting.isEmpty() && waiting.peek().sequence() == nextToMerge) {
        Done d = waiting.remove();
        Job job = d.job();
        if (d.failure() != null) {
          job.result.completeExceptionally(d.failure());
        } else if (plan.recording().statistics()) {
          try {
            accumulator.add(job.batch.indices()[d.image()], d.sums());
          } catch (RuntimeException | Error e) { // or every later image would wait for this one
            job.result.completeExceptionally(e);
          }
        }
        released.add(d.sums());
        nextToMerge++;
        if (--job.remaining == 0) {
          job.result.complete(new BatchOutput(job.batch.count(), job.baseline, job.candidate));
        }
      }
      merged.signalAll();
    } finally {
      mergeLock.unlock();
    }
    lock.lock();
    try {
      free.addAll(released);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public NetworkAccumulator statistics() {
    mergeLock.lock();
    try {
      while (nextToMerge < submitted) {
        merged.awaitUninterruptibly();
      }
      // No image is in flight, so no worker touches its histograms.
      for (ImageExecutor executor : executors) {
        executor.flushHistograms(accumulator);
      }
      return accumulator;
    } finally {
      mergeLock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    for (Thread worker : workers) {
      boolean interrupted = false;
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    for (Job job : queue) { // no worker is left to take them
      job.result.completeExceptionally(new IllegalStateException("program is closed"));
    }
    queue.clear();
  }
}
