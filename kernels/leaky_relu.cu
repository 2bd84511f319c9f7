// Values below 0 times a slope.
//
//   out = x < 0 ? x * slope[channel] + 0 : x
//
// The sum makes 0 of -0. bias holds the slopes, padded to the stride. in, out: float32 NHWC, channels padded to the
// stride. There are no weights, so the third product of the sources of error is that of the fp32 input.
// Launch: 256 threads a block, any number of blocks.
// Java reference: Op.LeakyRelu.of.
#include "common/measure.cuh"

struct SlopedSource {
  float slope;

  __device__ __forceinline__ SlopedSource(const LayerParams&, const LayerPointers& d, int c) : slope(d.bias[c]) {}

  __device__ __forceinline__ float of(float x) const { return x < 0.0f ? x * slope + 0.0f : x; }

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams&, const LayerPointers& d, long long at, int, int) const {
    return {d.in[at], hasPair(MODE) ? d.inQ[at] : 0.0f, 0.0f};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    float x = of(e.x);
    return {x, hasPair(MODE) ? of(e.y) : 0.0f, x};
  }
};

DS_MEASURE_KERNELS(leaky_relu, f32_none_f32_tensor, naive, SlopedSource)
