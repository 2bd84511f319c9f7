// Depthwise 3x3 convolution, stride 1 or 2, any padding, fused with bias, activation function,
// quantization and the statistics of both streams: one pass over memory.
//
//   out[y][x][c] = f(bias[c] + sum over ky, kx of in[y*s+ky-top][x*s+kx-left][c] * w[ky][kx][c])
//
// Sums are one chain of fused multiply-adds, rows of the kernel first; taps outside the image are 0.
//
// A thread holds V neighbouring channels of one output column and walks down it: weights and sums stay
// in registers, and each input row is read once a tile. Lanes of a warp hold neighbouring channels, so
// that every access is a run of whole 32-byte sectors; neighbouring columns share their input through
// the first cache. With stride 1 a row of input feeds three sums under way, so that no row of the
// window has to be kept; with stride 2 the last row of a window is the first of the next.
//
// in, out: float32 NHWC, padded channels. w: float32 [3][3][stride].
// Launch: 256 threads a block, any number of blocks. lanes, a power of two up to 32, times V channels
// a block; 256 / lanes columns and lanes rows a tile; tilesPerImage = columnTiles * row tiles.
// Variants: s1, s2 the stride; v1, v2, v4 the channels a thread (4- to 16-byte accesses).
// Java reference: ReferenceLayers.depthwise.
#include "common/measure.cuh"

template <int V>
struct Vector;

template <>
struct Vector<1> {
  __device__ __forceinline__ static void load(const float* at, float (&v)[1]) { v[0] = *at; }
  __device__ __forceinline__ static void store(float* at, const float (&v)[1]) { *at = v[0]; }
};

template <>
struct Vector<2> {
  __device__ __forceinline__ static void load(const float* at, float (&v)[2]) {
    float2 f = *reinterpret_cast<const float2*>(at);
    v[0] = f.x;
    v[1] = f.y;
  }
  __device__ __forceinline__ static void store(float* at, const float (&v)[2]) {
    *reinterpret_cast<float2*>(at) = make_float2(v[0], v[1]);
  }
};

template <>
struct Vector<4> {
  __device__ __forceinline__ static void load(const float* at, float (&v)[4]) {
    float4 f = *reinterpret_cast<const float4*>(at);
    v[0] = f.x;
    v[1] = f.y;
    v[2] = f.z;
    v[3] = f.w;
  }
  __device__ __forceinline__ static void store(float* at, const float (&v)[4]) {
    *reinterpret_cast<float4*>(at) = make_float4(v[0], v[1], v[2], v[3]);
  }
};

// Three neighbouring columns of one input row under one output column.
template <int V>
struct Taps {
  float v[3][V];

  // Row and columns outside the image read as 0.
  __device__ __forceinline__ void load(const LayerParams& p, const float* image, int y, int left, int c) {
    bool rowInside = (unsigned)y < (unsigned)p.inHeight;
#pragma unroll
    for (int kx = 0; kx < 3; kx++) {
      int x = left + kx;
      if (rowInside && (unsigned)x < (unsigned)p.inWidth) {
        Vector<V>::load(image + ((long long)y * p.inWidth + x) * p.inStride + c, v[kx]);
      } else {
#pragma unroll
        for (int i = 0; i < V; i++) {
          v[kx][i] = 0.0f;
        }
      }
    }
  }
};

template <int V>
struct Weights {
  float v[3][3][V];

  __device__ __forceinline__ void load(const float* w, int stride, int c) {
#pragma unroll
    for (int k = 0; k < 9; k++) {
      Vector<V>::load(w + k * stride + c, v[k / 3][k % 3]);
    }
  }

  // sum + row ky of the kernel on a row of the input.
  __device__ __forceinline__ void add(int ky, const Taps<V>& in, float (&sum)[V]) const {
#pragma unroll
    for (int kx = 0; kx < 3; kx++) {
#pragma unroll
      for (int i = 0; i < V; i++) {
        sum[i] = fmaf(in.v[kx][i], v[ky][kx][i], sum[i]);
      }
    }
  }
};

template <int V>
__device__ __forceinline__ void setZero(float (&v)[V]) {
#pragma unroll
  for (int i = 0; i < V; i++) {
    v[i] = 0.0f;
  }
}

