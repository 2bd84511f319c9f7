package io.depthscope.store;

import io.depthscope.quant.QuantParams;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One layer of a {@link RecordedRun}.
 *
 * @param kind {@code conv}, {@code pointwise}, {@code depthwise}, ...
 * @param inputs names of the layers it reads
 * @param activation {@code none}, {@code relu}, {@code relu6}
 * @param macs multiply-accumulates an image
 * @param output how the output is quantized; empty where it is not
 * @param channels one an output channel, in order
 * @param histogram of the fp32 output
 * @param codes of the quantized output, where it is quantized
 */
public record RecordedLayer(
    int index,
    String name,
    String kind,
    List<String> inputs,
    String activation,
    Shape shape,
    long macs,
    Optional<Weights> weights,
    Activations fp32,
    Activations quantized,
    Optional<QuantParams> output,
    ErrorFigures error,
    List<Channel> channels,
    Histogram histogram,
    Optional<Codes> codes) {

  /**
   * Weights after batch-norm folding.
   *
   * @param unfoldedMin smallest weight as stored
   * @param mse of the quantized weights against the folded ones
   */
  public record Weights(
      TensorStatistics folded,
      double channelRangeRatio,
      double unfoldedMin,
      double unfoldedMax,
      double mse,
      double sqnrDb,
      double saturation) {}

  /**
   * Output of one stream.
   *
   * @param rangeFluctuation log2 of the fp32 range over that of the layer before; NaN for the
   *     quantized stream
   * @param highest the images with the largest maximum; empty for the quantized stream
   * @param lowest the images with the smallest minimum, likewise
   */
  public record Activations(
      TensorStatistics statistics,
      double channelRangeRatio,
      double rangeFluctuation,
      List<Extreme> highest,
      List<Extreme> lowest) {}

  /** An image, by its index in the data set, and the value it reached. */
  public record Extreme(int image, double value) {}

  /**
   * Error of the quantized output against fp32.
   *
   * @param gain NaN for a channel, and where the layer before has no error
   * @param energies sums of squares by source ({@code inherited}, {@code weights}, {@code
   *     clipping}, {@code rounding}, {@code cross} and, for a layer, {@code total}); empty where
   *     they were not recorded
   */
  public record ErrorFigures(
      double mse,
      double meanError,
      double maxAbs,
      double sqnrDb,
      double nsr,
      double cosine,
      double saturation,
      double gain,
      Map<String, Double> energies) {}

  /**
   * One output channel.
   *
   * @param weightMin of the folded weights; NaN without weights, as the other figures of weights
   * @param batchNormVariance moving variance of the batch norm; NaN where there is none
   * @param foldingFactor gamma / sqrt(variance + epsilon), what folding multiplied the stored
   *     weights by; NaN without a batch norm
   * @param weightEffectiveLevels range of the weights over their scale; NaN where not quantized
   * @param effectiveLevels range of the fp32 output over its scale; NaN where not quantized
   */
  public record Channel(
      int channel,
      double weightMin,
      double weightMax,
      double weightVariance,
      double batchNormVariance,
      double foldingFactor,
      double weightEffectiveLevels,
      TensorStatistics fp32,
      double effectiveLevels,
      TensorStatistics quantized,
      ErrorFigures error) {

    /** Range of the folded weights; NaN without weights. */
    public double weightRange() {
      return weightMax - weightMin;
    }
  }

  /**
   * Sparse counts by sign, exponent and six bits of mantissa; see {@link
   * io.depthscope.stats.BitHistogram}.
   *
   * @param bins numbers of the bins that are not empty, ascending
   */
  @SuppressWarnings("ArrayRecordComponent") // read-only counts, never compared
  public record Histogram(int[] bins, long[] counts) {}

  /**
   * Counts of the codes.
   *
   * @param qmin the first code
   */
  @SuppressWarnings("ArrayRecordComponent") // likewise
  public record Codes(int qmin, long[] counts) {}

  public RecordedLayer {
    inputs = List.copyOf(inputs);
    channels = List.copyOf(channels);
  }

  /** The same layer without channels, histogram and codes. */
  RecordedLayer withoutDetails() {
    return new RecordedLayer(
        index,
        name,
        kind,
        inputs,
        activation,
        shape,
        macs,
        weights,
        fp32,
        quantized,
        output,
        error,
        List.of(),
        new Histogram(new int[0], new long[0]),
        Optional.empty());
  }
}
