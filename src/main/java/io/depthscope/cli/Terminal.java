package io.depthscope.cli;

import io.depthscope.run.RunListener;
import java.io.PrintWriter;
import java.util.function.BooleanSupplier;

/** Tells on standard error what a use case tells. */
final class Terminal implements RunListener {
  private final PrintWriter err;
  private final boolean quiet;
  private final BooleanSupplier stop;

  /**
   * @param quiet show no progress
   * @param stop true ends the work early
   */
  Terminal(PrintWriter err, boolean quiet, BooleanSupplier stop) {
    this.err = err;
    this.quiet = quiet;
    this.stop = stop;
  }

  @Override
  public void notice(String line) {
    err.println(Main.oneLine("depthscope: " + line));
  }

  @Override
  public void step(String line) {
    if (!quiet) {
      notice(line);
    }
  }

  @Override
  public Progress begin(String what, long from, long to) {
    return ProgressText.start(what, from, to, quiet, err);
  }

  @Override
  public boolean stop() {
    return stop.getAsBoolean();
  }
}
