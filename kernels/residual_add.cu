// Sum of two tensors of equal shape, then the activation function.
//
//   out = f(a + b)
//
// a lies in in/inQ, b in w/wQ: float32 NHWC, channels padded to the stride.
// Launch: 256 threads a block, any number of blocks.
// Java reference: ReferenceLayers.sum.
#include "common/measure.cuh"

struct SumSource {
  __device__ __forceinline__ SumSource(const LayerParams&, const LayerPointers&, int) {}

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams&, const LayerPointers& d, long long at, int, int) const {
    return {d.in[at] + d.w[at], hasPair(MODE) ? d.inQ[at] + d.wQ[at] : 0.0f, 0.0f};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams& p, const Element& e) const {
    float x = activate(e.x, p.lower, p.upper);
    return {x, activate(e.y, p.lower, p.upper), x};
  }
};

DS_MEASURE_KERNELS(residual_add, f32_none_f32_tensor, naive, SumSource)