template <int V>
__device__ __forceinline__ void assign(float (&to)[V], const float (&from)[V]) {
#pragma unroll
  for (int i = 0; i < V; i++) {
    to[i] = from[i];
  }
}

// One stream under one output column: what is carried from one output row to the next.
template <int STRIDE, int V>
struct Column;

template <int V>
struct Column<1, V> {
  float upper[V], lower[V]; // sums that have had two rows and one row of the kernel

  __device__ __forceinline__ void begin(
      const LayerParams& p, const Weights<V>& w, const float* image, int top, int left, int c) {
    Taps<V> row;
    row.load(p, image, top, left, c);
    setZero(upper);
    w.add(0, row, upper);
    row.load(p, image, top + 1, left, c);
    w.add(1, row, upper);
    setZero(lower);
    w.add(0, row, lower);
  }

  // The sum of the output row whose window begins at row `top`.
  __device__ __forceinline__ void next(
      const LayerParams& p, const Weights<V>& w, const float* image, int top, int left, int c, float (&sum)[V]) {
    Taps<V> row;
    row.load(p, image, top + 2, left, c);
    assign(sum, upper);
    w.add(2, row, sum);
    assign(upper, lower);
    w.add(1, row, upper);
    setZero(lower);
    w.add(0, row, lower);
  }
};

template <int V>
struct Column<2, V> {
  Taps<V> first;

  __device__ __forceinline__ void begin(
      const LayerParams& p, const Weights<V>&, const float* image, int top, int left, int c) {
    first.load(p, image, top, left, c);
  }

  __device__ __forceinline__ void next(
      const LayerParams& p, const Weights<V>& w, const float* image, int top, int left, int c, float (&sum)[V]) {
    Taps<V> row;
    row.load(p, image, top + 1, left, c);
    setZero(sum);
    w.add(0, first, sum);
    w.add(1, row, sum);
    first.load(p, image, top + 2, left, c);
    w.add(2, first, sum);
  }
};

