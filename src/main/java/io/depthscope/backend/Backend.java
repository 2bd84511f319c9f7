package io.depthscope.backend;

import io.depthscope.plan.Plan;

/** Turns a plan into a program for one kind of machine. */
public interface Backend extends AutoCloseable {

  /** The word a user selects it by. */
  String name();

  /** What the last bits of its results depend on; a run is resumed only with the same. */
  default String numerics() {
    return name();
  }

  /** What it runs on, for the manifest: such as {@code 2 threads, 512-bit vectors}. */
  String description();

  /**
   * Compiles a plan. The program owns its weights and buffers until it is closed.
   *
   * @param maxBatch largest batch that will be submitted
   */
  Program compile(Plan plan, int maxBatch);

  /**
   * Bytes a program of this plan holds while it runs, weights included; independent of the number
   * of images.
   */
  long memoryBytes(Plan plan, int maxBatch);

  /** The same for the memory of a device of its own; 0 where there is none. */
  default long deviceBytes(Plan plan, int maxBatch) {
    return 0;
  }

  /**
   * Checks that a program of this plan fits into the memory of a device of its own, before anything
   * is done for it.
   *
   * @throws BackendException if it does not, with a batch that would
   */
  default void checkDevice(Plan plan, int maxBatch) {}

  /** Gives back what the backend holds, such as a device; programs are closed before. */
  @Override
  default void close() {}
}
