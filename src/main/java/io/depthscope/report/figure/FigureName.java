package io.depthscope.report.figure;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The figures there are. */
public enum FigureName {
  ERROR_PROPAGATION("error-propagation", true, "SQNR of each layer, by depth"),
  GAIN("gain", true, "how much each layer multiplies the relative error it inherits"),
  WEIGHT_RANGES("weight-ranges", false, "range of each layer's folded weights and of its channels"),
  ACTIVATION_RANGES(
      "activation-ranges", false, "range of each layer's fp32 output and of its channels"),
  CHANNEL_RANGE_RATIO(
      "channel-range-ratio", true, "share of a layer's range that a channel uses, on average"),
  ERROR_SOURCES(
      "error-sources", false, "what each layer's error consists of; needs analyze --error-sources"),
  HEAT_MAP("heat-map", false, "SQNR or effective levels of each channel of each layer (--metric)"),
  HISTOGRAM("histogram", false, "values of one layer (--layer), in fp32 and quantized"),
  MARGINS("margins", false, "fp32 margin and logit noise of each image, changed ones marked"),
  ACCURACY_BY_BITS("accuracy-by-bits", true, "top-1 of several runs by their bit widths"),
  WATERFALL("waterfall", false, "what each remedy does that was tried; of a folder of mend");

  private final String text;
  private final boolean ofSeveralRuns;
  private final String description;

  FigureName(String text, boolean ofSeveralRuns, String description) {
    this.text = text;
    this.ofSeveralRuns = ofSeveralRuns;
    this.description = description;
  }

  /** The figure of a name such as {@code heat-map}. */
  public static Optional<FigureName> of(String text) {
    return Arrays.stream(values()).filter(f -> f.text.equals(text)).findFirst();
  }

  /** All names. */
  public static List<String> names() {
    return Arrays.stream(values()).map(FigureName::toString).toList();
  }

  /** True if it can show more than one run. */
  public boolean isOfSeveralRuns() {
    return ofSeveralRuns;
  }

  /** True if it shows a mended network, not a run. */
  public boolean isOfMending() {
    return this == WATERFALL;
  }

  /** True if it needs channels, histograms or predictions, which take most of a run's memory. */
  public boolean needsDetails() {
    return !ofSeveralRuns && !isOfMending();
  }

  /** What it shows, in a few words. */
  public String description() {
    return description;
  }

  @Override
  public String toString() {
    return text;
  }
}
