// The last step of every layer: quantize, store, and record the statistics of both streams.
//
// A Source yields the values of a channel's elements; at is the element's place in the outputs:
//   Source(const LayerParams&, const LayerPointers&, int channel)
//   template <int MODE> Element fetch(const LayerParams&, const LayerPointers&, long long at, int image, int position)
//   template <int MODE> Element finish(const LayerParams&, Element)
// finish gives the values after the activation function. fetch runs one element ahead of it, so that
// what it loads is under way while the element before is recorded. Threads are spread over lanes
// (neighbouring channels) and slots (positions), so that a warp reads and writes whole lines.
#pragma once

#include "block_histogram.cuh"
#include "cuda_language.cuh"
#include "params.cuh"
#include "quant_math.cuh"
#include "statistics.cuh"

// Where a layer reads and writes. in and w are the fp32 stream's, inQ and wQ the quantized one's; an operation
// on two tensors has its second input in w and wQ. In bias the lower and the upper bounds of all channels and the
// quantized stream's biases follow the biases; each of the four is outStride long. An operation that takes no clamp
// finds its constants there. middle is room for the third product, which every layer leaves there.
struct LayerPointers {
  const float *in, *inQ, *w, *wQ, *bias;
  float *out, *outQ, *middle;
  unsigned* partials;
  unsigned long long *bits, *codes;
};

// Images of at most this many positions are summed by one thread a channel, without joining slots.
constexpr int SMALL_IMAGE = 16;

__device__ __forceinline__ int positionsOf(const LayerParams& p) { return p.outHeight * p.outWidth; }

// What the values of a channel are clamped to: each may have bounds of its own.
struct Bounds {
  float lower, upper;

  __device__ __forceinline__ Bounds(const LayerParams& p, const float* bias, int channel)
      : lower(bias[p.outStride + channel]), upper(bias[2 * p.outStride + channel]) {}

  __device__ __forceinline__ float clamp(float x) const { return activate(x, lower, upper); }
};

// What is added to the sums of a channel, of the fp32 stream and of the quantized one.
struct Biases {
  float fp32, quantized;

  __device__ __forceinline__ Biases(const LayerParams& p, const float* bias, int channel)
      : fp32(bias[channel]), quantized(bias[3 * p.outStride + channel]) {}
};

// x is the fp32 stream, y the quantized stream before its output is quantized, middle the quantized
// weights on the fp32 input.
struct Element {
  float x, y, middle;
};

// Quantizes one element and records what the first pass finds; returns the quantized stream's value.
template <int MODE>
__device__ __forceinline__ float recordElement(
    const LayerParams& p, const Quantizer& q, const LayerPointers& d, const Element& e, TileRange& range,
    BlockHistogram* histogram) {
  float steps = 0.0f, clamped = 0.0f, xq = e.y;
  if (hasPair(MODE) && p.quantized) {
    steps = q.steps(e.y);
    clamped = q.clamped(steps);
    xq = q.value(clamped);
  }
  if (hasStatistics(MODE)) {
    range.fp32.add(e.x);
    if (p.histograms) {
      histogram->countValue(e.x, d.bits);
    }
    if (hasPair(MODE)) {
      range.quantized.add(xq);
      range.addError(e.x, xq);
      range.saturated += clamped != steps ? 1u : 0u;
      if (p.histograms && p.quantized) {
        histogram->countCode(q.index(clamped), d.codes);
      }
      if (MODE == TRACED) {
        range.addSources(Sources(e.x, e.middle, e.y, xq));
      }
    }
  }
  return xq;
}

// The second pass over an element of the outputs, which this thread has written in the first.
template <int MODE>
__device__ __forceinline__ void sumElement(
    const LayerParams& p, const Quantizer& q, const LayerPointers& d, long long at, const TileFrame& frame,
    TileSums& sums) {
  float x = d.out[at];
  sums.fp32.add(frame.fp32.distance(x));
  if (hasPair(MODE)) {
    float xq = d.outQ[at];
    if (MODE == TRACED) {
      // The first pass has left the values before they are quantized.
      float y = xq;
      bool clipped = false;
      if (p.quantized) {
        float steps = q.steps(y), clamped = q.clamped(steps);
        clipped = clamped != steps;
        xq = q.value(clamped);
      }
      d.outQ[at] = xq;
      sums.addSources(Sources(x, d.middle[at], y, xq), frame.sourceScale, clipped);
    }
    sums.quantized.add(frame.quantized.distance(xq));
    sums.addError(x, xq, frame.errorScale);
  }
}

