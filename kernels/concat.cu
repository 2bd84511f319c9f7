// The channels of two tensors side by side.
//
//   out[c] = c < n ? a[c] : b[c - n]     n channels of a
//
// a lies in in/inQ, b in w/wQ: float32 NHWC, channels padded to the stride of each. n is kernelWidth.
// Launch: 256 threads a block, any number of blocks.
// Java reference: ReferenceLayers.concat.
#include "common/measure.cuh"

struct JoinSource {
  bool first;
  int channel, stride;

  __device__ __forceinline__ JoinSource(const LayerParams& p, const LayerPointers&, int c)
      : first(c < p.kernelWidth),
        channel(first ? c : c - p.kernelWidth),
        stride(first ? p.inStride : (p.outChannels - p.kernelWidth + 3) / 4 * 4) {}

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams& p, const LayerPointers& d, long long, int image, int position) const {
    long long from = ((long long)image * positionsOf(p) + position) * stride + channel;
    float x = first ? d.in[from] : d.w[from];
    return {x, hasPair(MODE) ? (first ? d.inQ[from] : d.wQ[from]) : 0.0f, x};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    return e;
  }
};

DS_MEASURE_KERNELS(concat, f32_none_f32_tensor, naive, JoinSource)
