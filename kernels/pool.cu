// Average and maximum over windows; a global pool is the window that covers the input.
//
//   average: sum over the window's positions inside the image, in double, divided by their number
//   maximum: over the same positions; NaN wins
//
// in, out: float32 NHWC [images][height][width][stride], channels padded to the stride. Pools have no
// weights, so the third product of the sources of error is the pool of the fp32 input.
// Launch: 256 threads a block, any number of blocks. lanes is a power of two up to 32.
// Java reference: ReferenceLayers.pool.
#include "common/measure.cuh"

template <bool MAXIMUM>
struct PoolSource {
  __device__ __forceinline__ static float window(const LayerParams& p, const float* in, int image, int position, int c) {
    int oy = position / p.outWidth, ox = position % p.outWidth;
    int top = oy * p.strideHeight - p.padTop, left = ox * p.strideWidth - p.padLeft;
    int y0 = top, y1 = min(p.inHeight, top + (p.kernelHeight - 1) * p.dilationHeight + 1);
    int x0 = left, x1 = min(p.inWidth, left + (p.kernelWidth - 1) * p.dilationWidth + 1);
    while (y0 < 0) {
      y0 += p.dilationHeight;
    }
    while (x0 < 0) {
      x0 += p.dilationWidth;
    }
    const float* base = in + (long long)image * p.inHeight * p.inWidth * p.inStride + c;
    double sum = 0.0;
    float best = -POSITIVE_INFINITY;
    int taps = 0;
    for (int y = y0; y < y1; y += p.dilationHeight) {
      for (int x = x0; x < x1; x += p.dilationWidth) {
        float v = base[((long long)y * p.inWidth + x) * p.inStride];
        if (MAXIMUM) {
          best = largestOf(best, v);
        } else {
          sum += v;
          taps++;
        }
      }
    }
    return MAXIMUM ? best : (float)(sum / taps);
  }

  int channel;

  __device__ __forceinline__ PoolSource(const LayerParams&, const LayerPointers&, int c) : channel(c) {}

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams& p, const LayerPointers& d, long long, int image, int position) const {
    float x = window(p, d.in, image, position, channel);
    return {x, hasPair(MODE) ? window(p, d.inQ, image, position, channel) : 0.0f, x};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    return e;
  }
};

DS_MEASURE_KERNELS(average_pool, f32_none_f32_tensor, naive, PoolSource<false>)
DS_MEASURE_KERNELS(max_pool, f32_none_f32_tensor, naive, PoolSource<true>)
