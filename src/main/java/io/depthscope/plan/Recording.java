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
  /** Both streams: moments, ranges, errors and histograms. */
  STATISTICS("statistics"),
  /** The same, with the error split by its source; runs every weighted layer a third time. */
  ERROR_SOURCES("sources");

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

  /** True if the error is split by its source. */
  public boolean errorTerms() {
    return this == ERROR_SOURCES;
  }
}
