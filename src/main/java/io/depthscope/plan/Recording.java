package io.depthscope.plan;

/**
 * What a program computes beside the outputs of the baseline. Kernels, benchmarks and tests that go
 * through all kinds go through this list.
 */
public enum Recording {
  /** The fp32 network alone. */
  PLAIN("plain"),
  /** The distribution of the fp32 network, for choosing ranges. */
  CALIBRATION("calibration"),
  /** Both streams, outputs only. */
  PAIRED("paired"),
  /**
   * Both streams: moments, ranges, errors and histograms. A run splits the error of some images by
   * its source besides.
   */
  STATISTICS("statistics"),
  /** The same, with the error split by its source; runs every weighted layer a third time. */
  ERROR_SOURCES("sources");

  private static final int SAMPLED_IN = 32;
  private static final int LEAST_SAMPLED = 8;
  private static final int MOST_SAMPLED = 32;

  private final String word;

  Recording(String word) {
    this.word = word;
  }

  /** The word a user selects it by. */
  public String word() {
    return word;
  }

  /** True if the candidate runs, too. */
  public boolean paired() {
    return compareTo(PAIRED) >= 0;
  }

  /** True if moments and ranges are recorded, and with two streams the errors. */
  public boolean statistics() {
    return this != PLAIN && this != PAIRED;
  }

  /**
   * True if the values of the baseline are counted by their bits, and the codes of the quantized
   * one.
   */
  public boolean histograms() {
    return statistics();
  }

  /**
   * Of how many images the sources of the errors are recorded: of all where they are asked for;
   * else of one in 32, 8 at least and 32 at most, in a pass of their own. An image takes about
   * three times as long then, so that the pass adds a tenth to a run of some hundred images and
   * little to long ones. What a source's share of an error is hardly differs from image to image:
   * of 8 it is within a tenth of what it is of 500 (docs/findings.md).
   *
   * @param images of the run
   */
  public int sourceImages(int images) {
    return switch (this) {
      case ERROR_SOURCES -> images;
      case STATISTICS ->
          Math.min(images, Math.clamp(images / SAMPLED_IN, LEAST_SAMPLED, MOST_SAMPLED));
      default -> 0;
    };
  }

  /** True if the error is split by its source. */
  public boolean errorTerms() {
    return this == ERROR_SOURCES;
  }
}
