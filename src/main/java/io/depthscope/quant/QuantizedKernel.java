package io.depthscope.quant;

import io.depthscope.stats.BitHistogram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A weight tensor after quantization.
 *
 * @param params one entry, or one per output channel
 * @param dequantized the values the codes stand for, in the layout of the source
 */
@SuppressWarnings("ArrayRecordComponent") // weight storage, never compared
public record QuantizedKernel(List<QuantParams> params, float[] dequantized) {

  /**
   * Quantizes a kernel.
   *
   * @param kernel the elements of one output channel after the other
   * @param channels number of output channels
   */
  public static QuantizedKernel of(
      float[] kernel,
      int channels,
      QuantFormat format,
      Granularity granularity,
      RangeEstimator estimator) {
    int groups = granularity == Granularity.PER_CHANNEL ? channels : 1;
    int perGroup = kernel.length / groups;
    float[] out = new float[kernel.length];
    List<QuantParams> params = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      int end = (g + 1) * perGroup;
      QuantParams p = choose(Arrays.copyOfRange(kernel, g * perGroup, end), format, estimator);
      params.add(p);
      for (int i = g * perGroup; i < end; i++) {
        out[i] = p.fakeQuantize(kernel[i]);
      }
    }
    return new QuantizedKernel(List.copyOf(params), out);
  }

  private static QuantParams choose(float[] values, QuantFormat format, RangeEstimator estimator) {
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (float v : values) {
      min = Math.min(min, v);
      max = Math.max(max, v);
    }
    Range observed = new Range(min, max);
    if (estimator instanceof RangeEstimator.MinMax) {
      return QuantParams.of(
          observed, format); // saves a histogram for each of thousands of channels
    }
    BitHistogram histogram = new BitHistogram();
    histogram.add(values);
    return QuantParams.of(estimator.estimate(observed, histogram, format), format);
  }
}
