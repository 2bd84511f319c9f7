// Sum of two tensors of equal shape, then the activation function.
//
//   out = f(a + b)
//
// a lies in in/inQ, b in w/wQ: float32 NHWC, channels padded to the stride.
// Launch: 256 threads a block, any number of blocks.
// Java reference: ReferenceLayers.sum.
#include "common/measure.cuh"

struct SumSource {
  template <int MODE>
  __device__ __forceinline__ void load(
      const LayerParams& p, const LayerPointers& d, int image, int position, int channel, float& x, float& y,
      float& middle) const {
    long long at = ((long long)image * positionsOf(p) + position) * p.outStride + channel;
    x = activate(d.in[at] + d.w[at], p.lower, p.upper);
    middle = x;
    if (hasPair(MODE)) {
      y = activate(d.inQ[at] + d.wQ[at], p.lower, p.upper);
    }
  }
};

DS_MEASURE_KERNELS(residual_add, f32_none_f32_tensor, naive, SumSource)
