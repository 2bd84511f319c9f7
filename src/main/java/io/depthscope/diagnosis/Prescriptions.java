package io.depthscope.diagnosis;

import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.record.RunSetting;
import io.depthscope.remedy.BiasCorrection;
import io.depthscope.remedy.DeadChannelRepair;
import io.depthscope.remedy.Equalization;
import io.depthscope.remedy.PerChannelWeights;
import io.depthscope.remedy.RangeSearch;
import io.depthscope.remedy.Rounding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What to do about a finding, by what the run does not do yet: a remedy that the run has, or that
 * no command can carry out, is no advice.
 */
final class Prescriptions {
  static final String DEAD_CHANNELS = new DeadChannelRepair().name();
  static final String EQUALIZE = new Equalization().name();
  static final String PER_CHANNEL = new PerChannelWeights().name();
  static final String RANGES = new RangeSearch().name();
  static final String ROUND = new Rounding(Rounding.Method.SECOND_ORDER).name();
  static final String BIAS_CORRECTION = new BiasCorrection(false).name();

  private static final int MORE_BITS = 2;

  private final Run run;
  private final List<String> had;
  private final boolean asWritten;

  Prescriptions(Run run) {
    this.run = run;
    this.had = RunSetting.remedies(run);
    this.asWritten = RunSetting.asWritten(run);
  }

  /**
   * Several ways, of which those that the run has gone already are left out.
   *
   * @param step a remedy, or empty where it is done by an option alone
   */
  private record Way(String text, Optional<String> step) {}

  private Way step(String text, String step) {
    return new Way(text + " (mend --steps " + step + ")", Optional.of(step));
  }

  private static Way option(String text, String option) {
    return new Way(text + " (" + option + ")", Optional.empty());
  }

  /** The ways that are left, the best first; the first that is a remedy is the step to take. */
  private Advice first(List<Way> ways) {
    List<Way> left =
        ways.stream().filter(w -> w.step().map(s -> !had.contains(s)).orElse(true)).toList();
    if (left.isEmpty()) {
      return Advice.NONE;
    }
    List<String> texts = left.stream().map(Way::text).toList();
    List<String> steps = left.stream().flatMap(w -> w.step().stream()).limit(1).toList();
    String text = String.join("; or ", texts);
    return new Advice(Character.toUpperCase(text.charAt(0)) + text.substring(1) + ".", steps);
  }

  private static boolean perChannel(RunLayer layer) {
    return layer
        .weights()
        .flatMap(RunLayer.Weights::codes)
        .map(RunLayer.WeightCodes::perChannel)
        .orElse(false);
  }

  /** True if ranges are known to cut nothing off; whose a file's are nobody knows. */
  private boolean minMax(RangeEstimator range) {
    return !asWritten && range instanceof RangeEstimator.MinMax;
  }

  /**
   * Dead channels that widen a range.
   *
   * @param constant whether some of them have one value, as the repair asks for
   */
  Advice dead(RunLayer layer, boolean constant) {
    List<Way> ways = new ArrayList<>();
    if (constant) {
      ways.add(step("repair of the dead channels: their weights become zero", DEAD_CHANNELS));
    }
    scales(ways, layer);
    return first(ways);
  }

  /** A scale for each channel of the weights, where the run has one for all. */
  private void scales(List<Way> ways, RunLayer layer) {
    if (!perChannel(layer)) {
      ways.add(option("a scale for each channel of the weights", "--granularity per-channel"));
    }
  }

  /** Few channels that set the range of the weights. */
  Advice dominantWeights(RunLayer layer) {
    List<Way> ways = new ArrayList<>();
    ways.add(step("cross-layer equalization", EQUALIZE));
    scales(ways, layer);
    if (minMax(run.scheme().weightRange())) {
      ways.add(option("a clipped range of the weights", "--weight-range mse"));
    }
    return first(ways);
  }

