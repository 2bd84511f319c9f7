// The last step of every layer: quantize, store, and record the statistics of both streams.
//
// A Source yields the values of one element after the activation function:
//   template <int MODE> void load(const LayerParams&, const LayerPointers&, int image, int position,
//                                 int channel, float& x, float& y, float& middle)
// x is the fp32 stream, y the quantized stream before its output is quantized, middle the quantized
// weights on the fp32 input. Threads are spread over lanes (neighbouring channels) and slots
// (positions), so that a warp reads and writes whole lines.
#pragma once

#include "block_histogram.cuh"
#include "cuda_language.cuh"
#include "params.cuh"
#include "quant_math.cuh"
#include "statistics.cuh"

// Where a layer reads and writes. in and w are the fp32 stream's, inQ and wQ the quantized one's; a sum
// of two tensors has its second input in w and wQ. middle is room for the third product.
struct LayerPointers {
  const float *in, *inQ, *w, *wQ, *bias, *shift;
  float *out, *outQ, *middle;
  unsigned* partials;
  unsigned long long *bits, *codes;
};

// Images of at most this many positions are summed by one thread a channel, without joining slots.
constexpr int SMALL_IMAGE = 16;

__device__ __forceinline__ int positionsOf(const LayerParams& p) { return p.outHeight * p.outWidth; }

// Quantizes and records one element, and returns the quantized stream's value.
template <int MODE>
__device__ __forceinline__ float recordElement(
    const LayerParams& p, const Quantizer& q, const LayerPointers& d, float x, float y, float middle, float shift,
    ChannelSums& sums, BlockHistogram* histogram) {
  float xq = y;
  float steps = 0.0f;
  if (hasPair(MODE) && p.quantized) {
    steps = q.steps(y);
    xq = q.value(q.clamped(steps));
  }
  if (hasStatistics(MODE)) {
    sums.fp32.add(x, shift);
    if (p.histograms) {
      histogram->countValue(x, d.bits);
    }
    if (hasPair(MODE)) {
      sums.quantized.add(xq, shift);
      sums.error.add(x, xq);
      bool clipped = false;
      if (p.quantized) {
        clipped = q.saturates(steps);
        sums.error.saturated += clipped ? 1u : 0u;
        if (p.histograms) {
          histogram->countCode((int)(q.clamped(steps) - q.lowest), d.codes);
        }
      }
      if (MODE == TRACED) {
        sums.error.trace(x, middle, y, xq, clipped);
      }
    }
  }
  return xq;
}

// One element from its source to memory. Padding channels are written as 0.
template <int MODE, class Source>
__device__ __forceinline__ void measureElement(
    const LayerParams& p, const Quantizer& q, const LayerPointers& d, const Source& source, int image, int position,
    int channel, float shift, ChannelSums& sums, BlockHistogram* histogram) {
  long long at = ((long long)image * positionsOf(p) + position) * p.outStride + channel;
  float x = 0.0f, y = 0.0f, middle = 0.0f, xq = 0.0f;
  if (channel < p.outChannels) {
    source.template load<MODE>(p, d, image, position, channel, x, y, middle);
    xq = recordElement<MODE>(p, q, d, x, y, middle, shift, sums, histogram);
  }
  d.out[at] = x;
  if (hasPair(MODE)) {
    d.outQ[at] = xq;
  }
}

// Channels channel0 .. channel0 + lanes - 1 of positions first .. first + count - 1 of the images
// image0 .. image0 + images - 1; every thread of the block must come here.
template <int MODE, int THREADS, class Source>
__device__ __forceinline__ void measureRows(
    const LayerParams& p, const LayerPointers& d, const Source& source, int image0, int images, int tile, int first,
    int count, int channel0, int lanes, BlockHistogram* histogram, unsigned* scratch) {
  Quantizer q(p);
  int lane = threadIdx.x % lanes, slot = threadIdx.x / lanes;
  int slots = THREADS / lanes;
  int channel = channel0 + lane;
  // Where lanes do not divide the block (112 threads, 32 lanes), the last threads have no slot.
  bool works = channel < p.outStride && slot < slots;
  float shift = hasStatistics(MODE) && channel < p.outChannels ? d.shift[channel] : 0.0f;
  ChannelSums sums;
  if (positionsOf(p) <= SMALL_IMAGE) {
    for (int i = slot; works && i < images; i += slots) {
      sums.clear();
      for (int position = first; position < first + count; position++) {
        measureElement<MODE>(p, q, d, source, image0 + i, position, channel, shift, sums, histogram);
      }
      if (hasStatistics(MODE) && channel < p.outChannels) {
        storeTile<MODE>(sums, p.outStride, partialsOf<MODE>(d.partials, p, image0 + i, tile) + channel);
      }
    }
    return;
  }
  for (int i = 0; i < images; i++) {
    sums.clear();
    for (int k = slot; works && k < count; k += slots) {
      measureElement<MODE>(p, q, d, source, image0 + i, first + k, channel, shift, sums, histogram);
    }
    if (hasStatistics(MODE)) {
      int valid = min(lanes, p.outChannels - channel0);
      reduceTile<MODE, THREADS>(
          sums, lanes, valid, 1, p.outStride, scratch, partialsOf<MODE>(d.partials, p, image0 + i, tile) + channel0);
    }
  }
}

