package io.depthscope.backend.cuda;

import io.depthscope.plan.LayerPlan;

/** Weights as the kernels read them: output channels last, all channels padded with zeros. */
final class WeightLayout {
  private WeightLayout() {}

  /** [O, KH, KW, I] to [KH, KW, I padded][O padded]. */
  static float[] dense(LayerPlan l, float[] kernel) {
    int in = l.in().channels();
    int out = l.out().channels();
    int inStride = LayerParams.stride(in);
    int outStride = LayerParams.stride(out);
    int taps = kernel.length / (out * in);
    float[] packed = new float[Math.multiplyExact(taps * inStride, outStride)];
    for (int o = 0; o < out; o++) {
      for (int t = 0; t < taps; t++) {
        for (int i = 0; i < in; i++) {
          packed[(t * inStride + i) * outStride + o] = kernel[(o * taps + t) * in + i];
        }
      }
    }
    return packed;
  }

  /** [C, KH, KW, 1] to [KH, KW, C padded]. */
  static float[] depthwise(LayerPlan l, float[] kernel) {
    int channels = l.in().channels();
    int stride = LayerParams.stride(channels);
    int taps = kernel.length / channels;
    float[] packed = new float[taps * stride];
    for (int t = 0; t < taps; t++) {
      for (int c = 0; c < channels; c++) {
        packed[t * stride + c] = kernel[c * taps + t];
      }
    }
    return packed;
  }

  /** A value per channel, padded. */
  static float[] channels(float[] values) {
    float[] packed = new float[LayerParams.stride(values.length)];
    System.arraycopy(values, 0, packed, 0, values.length);
    return packed;
  }
}
