package io.depthscope.backend.cuda;

import io.depthscope.plan.Step;

/** Weights as the kernels read them: output channels last, all channels padded with zeros. */
final class WeightLayout {
  private WeightLayout() {}

  /**
   * [O, KH, KW, I] to [KH, KW, I padded][O padded].
   *
   * @param depth KH * KW * I padded
   */
  static float[] dense(Step l, int depth, float[] kernel) {
    int[] dims = l.op().kernelDims(l.ins());
    int out = dims[0];
    int taps = dims[1] * dims[2];
    int in = dims[3];
    int inStride = depth / taps;
    int outStride = LayerParams.stride(out);
    float[] packed = new float[Math.multiplyExact(depth, outStride)];
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
  static float[] depthwise(Step l, float[] kernel) {
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
}
