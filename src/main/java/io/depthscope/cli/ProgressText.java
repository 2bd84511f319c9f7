package io.depthscope.cli;

import io.depthscope.run.RunListener;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Images done, images a second and the time left: a bar on a terminal, otherwise a line now and
 * then.
 */
final class ProgressText implements RunListener.Progress {
  private static final long LINE_EVERY_NANOS = 5_000_000_000L;

  private final String task;
  private final long first;
  private final long total;
  private final PrintWriter lines;
  private final ProgressBar bar;
  private final long started = System.nanoTime();
  private long lastLine = started;

  private ProgressText(String task, long first, long total, PrintWriter lines, ProgressBar bar) {
    this.task = task;
    this.first = first;
    this.total = total;
    this.lines = lines;
    this.bar = bar;
  }

  /**
   * @param done images that an earlier part of the run has done; they do not count as speed
   * @param quiet show nothing
   */
  @SuppressWarnings("SystemConsoleNull") // null where the JDK finds no console provider
  static ProgressText start(String task, long done, long total, boolean quiet, PrintWriter err) {
    if (quiet) {
      return new ProgressText(task, done, total, null, null);
    }
    if (System.console() != null && System.console().isTerminal()) {
      ProgressBar bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(total)
              .startsFrom(done, Duration.ZERO)
              .setStyle(ProgressBarStyle.ASCII)
              .setUnit(" images", 1)
              .setSpeedUnit(ChronoUnit.SECONDS)
              .showSpeed()
              .build();
      return new ProgressText(task, done, total, null, bar);
    }
    return new ProgressText(task, done, total, err, null);
  }

  @Override
  public void at(long done) {
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
