// Depthwise convolution of any kernel size, stride and dilation, one element a thread: the second opinion on
// depthwise_conv.cu, and what runs where that has no variant.
//
//   out[y][x][c] = f(bias[c] + sum over ky, kx of in[y*sh+ky*dh-top][x*sw+kx*dw-left][c] * w[ky][kx][c])
//
// Sums are one chain of fused multiply-adds, rows of the kernel first; taps outside the image are left
// out. in, out: float32 NHWC, padded channels. w: float32 [KH][KW][stride].
// Launch: 256 threads a block, any number of blocks.
// Java reference: ReferenceLayers.depthwise.
#include "common/measure.cuh"

struct DepthwiseSource {
  __device__ __forceinline__ static float convolve(
      const LayerParams& p, const float* in, const float* w, int image, int position, int c) {
    int oy = position / p.outWidth, ox = position % p.outWidth;
    int top = oy * p.strideHeight - p.padTop, left = ox * p.strideWidth - p.padLeft;
    const float* base = in + (long long)image * p.inHeight * p.inWidth * p.inStride + c;
    float sum = 0.0f;
    for (int ky = 0; ky < p.kernelHeight; ky++) {
      int y = top + ky * p.dilationHeight;
      if (y < 0 || y >= p.inHeight) {
        continue;
      }
      for (int kx = 0; kx < p.kernelWidth; kx++) {
        int x = left + kx * p.dilationWidth;
        if (x >= 0 && x < p.inWidth) {
          sum = fmaf(
              base[((long long)y * p.inWidth + x) * p.inStride], w[(ky * p.kernelWidth + kx) * p.inStride + c], sum);
        }
      }
    }
    return sum;
  }

  int channel;
  Biases bias;
  Bounds bounds;

  __device__ __forceinline__ DepthwiseSource(const LayerParams& p, const LayerPointers& d, int c)
      : channel(c), bias(p, d.bias, c), bounds(p, d.bias, c) {}

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams& p, const LayerPointers& d, long long, int image, int position) const {
    return {
        convolve(p, d.in, d.w, image, position, channel),
        hasPair(MODE) ? convolve(p, d.inQ, d.wQ, image, position, channel) : 0.0f,
        MODE == TRACED ? convolve(p, d.in, d.wQ, image, position, channel) : 0.0f};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    return {
        bounds.clamp(e.x + bias.fp32), bounds.clamp(e.y + bias.quantized), bounds.clamp(e.middle + bias.quantized)};
  }
};

DS_MEASURE_KERNELS(depthwise_conv, f32_f32_f32_channel, naive, DepthwiseSource)
