package io.depthscope.quant;

import io.depthscope.stats.BitHistogram;
import java.util.ArrayList;
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
   * @param channels number of output channels
   * @param channelsLast true if the channel is the fastest axis (depthwise [KH, KW, C]), false if
   *     it is the slowest ([O, KH, KW, I])
   */
  public static QuantizedKernel of(
      float[] kernel,
      int channels,
      boolean channelsLast,
      QuantFormat format,
      Granularity granularity,
      RangeEstimator estimator) {
    int groups = granularity == Granularity.PER_CHANNEL ? channels : 1;
    int perGroup = kernel.length / groups;
    float[] values = new float[perGroup];
    float[] out = new float[kernel.length];
    List<QuantParams> params = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      for (int i = 0; i < perGroup; i++) {
        values[i] = kernel[at(g, i, groups, perGroup, channelsLast)];
      }
      QuantParams p = choose(values, format, estimator);
      params.add(p);
      for (int i = 0; i < perGroup; i++) {
        out[at(g, i, groups, perGroup, channelsLast)] = p.fakeQuantize(values[i]);
      }
    }
    return new QuantizedKernel(List.copyOf(params), out);
  }

  private static int at(int group, int i, int groups, int perGroup, boolean channelsLast) {
    return channelsLast ? i * groups + group : group * perGroup + i;
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
