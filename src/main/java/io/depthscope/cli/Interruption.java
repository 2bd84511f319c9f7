package io.depthscope.cli;

import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;

/**
 * Ctrl-C and SIGTERM as a request: the virtual machine waits until the run has written its
 * checkpoint and closed this, and then ends with the signal's exit code.
 */
final class Interruption implements AutoCloseable {
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean requested;
  private final PrintWriter err;
  private Thread hook;

  private Interruption(PrintWriter err) {
    this.err = err;
  }

  static Interruption install(PrintWriter err) {
    Interruption i = new Interruption(err);
    i.hook = new Thread(i::request, "depthscope-interruption");
    Runtime.getRuntime().addShutdownHook(i.hook);
    return i;
  }

  private void request() {
    requested = true;
    if (finished.getCount() > 0) {
      err.println("depthscope: finishing the images under way, then writing a checkpoint");
    }
    try {
      finished.await();
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
