package io.depthscope.dataset;

import java.io.IOException;

/** A range of samples on its way to a network, in order. */
public interface Batches extends AutoCloseable {

  /**
   * The next batch, or null after the last.
   *
   * @throws IOException if it cannot be read
   */
  ImageBatch next() throws IOException;

  @Override
  void close() throws IOException;
}
