package io.depthscope.backend;

import io.depthscope.stats.NetworkAccumulator;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * A compiled plan. One thread submits batches; statistics are merged image by image in the order of
 * submission, so they depend neither on the batch size nor on the number of threads.
 */
public interface Program extends AutoCloseable {

  /**
   * Starts a batch and returns at once; the batch must not be changed until it is done. A failure
   * inside arrives as the future's exception.
   */
  Future<BatchOutput> submit(InputBatch batch);

  /** Statistics of everything submitted so far; waits for it. The object stays live. */
  NetworkAccumulator statistics();

  @Override
  void close();

  /**
   * Waits for a result; a failure in a worker arrives as what it was.
   *
   * @throws BackendException if what the program runs on has failed
   */
  static <T> T await(Future<T> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof BackendException failed) {
        throw failed;
      }
      if (e.getCause() instanceof OutOfMemoryError) {
        throw new IOException("out of memory while running the network; try fewer --threads", e);
      }
      throw new IllegalStateException("a worker failed: " + e.getCause(), e.getCause());
    }
  }
}
