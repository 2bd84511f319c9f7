package io.depthscope.cli;

import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Images done, images a second and the time left: a bar on a terminal, otherwise a line now and
 * then.
 */
final class Progress implements AutoCloseable {
  private static final long LINE_EVERY_NANOS = 5_000_000_000L;

  private final String task;
  private final long total;
  private final PrintWriter lines;
  private final ProgressBar bar;
  private final long started = System.nanoTime();
  private long first = -1;
  private long lastLine = started;

  private Progress(String task, long total, PrintWriter lines, ProgressBar bar) {
    this.task = task;
    this.total = total;
    this.lines = lines;
    this.bar = bar;
  }

  /**
   * @param quiet show nothing
   */
  @SuppressWarnings("SystemConsoleNull") // null where the JDK finds no console provider
  static Progress start(String task, long total, boolean quiet, PrintWriter err) {
    if (quiet) {
      return new Progress(task, total, null, null);
    }
    if (System.console() != null && System.console().isTerminal()) {
      ProgressBar bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .setUnit(" images", 1)
              .setSpeedUnit(java.time.temporal.ChronoUnit.SECONDS)
              .showSpeed()
              .build();
      return new Progress(task, total, null, bar);
    }
    return new Progress(task, total, err, null);
  }

  /** Images done so far, those of an earlier part of the run included. */
  void at(long done) {
    if (first < 0) {
      first = done;
    }
    if (bar != null) {
      bar.stepTo(done);
    } else if (lines != null && System.nanoTime() - lastLine >= LINE_EVERY_NANOS) {
      lastLine = System.nanoTime();
      double rate = (done - first) / ((lastLine - started) / 1e9);
      String left =
          rate > 0 ? String.format(Locale.ROOT, ", %.0f s left", (total - done) / rate) : "";
      lines.println(
          String.format(
              Locale.ROOT, "%s: %d of %d images, %.1f images/s%s", task, done, total, rate, left));
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
