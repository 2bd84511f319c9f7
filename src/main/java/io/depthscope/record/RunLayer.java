package io.depthscope.record;

import io.depthscope.graph.Op;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.Distribution;
import io.depthscope.stats.ErrorStatistics;
import io.depthscope.stats.Extreme;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One layer of a {@link Run}.
 *
 * @param weights empty for a layer without weights
 * @param fp32 output of the fp32 stream
 * @param quantized output of the quantized stream
 * @param params how the output is quantized; empty where it is not
 * @param error of the quantized output against fp32
 * @param step against the layers it reads
 * @param reach images at the ends of the fp32 output's range
 */
public record RunLayer(
    Identity identity,
    Optional<Weights> weights,
    Output fp32,
    Output quantized,
    Optional<QuantParams> params,
    ErrorStatistics error,
    Step step,
    Reach reach,
    Details details) {

  /**
   * What the layer is.
   *
   * @param index in topological order; 0 is the input
   * @param kind {@code conv}, {@code pointwise}, {@code depthwise}, ...: a word to be shown
   * @param role by which it is counted, averaged and drawn
   * @param inputs names of the layers it reads
   * @param activation {@code none}, {@code relu}, {@code relu6}, {@code clamp}
   * @param shape of the output of one image
   * @param macs multiply-accumulates an image
   */
  public record Identity(
      int index,
      String name,
      String kind,
      Op.Role role,
      List<String> inputs,
      String activation,
      Shape shape,
      long macs) {
    public Identity {
      inputs = List.copyOf(inputs);
    }
  }

  /**
   * Weights after batch-norm folding.
   *
   * @param unfoldedMin smallest weight as stored
   * @param mse of the quantized weights against the folded ones
   * @param codes they are quantized to; empty where they stay in float32
   */
  public record Weights(
      TensorStatistics folded,
      double channelRangeRatio,
      double unfoldedMin,
      double unfoldedMax,
      double mse,
      double sqnrDb,
      double saturation,
      Optional<WeightCodes> codes) {

    /** The same weights with other codes. */
    public Weights with(Optional<WeightCodes> other) {
      return new Weights(
          folded, channelRangeRatio, unfoldedMin, unfoldedMax, mse, sqnrDb, saturation, other);
    }
  }

  /**
   * The codes of a layer's weights, whether a scheme or a file chose them.
   *
   * @param count how many there are, at least 2; where channels differ, the fewest of any
   * @param symmetric as many below the zero point as above it, in every channel
   * @param perChannel each output channel has a scale of its own
   */
  public record WeightCodes(int count, boolean symmetric, boolean perChannel) {

    /**
     * @throws IllegalArgumentException for fewer than 2 codes
     */
    public WeightCodes {
      if (count < 2) {
        throw new IllegalArgumentException("fewer than 2 codes: " + count);
      }
    }

    /**
     * What these parameters have.
     *
     * @param params none where the weights stay in float32, one, or one an output channel
     */
    public static Optional<WeightCodes> of(List<QuantParams> params) {
      return params.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new WeightCodes(
                  params.stream().mapToInt(QuantParams::codes).min().orElseThrow(),
                  params.stream().allMatch(QuantParams::symmetric),
                  params.size() > 1));
    }
  }

  /**
   * Output of one stream.
   *
   * @param channelRangeRatio mean over the channels of their range over the layer's
   */
  public record Output(TensorStatistics statistics, double channelRangeRatio) {}

  /**
   * A layer against those it reads; of two, the noisier and the wider.
   *
   * @param gain NSR of this layer over that of the layer it reads; NaN where there is none, or the
   *     latter has no noise
   * @param rangeFluctuation log2 of this layer's fp32 range over that of the layer it reads
   */
  public record Step(double gain, double rangeFluctuation) {

    /** log2 of a range over another; NaN where the other is 0 or NaN. */
    public static double octaves(double range, double before) {
      return before > 0 ? Math.log(range / before) / Math.log(2) : Double.NaN;
    }
  }

  /**
   * Images at the ends of the fp32 output's range.
   *
   * @param highest with the largest maximum, largest first
   * @param lowest with the smallest minimum, smallest first
   */
  public record Reach(List<Extreme> highest, List<Extreme> lowest) {
    public Reach {
      highest = List.copyOf(highest);
      lowest = List.copyOf(lowest);
    }
  }

  /**
   * What takes most memory.
   *
   * @param channels one an output channel, in order
   * @param histogram of the fp32 output
   * @param codes of the quantized output, where it is quantized
   */
  public record Details(
      List<Channel> channels, Optional<BitHistogram> histogram, Optional<Codes> codes) {
    /** Left out. */
    public static final Details NONE = new Details(List.of(), Optional.empty(), Optional.empty());

    public Details {
      channels = List.copyOf(channels);
    }
  }

  /**
   * One output channel.
   *
   * @param weights of the folded weights; empty without weights
   * @param batchNormVariance moving variance of the batch norm; NaN where there is none
   * @param foldingFactor gamma / sqrt(variance + epsilon), what folding multiplied the stored
   *     weights by; NaN without a batch norm
   * @param weightEffectiveLevels range of the weights over their scale; NaN where not quantized
   * @param effectiveLevels range of the fp32 output over its scale; NaN where not quantized
   */
  public record Channel(
      int channel,
      Optional<Distribution> weights,
      double batchNormVariance,
      double foldingFactor,
      double weightEffectiveLevels,
      TensorStatistics fp32,
      double effectiveLevels,
      TensorStatistics quantized,
      ErrorStatistics error) {

    /** Smallest folded weight; NaN without weights. */
    public double weightMin() {
      return weights.map(Distribution::min).orElse(Double.NaN);
    }

    /** Largest folded weight; NaN without weights. */
    public double weightMax() {
      return weights.map(Distribution::max).orElse(Double.NaN);
    }

    /** Range of the folded weights; NaN without weights. */
    public double weightRange() {
      return weights.map(Distribution::range).orElse(Double.NaN);
    }

    /** The same channel with another error. */
    public Channel with(ErrorStatistics other) {
      return new Channel(
          channel,
          weights,
          batchNormVariance,
          foldingFactor,
          weightEffectiveLevels,
          fp32,
          effectiveLevels,
          quantized,
          other);
    }
  }

  /**
   * Counts of the codes.
   *
   * @param qmin the first code
   */
  @SuppressWarnings("ArrayRecordComponent") // read-only counts, compared below
  public record Codes(int qmin, long[] counts) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Codes c && qmin == c.qmin && Arrays.equals(counts, c.counts);
    }

    @Override
    public int hashCode() {
      return 31 * qmin + Arrays.hashCode(counts);
    }

    @Override
    public String toString() {
      return counts.length + " codes from " + qmin + " on";
    }
  }

  public String name() {
    return identity.name();
  }

  public String kind() {
    return identity.kind();
  }

  public Op.Role role() {
    return identity.role();
  }

  /** Names of the layers it reads. */
  public List<String> inputs() {
    return identity.inputs();
  }

  /** Multiply-accumulates an image. */
  public long macs() {
    return identity.macs();
  }

  /** One an output channel, in order; empty where details were left out. */
  public List<Channel> channels() {
    return details.channels();
  }

  /**
   * Histogram of the fp32 output.
   *
   * @throws java.util.NoSuchElementException if details were left out
   */
  public BitHistogram histogram() {
    return details.histogram().orElseThrow();
  }

  /** Codes of the quantized output, where it is quantized. */
  public Optional<Codes> codes() {
    return details.codes();
  }

  /** The same layer with another name and other inputs. */
  public RunLayer named(String name, List<String> inputs) {
    return new RunLayer(
        new Identity(
            identity.index(),
            name,
            identity.kind(),
            identity.role(),
            inputs,
            identity.activation(),
            identity.shape(),
            identity.macs()),
        weights,
        fp32,
        quantized,
        params,
        error,
        step,
        reach,
        details);
  }

  /** The same layer with another error. */
  public RunLayer with(ErrorStatistics otherError, Step otherStep) {
    return new RunLayer(
        identity, weights, fp32, quantized, params, otherError, otherStep, reach, details);
  }

  /** The same layer with other details. */
  public RunLayer with(Details other) {
    return new RunLayer(identity, weights, fp32, quantized, params, error, step, reach, other);
  }
}