// Adds bias and activation function to products that lie in the output buffers, as a matrix product
// leaves them.
struct ProductSource {
  template <int MODE>
  __device__ __forceinline__ void load(
      const LayerParams& p, const LayerPointers& d, int image, int position, int channel, float& x, float& y,
      float& middle) const {
    long long at = ((long long)image * positionsOf(p) + position) * p.outStride + channel;
    float bias = d.bias[channel];
    x = activate(d.out[at] + bias, p.lower, p.upper);
    if (hasPair(MODE)) {
      y = activate(d.outQ[at] + bias, p.lower, p.upper);
    }
    if (MODE == TRACED) {
      middle = activate(d.middle[at] + bias, p.lower, p.upper);
    }
  }
};

// A whole layer of elements that do not depend on each other: blocks of 256 threads loop over tiles
// of up to 256 positions and up to 32 channels.
constexpr int MEASURE_THREADS = 256;

template <int MODE, class Source>
__device__ __forceinline__ void measureLayer(const LayerParams& p, const LayerPointers& d, const Source& source) {
  __shared__ BlockHistogram histogram;
  __shared__ unsigned scratch[WORDS_PER_ROUND * MEASURE_THREADS];
  if (hasStatistics(MODE) && p.histograms) {
    histogram.clear(threadIdx.x, MEASURE_THREADS);
    __syncthreads();
  }
  int groups = (p.outStride + p.lanes - 1) / p.lanes;
  int imageTiles = (p.images + p.imagesPerTile - 1) / p.imagesPerTile;
  int tiles = imageTiles * p.tilesPerImage * groups;
  for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
    int group = t % groups;
    int tile = t / groups % p.tilesPerImage;
    int image0 = t / groups / p.tilesPerImage * p.imagesPerTile;
    int first = tile * p.rowsPerTile;
    measureRows<MODE, MEASURE_THREADS>(
        p, d, source, image0, min(p.imagesPerTile, p.images - image0), tile, first,
        min(p.rowsPerTile, positionsOf(p) - first), group * p.lanes, p.lanes, &histogram, scratch);
  }
  if (hasStatistics(MODE) && p.histograms) {
    __syncthreads();
    histogram.flush(threadIdx.x, MEASURE_THREADS, d.bits, d.codes);
  }
}

// A kernel over one layer: pointers first, then the struct. BODY sees p and d.
#define DS_LAYER_KERNEL(SYMBOL, THREADS, BLOCKS, BODY)                                                              \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) SYMBOL(                                             \
      const float* in, const float* inQ, const float* w, const float* wQ, const float* bias, const float* shift,    \
      float* out, float* outQ, float* middle, unsigned* partials, unsigned long long* bits,                         \
      unsigned long long* codes, LayerParams p) {                                                                   \
    LayerPointers d = {in, inQ, w, wQ, bias, shift, out, outQ, middle, partials, bits, codes};                      \
    BODY;                                                                                                           \
  }

// The same for each kind of recording; SOURCE is default constructed.
#define DS_MEASURE_KERNELS(OP, TYPES, VARIANT, SOURCE)                                                              \
  DS_LAYER_KERNEL(ds_##OP##_plain_##TYPES##__##VARIANT, MEASURE_THREADS, 1, (measureLayer<PLAIN>(p, d, SOURCE())))  \
  DS_LAYER_KERNEL(                                                                                                  \
      ds_##OP##_observed_##TYPES##__##VARIANT, MEASURE_THREADS, 1, (measureLayer<OBSERVED>(p, d, SOURCE())))        \
  DS_LAYER_KERNEL(ds_##OP##_paired_##TYPES##__##VARIANT, MEASURE_THREADS, 1, (measureLayer<PAIRED>(p, d, SOURCE()))) \
  DS_LAYER_KERNEL(                                                                                                  \
      ds_##OP##_measured_##TYPES##__##VARIANT, MEASURE_THREADS, 1, (measureLayer<MEASURED>(p, d, SOURCE())))        \
  DS_LAYER_KERNEL(ds_##OP##_traced_##TYPES##__##VARIANT, MEASURE_THREADS, 1, (measureLayer<TRACED>(p, d, SOURCE())))
