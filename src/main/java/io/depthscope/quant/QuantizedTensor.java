package io.depthscope.quant;

import io.depthscope.stats.BitHistogram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor of codes, such as the weights of a layer. Its channels lie one after the other, each
 * with the same number of elements.
 *
 * @param params one entry for the whole tensor, or one for each channel
 * @param codes each within qmin..qmax of its channel
 */
@SuppressWarnings("ArrayRecordComponent") // weight storage, never compared
public record QuantizedTensor(List<QuantParams> params, int[] codes) {

  /**
   * @throws IllegalArgumentException if there are no parameters, or more than fit the elements
   */
  public QuantizedTensor {
    params = List.copyOf(params);
    if (params.isEmpty() || codes.length % params.size() != 0) {
      throw new IllegalArgumentException(
          params.size() + " parameters for a tensor of " + codes.length + " elements");
    }
  }

  /**
   * Quantizes a kernel.
   *
   * @param kernel the elements of one output channel after the other
   * @param channels number of output channels
   */
  public static QuantizedTensor of(
      float[] kernel,
      int channels,
      QuantFormat format,
      Granularity granularity,
      RangeEstimator estimator) {
    int groups = granularity == Granularity.PER_CHANNEL ? channels : 1;
    int perGroup = kernel.length / groups;
    List<QuantParams> params = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      float[] group = Arrays.copyOfRange(kernel, g * perGroup, (g + 1) * perGroup);
      params.add(choose(group, format, estimator));
    }
    return of(kernel, params);
  }

  /**
   * Quantizes a kernel by given parameters.
   *
   * @param kernel the elements of one output channel after the other
   * @param params one entry for the whole kernel, or one for each output channel
   * @throws IllegalArgumentException if there are no parameters, or more than fit the elements
   */
  public static QuantizedTensor of(float[] kernel, List<QuantParams> params) {
    QuantizedTensor quantized = new QuantizedTensor(params, new int[kernel.length]);
    for (int i = 0; i < kernel.length; i++) {
      quantized.codes[i] = quantized.paramsOf(i).quantize(kernel[i]);
    }
    return quantized;
  }

  /** Parameters of an element. */
  public QuantParams paramsOf(int element) {
    return params.get(element / (codes.length / params.size()));
  }

  /** The values the codes stand for. */
  public float[] dequantized() {
    float[] values = new float[codes.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = paramsOf(i).dequantize(codes[i]);
    }
    return values;
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
