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
 * @param remedy what would mend it; empty where nothing is known to
 * @param evidence what is behind the statement
 * @param costDb the decibels of SQNR it costs the values of its layer, at most, by which findings
 *     of equal severity are ordered; at least 0
 */
public record Finding(
    Kind kind,
    Severity severity,
    String layer,
    List<Integer> channels,
    List<Integer> images,
    String statement,
    String remedy,
    Evidence evidence,
    double costDb) {

  /** Evidence: whether a finding is about weights, where it could be about the output. */
  static final String OF_WEIGHTS = "ofWeights";

  /** Evidence: whether a finding is about the upper end of a range, not about the lower. */
  static final String UPPER_END = "upperEnd";

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
    costDb = Double.isNaN(costDb) ? 0 : costDb;
  }
}
