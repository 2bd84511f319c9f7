package io.depthscope.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and SIGTERM as a request: the virtual machine waits until the run has written its
 * checkpoint and closed this, and then ends with the signal's exit code.
 */
final class Interruption implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 60;

  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean requested;
  private Thread hook;

  private Interruption() {}

  static Interruption install() {
    Interruption i = new Interruption();
    i.hook = new Thread(i::request, "depthscope-interruption");
    Runtime.getRuntime().addShutdownHook(i.hook);
    return i;
  }

  private void request() {
    requested = true;
    try {
      finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  boolean requested() {
    return requested;
  }

  @Override
  public void close() {
    finished.countDown();
    if (!requested) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        requested = true; // the shutdown has just begun; the hook sees the latch
      }
    }
  }
}