// One channel of the positions first, first + step, ... before end of one image, from their source to
// memory: the first pass. Padding channels are written as 0.
template <int MODE, class Source>
__device__ __forceinline__ void measureRun(
    const LayerParams& p, const Quantizer& q, const LayerPointers& d, const Source& source, int image, int first,
    int end, int step, int channel, TileRange& range, BlockHistogram* histogram) {
  long long next = ((long long)image * positionsOf(p) + first) * p.outStride + channel;
  int stride = step * p.outStride;
  bool real = channel < p.outChannels;
  Element ahead = {0.0f, 0.0f, 0.0f};
  for (int position = first - step; position < end; position += step, next += stride) {
    Element e = ahead;
    if (real && position + step < end) {
      ahead = source.template fetch<MODE>(p, d, next, image, position + step);
    }
    if (position >= first) {
      float xq = 0.0f;
      if (real) {
        e = source.template finish<MODE>(p, e);
        xq = recordElement<MODE>(p, q, d, e, range, histogram);
      }
      d.out[next - stride] = e.x;
      if (hasPair(MODE)) {
        d.outQ[next - stride] = MODE == TRACED ? e.y : xq;
      }
      if (MODE == TRACED) {
        d.middle[next - stride] = e.middle;
      }
    }
  }
}

// The second pass over the same elements.
template <int MODE>
__device__ __forceinline__ void sumRun(
    const LayerParams& p, const Quantizer& q, const LayerPointers& d, int image, int first, int end, int step,
    int channel, const TileFrame& frame, TileSums& sums) {
  long long at = ((long long)image * positionsOf(p) + first) * p.outStride + channel;
  for (int position = first; position < end; position += step, at += step * p.outStride) {
    sumElement<MODE>(p, q, d, at, frame, sums);
  }
}

// Channels channel0 .. channel0 + lanes - 1 of `tiles` tiles of the batch from firstTile on; every
// thread of the block must come here, each with a number of its own.
template <int MODE, int THREADS, class Source>
__device__ __forceinline__ void measureTiles(
    const LayerParams& p, const LayerPointers& d, int thread, int firstTile, int tiles, int channel0, BlockHistogram* histogram,
    unsigned* scratch) {
  Quantizer q(p);
  int shiftOfLanes = __popc(p.lanes - 1);
  int lane = thread & (p.lanes - 1), slot = thread >> shiftOfLanes;
  int slots = THREADS >> shiftOfLanes;
  int channel = channel0 + lane;
  bool works = channel < p.outStride;
  bool real = channel < p.outChannels;
  Source source(p, d, min(channel, p.outChannels - 1));
  TileRange range;
  TileFrame frame;
  TileSums sums;
  if (positionsOf(p) <= SMALL_IMAGE) {
    for (int image = firstTile + slot; works && image < firstTile + tiles; image += slots) {
      range.clear();
      measureRun<MODE>(p, q, d, source, image, 0, positionsOf(p), 1, channel, range, histogram);
      if (hasStatistics(MODE) && real) {
        unsigned* to = partialsOf<MODE>(d.partials, p, image) + channel;
        storeRanges<MODE>(range, p.outStride, to, frame);
        sums.clear();
        sumRun<MODE>(p, q, d, image, 0, positionsOf(p), 1, channel, frame, sums);
        storeSums<MODE>(sums, p.outStride, to);
      }
    }
    return;
  }
  int image = firstTile / p.tilesPerImage, tile = firstTile - image * p.tilesPerImage;
  for (int i = firstTile; i < firstTile + tiles; i++) {
    int first = tile * p.rowsPerTile;
    int end = min(first + p.rowsPerTile, positionsOf(p));
    range.clear();
    if (works) {
      measureRun<MODE>(p, q, d, source, image, first + slot, end, slots, channel, range, histogram);
    }
    if (hasStatistics(MODE)) {
      int valid = min(p.lanes, p.outChannels - channel0);
      unsigned* to = partialsOf<MODE>(d.partials, p, i) + channel0;
      joinRanges<MODE, THREADS>(range, thread, p.lanes, valid, 1, p.outStride, scratch, to, frame);
      sums.clear();
      if (real) {
        sumRun<MODE>(p, q, d, image, first + slot, end, slots, channel, frame, sums);
      }
      joinSums<MODE, THREADS>(sums, thread, p.lanes, valid, 1, p.outStride, scratch, to);
    }
    tile++;
    if (tile == p.tilesPerImage) {
      tile = 0;
      image++;
    }
  }
}

