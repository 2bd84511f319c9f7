package io.depthscope.backend;

import io.depthscope.stats.NetworkAccumulator;
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
}