  /** Few channels that set the range of the output. */
  Advice dominantOutput() {
    List<Way> ways = new ArrayList<>();
    ways.add(step("cross-layer equalization", EQUALIZE));
    clipped(ways);
    return first(ways);
  }

  private void clipped(List<Way> ways) {
    if (minMax(run.scheme().activationRange())) {
      ways.add(step("a clipped range where that lowers the squared error", RANGES));
    }
  }

  /** Weights with few levels. */
  Advice fewWeights(RunLayer layer) {
    List<Way> ways = new ArrayList<>();
    if (perChannel(layer)) {
      ways.add(step("learned rounding of the weights", ROUND));
    } else {
      ways.add(step("cross-layer equalization", EQUALIZE));
      scales(ways, layer);
    }
    moreBits(ways, layer, true);
    return first(ways);
  }

  /** An output with few levels. */
  Advice fewOutputs(RunLayer layer) {
    List<Way> ways = new ArrayList<>();
    ways.add(step("cross-layer equalization", EQUALIZE));
    moreBits(ways, layer, false);
    return first(ways);
  }

  /** More bits for one of the two; both widths are those that the layer has. */
  private static void moreBits(List<Way> ways, RunLayer layer, boolean ofWeights) {
    OptionalInt weights =
        layer.weights().flatMap(RunLayer.Weights::codes).stream()
            .mapToInt(c -> bits(c.count()))
            .findFirst();
    OptionalInt outputs = layer.params().stream().mapToInt(p -> bits(p.codes())).findFirst();
    OptionalInt raised = ofWeights ? weights : outputs;
    if (raised.isPresent() && raised.getAsInt() < QuantFormat.MAX_BITS) {
      ways.add(
          option(
              "more bits",
              "--scheme " + word("w", weights, ofWeights) + word("a", outputs, !ofWeights)));
    }
  }

  /** The narrowest that has so many codes. */
  private static int bits(int codes) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(codes - 1);
  }

  private static String word(String of, OptionalInt bits, boolean raised) {
    return bits.isEmpty()
        ? ""
        : of + Math.min(QuantFormat.MAX_BITS, bits.getAsInt() + (raised ? MORE_BITS : 0));
  }

  /** Values beyond the range. */
  Advice saturation() {
    if (asWritten) {
      return Advice.of(
          "Ranges that span these values: calibrate anew, without --quantization (--calibrate-data"
              + " DATA).");
    }
    if (!minMax(run.scheme().activationRange())) {
      return Advice.of("A range that cuts nothing off (--range min-max).");
    }
    return Advice.of(
        "More images to calibrate on, or images like these (--calibrate N with N above "
            + run.calibrationImages()
            + ", --calibrate-data DATA).");
  }

  /** A layer that adds much error, of which nothing else is found. */
  Advice gain(RunLayer layer, boolean ownError) {
    if (!ownError || layer.weights().isEmpty()) {
      return Advice.NONE;
    }
    List<Way> ways = new ArrayList<>();
    ways.add(step("bias correction", BIAS_CORRECTION));
    scales(ways, layer);
    if (perChannel(layer)) {
      ways.add(step("learned rounding of the weights", ROUND));
    }
    return first(ways);
  }

  /** Means of outputs that are off. */
  Advice biasShift() {
    return first(List.of(step("bias correction", BIAS_CORRECTION)));
  }

  /**
   * Images that alone set a range.
   *
   * @param covered whether the calibrated range spans them
   */
  Advice outlierImages(boolean covered) {
    String leave = "If the image does not belong to the data, leave it out of the calibration";
    if (!covered) {
      return Advice.of(
          "Look at the image; the range does not span it, and the others lose nothing.");
    }
    if (!minMax(run.scheme().activationRange()) || had.contains(RANGES)) {
      return Advice.of(leave + ".");
    }
    return Advice.of(
        leave
            + "; otherwise a clipped range (--range percentile:99.99, or mend --steps "
            + RANGES
            + ").",
        RANGES);
  }
}
