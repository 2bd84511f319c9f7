// Values of the input at other places, or constants.
//
//   out[i] = from_i < 0 ? fill[channel of i] : in[from_i]
//
// bias holds from_i as an int for each value of one image's output, NHWC without padding: a place in one image of the
// input as it lies in memory. w holds the constants of the channels, padded, wQ those of the quantized stream. in,
// out: float32 NHWC, channels padded to the stride.
// Launch: 256 threads a block, any number of blocks.
// Java reference: ReferenceLayers.rearranged.
#include "common/measure.cuh"

struct MovedSource {
  const int* from;
  float fill, fillQ;

  __device__ __forceinline__ MovedSource(const LayerParams&, const LayerPointers& d, int c)
      : from(reinterpret_cast<const int*>(d.bias) + c), fill(d.w[c]), fillQ(d.wQ ? d.wQ[c] : d.w[c]) {}

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams& p, const LayerPointers& d, long long, int image, int position) const {
    int place = from[(long long)position * p.outChannels];
    if (place < 0) {
      return {fill, fillQ, fillQ};
    }
    long long at = (long long)image * p.inHeight * p.inWidth * p.inStride + place;
    float x = d.in[at];
    return {x, hasPair(MODE) ? d.inQ[at] : 0.0f, x};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    return e;
  }
};

DS_MEASURE_KERNELS(rearrange, f32_none_f32_tensor, naive, MovedSource)
