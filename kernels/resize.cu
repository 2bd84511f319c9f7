// Bilinear interpolation between the positions of each channel.
//
//   out = (a (1 - right) + b right) (1 - down) + (c (1 - right) + d right) down, in double, rounded once
//
// a, b and below them c, d are the four positions around: bias holds a Tap for each row of the output, then one for
// each column. in, out: float32 NHWC, channels padded to the stride. There are no weights, so the third product of the
// sources of error is that of the fp32 input.
// Launch: 256 threads a block, any number of blocks.
// Java reference: Sampling.between, ReferenceLayers.resized.
#include "common/measure.cuh"

// Written by io.depthscope.backend.cuda.DeviceLayer.
struct Tap {
  int low, high;
  // That of high.
  float share;
};
static_assert(sizeof(Tap) == 12, "Tap must have no padding");

struct BetweenSource {
  const Tap *rows, *columns;
  int channel;

  __device__ __forceinline__ BetweenSource(const LayerParams& p, const LayerPointers& d, int c)
      : rows(reinterpret_cast<const Tap*>(d.bias)), columns(rows + p.outHeight), channel(c) {}

  __device__ __forceinline__ float of(const LayerParams& p, const float* in, int image, int position) const {
    const Tap &y = rows[position / p.outWidth], &x = columns[position % p.outWidth];
    const float* base = in + (long long)image * p.inHeight * p.inWidth * p.inStride + channel;
    const float *above = base + (long long)y.low * p.inWidth * p.inStride;
    const float *below = base + (long long)y.high * p.inWidth * p.inStride;
    long long left = (long long)x.low * p.inStride, right = (long long)x.high * p.inStride;
    double upper = above[left] * (1.0 - x.share) + above[right] * (double)x.share;
    double lower = below[left] * (1.0 - x.share) + below[right] * (double)x.share;
    return (float)(upper * (1.0 - y.share) + lower * (double)y.share);
  }

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams& p, const LayerPointers& d, long long, int image, int position) const {
    float x = of(p, d.in, image, position);
    return {x, hasPair(MODE) ? of(p, d.inQ, image, position) : 0.0f, x};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    return e;
  }
};

DS_MEASURE_KERNELS(resize_bilinear, f32_none_f32_tensor, naive, BetweenSource)