template <int MODE, int STRIDE, int V>
__device__ __forceinline__ void depthwiseLayer(const LayerParams& p, const LayerPointers& d) {
  constexpr int THREADS = MEASURE_THREADS;
  constexpr bool PAIR = hasPair(MODE);
  constexpr bool STATISTICS = hasStatistics(MODE);
  __shared__ BlockHistogram histogram;
  __shared__ unsigned scratch[STATISTICS ? ROUND_WORDS * THREADS : 1];
  if (STATISTICS && p.histograms) {
    histogram.clear(threadIdx.x, THREADS);
    __syncthreads();
  }
  Quantizer q(p);
  int lane = threadIdx.x % p.lanes, slot = threadIdx.x / p.lanes;
  int columns = THREADS / p.lanes;
  int groups = (p.outStride + p.lanes * V - 1) / (p.lanes * V);
  int tiles = p.images * p.tilesPerImage * groups;
  for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
    int group = t % groups;
    int tile = t / groups % p.tilesPerImage;
    int image = t / groups / p.tilesPerImage;
    int c = (group * p.lanes + lane) * V;
    int ox = tile % p.columnTiles * columns + slot;
    int y0 = tile / p.columnTiles * p.rowsPerTile;
    int y1 = min(p.outHeight, y0 + p.rowsPerTile);
    TileRange ranges[V];
#pragma unroll
    for (int i = 0; i < V; i++) {
      ranges[i].clear();
    }
    long long rowStep = (long long)p.outWidth * p.outStride;
    long long firstAt = (((long long)image * p.outHeight + y0) * p.outWidth + ox) * p.outStride + c;
    if (c < p.outStride && ox < p.outWidth) {
      long long inImage = (long long)image * p.inHeight * p.inWidth * p.inStride;
      const float* in = d.in + inImage;
      const float* inQ = d.inQ + inImage;
      int top = y0 * STRIDE - p.padTop, left = ox * STRIDE - p.padLeft;
      Weights<V> w, wQ;
      Column<STRIDE, V> column, columnQ;
      float bias[V], biasQ[V];
      w.load(d.w, p.inStride, c);
      column.begin(p, w, in, top, left, c);
      if (PAIR) {
        wQ.load(d.wQ, p.inStride, c);
        columnQ.begin(p, wQ, inQ, top, left, c);
        Vector<V>::load(d.bias + 3 * p.outStride + c, biasQ);
      }
      Vector<V>::load(d.bias + c, bias);
      long long at = firstAt;
      for (int y = y0; y < y1; y++, top += STRIDE, at += rowStep) {
        float x[V], xq[V];
        column.next(p, w, in, top, left, c, x);
        if (PAIR) {
          columnQ.next(p, wQ, inQ, top, left, c, xq);
        }
#pragma unroll
        for (int i = 0; i < V; i++) {
          if (c + i < p.outChannels) {
            x[i] = activate(x[i] + bias[i], p.lower, p.upper);
            Element e = {x[i], PAIR ? activate(xq[i] + biasQ[i], p.lower, p.upper) : 0.0f, 0.0f};
            xq[i] = recordElement<MODE>(p, q, d, e, ranges[i], &histogram);
          } else {
            x[i] = xq[i] = 0.0f;
          }
        }
        Vector<V>::store(d.out + at, x);
        if (PAIR) {
          Vector<V>::store(d.outQ + at, xq);
        }
      }
    }
    if (STATISTICS) {
      int channel0 = group * p.lanes * V;
      unsigned* to = partialsOf<MODE>(d.partials, p, image * p.tilesPerImage + tile) + channel0;
#pragma unroll
      for (int i = 0; i < V; i++) {
        int valid = (p.outChannels - channel0 - i + V - 1) / V;
        TileFrame frame;
        joinRanges<MODE, THREADS>(
            ranges[i], threadIdx.x, p.lanes, min(p.lanes, valid), V, p.outStride, scratch, to + i, frame);
        TileSums sums;
        sums.clear();
        if (c + i < p.outChannels && ox < p.outWidth) {
          long long at = firstAt + i;
          for (int y = y0; y < y1; y++, at += rowStep) {
            sumElement<MODE>(p, q, d, at, frame, sums);
          }
        }
        joinSums<MODE, THREADS>(sums, threadIdx.x, p.lanes, min(p.lanes, valid), V, p.outStride, scratch, to + i);
      }
    }
  }
  if (STATISTICS && p.histograms) {
    __syncthreads();
    histogram.flush(threadIdx.x, THREADS, d.bits, d.codes);
  }
}

#define DS_DEPTHWISE_KERNEL(MODE_NAME, MODE, STRIDE, V, BLOCKS)                                              \
  DS_LAYER_KERNEL(                                                                                           \
      ds_depthwise_conv_##MODE_NAME##_f32_f32_f32_channel__k3s##STRIDE##v##V, MEASURE_THREADS, BLOCKS, \
      (depthwiseLayer<MODE, STRIDE, V>(p, d)))

DS_DEPTHWISE_KERNEL(plain, PLAIN, 1, 4, 2)
DS_DEPTHWISE_KERNEL(plain, PLAIN, 2, 4, 2)
DS_DEPTHWISE_KERNEL(observed, OBSERVED, 1, 2, 2)
DS_DEPTHWISE_KERNEL(observed, OBSERVED, 2, 2, 2)
DS_DEPTHWISE_KERNEL(observed, OBSERVED, 1, 4, 1)
DS_DEPTHWISE_KERNEL(observed, OBSERVED, 2, 4, 1)
DS_DEPTHWISE_KERNEL(paired, PAIRED, 1, 2, 2)
DS_DEPTHWISE_KERNEL(paired, PAIRED, 2, 2, 2)
DS_DEPTHWISE_KERNEL(paired, PAIRED, 1, 4, 1)
DS_DEPTHWISE_KERNEL(paired, PAIRED, 2, 4, 1)
DS_DEPTHWISE_KERNEL(measured, MEASURED, 1, 1, 2)
DS_DEPTHWISE_KERNEL(measured, MEASURED, 2, 1, 2)
DS_DEPTHWISE_KERNEL(measured, MEASURED, 1, 2, 1)
DS_DEPTHWISE_KERNEL(measured, MEASURED, 2, 2, 1)