// Adds bias and activation function to products that lie in the output buffers, as a matrix product
// leaves them.
struct ProductSource {
  Biases bias;
  Bounds bounds;

  __device__ __forceinline__ ProductSource(const LayerParams& p, const LayerPointers& d, int channel)
      : bias(p, d.bias, channel), bounds(p, d.bias, channel) {}

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams&, const LayerPointers& d, long long at, int, int) const {
    return {d.out[at], hasPair(MODE) ? d.outQ[at] : 0.0f, MODE == TRACED ? d.middle[at] : 0.0f};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    return {
        bounds.clamp(e.x + bias.fp32), bounds.clamp(e.y + bias.quantized), bounds.clamp(e.middle + bias.quantized)};
  }
};

// A whole layer of elements that do not depend on each other: blocks of 256 threads loop over tiles
// of up to 256 positions and up to 32 channels.
constexpr int MEASURE_THREADS = 256;

template <int MODE, class Source>
__device__ __forceinline__ void measureLayer(const LayerParams& p, const LayerPointers& d) {
  __shared__ BlockHistogram histogram;
  __shared__ unsigned scratch[ROUND_WORDS * MEASURE_THREADS];
  if (hasStatistics(MODE) && p.histograms) {
    histogram.clear(threadIdx.x, MEASURE_THREADS);
    __syncthreads();
  }
  int groups = (p.outStride + p.lanes - 1) / p.lanes;
  int allTiles = p.images * p.tilesPerImage;
  int work = (allTiles + p.tilesPerBlock - 1) / p.tilesPerBlock * groups;
  for (int i = blockIdx.x; i < work; i += gridDim.x) {
    int first = i / groups * p.tilesPerBlock;
    measureTiles<MODE, MEASURE_THREADS, Source>(
        p, d, threadIdx.x, first, min(p.tilesPerBlock, allTiles - first), i % groups * p.lanes, &histogram, scratch);
  }
  if (hasStatistics(MODE) && p.histograms) {
    __syncthreads();
    histogram.flush(threadIdx.x, MEASURE_THREADS, d.bits, d.codes);
  }
}

// A kernel over one layer: pointers first, then the struct. BODY sees p and d.
#define DS_LAYER_KERNEL(SYMBOL, THREADS, BLOCKS, BODY)                                                              \
  extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) SYMBOL(                                             \
      const float* in, const float* inQ, const float* w, const float* wQ, const float* bias,                        \
      float* out, float* outQ, float* middle, unsigned* partials, unsigned long long* bits,                         \
      unsigned long long* codes, LayerParams p) {                                                                   \
    LayerPointers d = {in, inQ, w, wQ, bias, out, outQ, middle, partials, bits, codes};                      \
    BODY;                                                                                                           \
  }

// The same for each kind of recording.
#define DS_MEASURE_KERNEL(OP, MODE_NAME, MODE, TYPES, VARIANT, ...) \
  DS_LAYER_KERNEL(                                                   \
      ds_##OP##_##MODE_NAME##_##TYPES##__##VARIANT, MEASURE_THREADS, 1, (measureLayer<MODE, __VA_ARGS__>(p, d)))

#define DS_MEASURE_KERNELS(OP, TYPES, VARIANT, ...)                      \
  DS_MEASURE_KERNEL(OP, plain, PLAIN, TYPES, VARIANT, __VA_ARGS__)       \
  DS_MEASURE_KERNEL(OP, observed, OBSERVED, TYPES, VARIANT, __VA_ARGS__) \
  DS_MEASURE_KERNEL(OP, paired, PAIRED, TYPES, VARIANT, __VA_ARGS__)     \
  DS_MEASURE_KERNEL(OP, measured, MEASURED, TYPES, VARIANT, __VA_ARGS__) \
  DS_MEASURE_KERNEL(OP, traced, TRACED, TYPES, VARIANT, __VA_ARGS__)
