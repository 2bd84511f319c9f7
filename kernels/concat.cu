// The channels of two or more tensors side by side.
//
//   out[c] = from_c[position * stride_c]
//
// w is a table, one JoinedChannel for each channel of the output, that says where in its tensor the channel
// begins; wQ is that of the quantized stream. The tensors are float32 NHWC, channels padded to the stride of
// each. in and inQ are not read.
// Launch: 256 threads a block, any number of blocks.
// Java reference: ReferenceLayers.concat.
#include "common/measure.cuh"

// Written by io.depthscope.backend.cuda.JoinedChannels.
struct JoinedChannel {
  // The channel at the first position of the first image.
  const float* from;
  // Floats from one position to the next.
  long long stride;
};
static_assert(sizeof(JoinedChannel) == 16, "JoinedChannel must have no padding");

struct JoinSource {
  const float *from, *fromQ;
  long long stride;

  __device__ __forceinline__ JoinSource(const LayerParams&, const LayerPointers& d, int c)
      : from(reinterpret_cast<const JoinedChannel*>(d.w)[c].from),
        fromQ(d.wQ ? reinterpret_cast<const JoinedChannel*>(d.wQ)[c].from : from),
        stride(reinterpret_cast<const JoinedChannel*>(d.w)[c].stride) {}

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams& p, const LayerPointers&, long long, int image, int position) const {
    long long at = ((long long)image * positionsOf(p) + position) * stride;
    float x = from[at];
    return {x, hasPair(MODE) ? fromQ[at] : 0.0f, x};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    return e;
  }
};

DS_MEASURE_KERNELS(concat, f32_none_f32_tensor, naive, JoinSource)
