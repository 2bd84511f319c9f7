// The network's input: 8-bit pixels through a table, or float32 values as they are.
//
//   out = table[channel][pixel]       u8
//   out = value                       f32
//
// in: [images][height][width][channels] without padding, uint8 or float32. w: the table, float32
// [channels][256]. out: float32 NHWC with padded channels; outQ the same, quantized.
// Launch: 256 threads a block, any number of blocks.
// Java reference: ReferenceProgram.pixels.
#include "common/measure.cuh"

template <bool BYTES>
struct ImageSource {
  int channel;

  __device__ __forceinline__ ImageSource(const LayerParams&, const LayerPointers&, int c) : channel(c) {}

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams& p, const LayerPointers& d, long long, int image, int position) const {
    long long at = ((long long)image * positionsOf(p) + position) * p.outChannels + channel;
    float x = BYTES ? d.w[channel * 256 + reinterpret_cast<const unsigned char*>(d.in)[at]] : d.in[at];
    return {x, x, x};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    return e;
  }
};

DS_MEASURE_KERNELS(image_normalize, u8_table_f32_tensor, naive, ImageSource<true>)
DS_MEASURE_KERNELS(image_normalize, f32_none_f32_tensor, naive, ImageSource<false>)
