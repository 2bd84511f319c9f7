// Convolution whose channels fall into groups that do not mix, one element a thread; a depthwise one with
// several outputs a channel is as many groups as channels.
//
//   out[y][x][n] = f(bias[n] + sum over ky, kx, i of
//       in[y*sh+ky*dh-top][x*sw+kx*dw-left][n / outputs * inputs + i] * w[ky][kx][i][n])
//
// inputs and outputs are those of one group. Sums are one chain of fused multiply-adds, rows of the kernel
// first, then columns, then channels; taps outside the image are left out.
// in, out: float32 NHWC, padded channels. w: float32 [KH][KW][inputs][outStride]; depth = KH * KW * inputs.
// Launch: 256 threads a block, any number of blocks.
// Java reference: ReferenceLayers.convolution.
#include "common/measure.cuh"

struct GroupedSource {
  int channel, inputs, first;
  Biases bias;
  Bounds bounds;

  __device__ __forceinline__ GroupedSource(const LayerParams& p, const LayerPointers& d, int c)
      : channel(c),
        inputs(p.depth / (p.kernelHeight * p.kernelWidth)),
        first(c / (p.outChannels / p.groups) * inputs),
        bias(p, d.bias, c),
        bounds(p, d.bias, c) {}

  __device__ __forceinline__ float convolve(
      const LayerParams& p, const float* in, const float* w, int image, int position) const {
    int oy = position / p.outWidth, ox = position % p.outWidth;
    int top = oy * p.strideHeight - p.padTop, left = ox * p.strideWidth - p.padLeft;
    const float* base = in + (long long)image * p.inHeight * p.inWidth * p.inStride + first;
    float sum = 0.0f;
    for (int ky = 0; ky < p.kernelHeight; ky++) {
      int y = top + ky * p.dilationHeight;
      if (y < 0 || y >= p.inHeight) {
        continue;
      }
      for (int kx = 0; kx < p.kernelWidth; kx++) {
        int x = left + kx * p.dilationWidth;
        if (x < 0 || x >= p.inWidth) {
          continue;
        }
        const float* from = base + ((long long)y * p.inWidth + x) * p.inStride;
        const float* by = w + (long long)(ky * p.kernelWidth + kx) * inputs * p.outStride + channel;
        for (int i = 0; i < inputs; i++) {
          sum = fmaf(from[i], by[(long long)i * p.outStride], sum);
        }
      }
    }
    return sum;
  }

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams& p, const LayerPointers& d, long long, int image, int position) const {
    return {
        convolve(p, d.in, d.w, image, position), hasPair(MODE) ? convolve(p, d.inQ, d.wQ, image, position) : 0.0f,
        MODE == TRACED ? convolve(p, d.in, d.wQ, image, position) : 0.0f};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    return {
        bounds.clamp(e.x + bias.fp32), bounds.clamp(e.y + bias.quantized), bounds.clamp(e.middle + bias.quantized)};
  }
};

DS_MEASURE_KERNELS(grouped_conv, f32_f32_f32_tensor, naive, GroupedSource)
