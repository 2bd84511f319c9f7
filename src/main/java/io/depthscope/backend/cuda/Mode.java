package io.depthscope.backend.cuda;

import io.depthscope.plan.Recording;
import java.util.Locale;

/**
 * What a layer's kernel computes: the kinds of a {@link Recording}, as
 * kernels/common/statistics.cuh numbers them.
 *
 * <p>The words of partial sums a tile leaves for each channel are given there too.
 */
enum Mode {
  /** The fp32 stream. */
  PLAIN(0, -1),
  /** The same with statistics. */
  OBSERVED(9, 0),
  /** Both streams. */
  PAIRED(0, -1),
  /** Both with statistics. */
  MEASURED(22, 1),
  /** And the sources of error. */
  TRACED(27, 2);

  private final int words;
  private final int level;

  Mode(int words, int level) {
    this.words = words;
    this.level = level;
  }

  static Mode of(Recording r) {
    if (!r.quantizedStream()) {
      return r.statistics() ? OBSERVED : PLAIN;
    }
    return !r.statistics() ? PAIRED : r.errorTerms() ? TRACED : MEASURED;
  }

  boolean paired() {
    return compareTo(PAIRED) >= 0;
  }

  boolean statistics() {
    return words > 0;
  }

  /** 32-bit partial sums of a tile and channel. */
  int partialWords() {
    return words;
  }

  /** What {@code StatisticsParams.level} calls it. */
  int level() {
    return level;
  }

  /** The word in kernel names. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
