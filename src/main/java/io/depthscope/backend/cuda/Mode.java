package io.depthscope.backend.cuda;

import io.depthscope.plan.Recording;
import java.util.Locale;

/**
 * What a layer's kernel computes: a {@link Recording} by the word and the number that the kernels
 * have for it in kernels/common/statistics.cuh, in the same order.
 *
 * <p>The words of partial sums a tile leaves for each channel are given there too.
 */
enum Mode {
  PLAIN(Recording.PLAIN, 0),
  OBSERVED(Recording.CALIBRATION, 9),
  PAIRED(Recording.PAIRED, 0),
  MEASURED(Recording.STATISTICS, 22),
  TRACED(Recording.ERROR_SOURCES, 27);

  private final Recording recording;
  private final int words;

  Mode(Recording recording, int words) {
    this.recording = recording;
    this.words = words;
  }

  static Mode of(Recording r) {
    return switch (r) {
      case PLAIN -> PLAIN;
      case CALIBRATION -> OBSERVED;
      case PAIRED -> PAIRED;
      case STATISTICS -> MEASURED;
      case ERROR_SOURCES -> TRACED;
    };
  }

  boolean paired() {
    return recording.paired();
  }

  boolean statistics() {
    return recording.statistics();
  }

  /** 32-bit partial sums of a tile and channel. */
  int partialWords() {
    return words;
  }

  /** What {@code StatisticsParams.level} calls it. */
  int level() {
    return recording.errorTerms() ? 2 : recording.paired() ? 1 : 0;
  }

  /** The word in kernel names. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
