package io.depthscope.diagnosis;

import java.util.List;

/**
 * One cause of error, or one thing worth knowing, that the data of a run shows.
 *
 * @param kind what was found; one word for machines
 * @param severity how much it matters here; findings are listed worst first
 * @param layer name of the layer; empty where the finding is about the whole network
 * @param channels output channels of the layer, ascending; empty where it is about all of them
 * @param images indices in the data set, worst first; empty where it is not about images
 * @param statement one or two plain sentences with the numbers
 * @param advice what would mend it
 * @param evidence what is behind the statement
 * @param cost its share of the error at the output, by which findings of equal severity are ordered
 * @param consequences findings that come from this one, nearest to the input first; folded under it
 */
public record Finding(
    Kind kind,
    Severity severity,
    String layer,
    List<Integer> channels,
    List<Integer> images,
    String statement,
    Advice advice,
    Evidence evidence,
    Cost cost,
    List<Finding> consequences) {

  /** Evidence: whether a finding is about weights, where it could be about the output. */
  static final String OF_WEIGHTS = "ofWeights";

  /** Evidence: whether a finding is about the upper end of a range, not about the lower. */
  static final String UPPER_END = "upperEnd";

  /** Evidence: what it costs the SQNR of the layer's values, at most, in dB. */
  static final String LAYER_COST = "layerCostDb";

  /** What can be found. */
  public enum Kind {
    /** Channels that give the same value for every image; they hurt if they set a range. */
    DEAD_CHANNELS,
    /** A few live channels that set the range of the layer. */
    DOMINANT_CHANNELS,
    /** Channels left with few of the levels that the bits allow. */
    FEW_LEVELS,
    /** Values outside the calibrated range. */
    SATURATION,
    /** A layer that multiplies the error it inherits far more than the others do. */
    HIGH_GAIN,
    /** Images that alone set the range of a layer. */
    OUTLIER_IMAGES,
    /** A mean error that is a large part of the error: it can be corrected in the bias. */
    BIAS_SHIFT,
    /** NaN or infinities in the outputs: no other figure of these layers means anything. */
    NON_FINITE
  }

  /** How much a finding matters. */
  public enum Severity {
    /** Explains a loss of accuracy. */
    HIGH,
    /** Costs precision. */
    MEDIUM,
    /** Worth knowing. */
    LOW
  }

  public Finding {
    channels = List.copyOf(channels);
    images = List.copyOf(images);
    consequences = List.copyOf(consequences);
  }

  /** What would mend it, in words; empty where nothing is known to. */
  public String remedy() {
    return advice.text();
  }

  /** The decibels that the SQNR of the output would gain without the cause; at least 0. */
  public double costDb() {
    return cost.db();
  }

  /** The same finding with what comes from it. */
  Finding with(List<Finding> fromIt) {
    return new Finding(
        kind, severity, layer, channels, images, statement, advice, evidence, cost, fromIt);
  }
}
