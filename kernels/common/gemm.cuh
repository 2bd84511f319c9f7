// A matrix product with the statistics of both streams in its epilogue; pointwise_gemm.cu and
// conv2d.cu instantiate it.
//
//   out[row][n] = sum over k of A[row][k] * W[k][n],  then bias, activation function, quantization
//
// A row is an output position; the positions of an image follow one another. Blocks compute tiles of
// up to 98 rows and 8 * TX columns: 98 = 2 * 49 fits the 7x7, 14x14, ... images of 224x224 networks
// without waste. 14 * TX threads hold 7 x 8 sums each. Every sum is one chain of fused multiply-adds
// from k = 0 upwards, whatever the tile.
//
// Both streams are computed by the same block, one after the other. Without statistics the results are
// finished in registers. With them, the raw products are stored, and measureRows finishes the tile
// with one channel a thread while it is still in the cache.
#pragma once

#include "measure.cuh"

constexpr int TILE_ROWS = 98;
constexpr int ROWS_PER_THREAD = 7;
constexpr int THREAD_ROWS = TILE_ROWS / ROWS_PER_THREAD;
constexpr int COLUMNS_PER_THREAD = 8;
constexpr int TILE_DEPTH = 16;
constexpr int QUADS = TILE_DEPTH / 4;
constexpr int A_STRIDE = TILE_DEPTH + 4; // rows of A in shared memory; keeps quads aligned

__device__ __forceinline__ float4 zero4() { return make_float4(0.0f, 0.0f, 0.0f, 0.0f); }

__device__ __forceinline__ float4 load4(const float* at) { return *reinterpret_cast<const float4*>(at); }

__device__ __forceinline__ void store4(float* at, float4 v) { *reinterpret_cast<float4*>(at) = v; }

// Rows of a pointwise product: the input positions themselves. depth = channels padded to 4.
struct PointwiseRows {
  long long row;

  PointwiseRows() = default;

  __device__ __forceinline__ PointwiseRows(const LayerParams& p, long long firstRow, int r)
      : row((firstRow + r) * p.inStride) {}

  __device__ __forceinline__ float4 load(const LayerParams& p, const float* a, int k) const {
    return k < p.depth ? load4(a + row + k) : zero4();
  }
};

// Rows of a dense convolution: its window, kernel rows first, then columns, then channels. Nothing is
// gathered in memory; taps outside the image read as 0.
struct WindowRows {
  long long image;
  int top, left;

  WindowRows() = default;

  __device__ __forceinline__ WindowRows(const LayerParams& p, long long firstRow, int r) {
    int positions = positionsOf(p);
    long long row = firstRow + r;
    int n = (int)(row / positions), position = (int)(row % positions);
    image = (long long)n * p.inHeight * p.inWidth;
    top = position / p.outWidth * p.strideHeight - p.padTop;
    left = position % p.outWidth * p.strideWidth - p.padLeft;
  }

  __device__ __forceinline__ float4 load(const LayerParams& p, const float* a, int k) const {
    int tap = k / p.inStride, c = k - tap * p.inStride;
    int ky = tap / p.kernelWidth;
    int y = top + ky, x = left + tap - ky * p.kernelWidth;
    bool inside = k < p.depth && (unsigned)y < (unsigned)p.inHeight && (unsigned)x < (unsigned)p.inWidth;
    return inside ? load4(a + (image + (long long)y * p.inWidth + x) * p.inStride + c) : zero4();
  }
};

template <int TX>
struct GemmShape {
  static constexpr int THREADS = THREAD_ROWS * TX;
  static constexpr int COLUMNS = COLUMNS_PER_THREAD * TX;
  static constexpr int A_FLOATS = TILE_ROWS * A_STRIDE;
  static constexpr int B_FLOATS = TILE_DEPTH * COLUMNS;
  static constexpr int BUFFER = A_FLOATS + B_FLOATS;
  static constexpr int A_LOADS = (TILE_ROWS * QUADS + THREADS - 1) / THREADS;
  static constexpr int B_LOADS = (B_FLOATS / 4 + THREADS - 1) / THREADS;
  static constexpr int MEASURE_WORDS = WORDS_PER_ROUND * THREADS;
  static constexpr int SHARED_WORDS = 2 * BUFFER > MEASURE_WORDS ? 2 * BUFFER : MEASURE_WORDS;
};

typedef float Sums[ROWS_PER_THREAD][COLUMNS_PER_THREAD];

// One product of one stream for one tile. Columns of a thread: 4 * tx .. + 3, and the same in the
// second half of the tile, so that a warp reads neighbouring quads.
template <int TX, class Rows>
__device__ __forceinline__ void product(
    const LayerParams& p, const float* a, const float* w, long long firstRow, int rows, int column0, float* shared,
    Sums& sums) {
  typedef GemmShape<TX> S;
  int t = threadIdx.x;
  int ty = t / TX, tx = t % TX;
#pragma unroll
  for (int i = 0; i < ROWS_PER_THREAD; i++) {
#pragma unroll
    for (int j = 0; j < COLUMNS_PER_THREAD; j++) {
      sums[i][j] = 0.0f;
    }
  }
  Rows sources[S::A_LOADS];
#pragma unroll
  for (int i = 0; i < S::A_LOADS; i++) {
    sources[i] = Rows(p, firstRow, min((t + i * S::THREADS) / QUADS, rows - 1));
  }
  float4 nextA[S::A_LOADS], nextB[S::B_LOADS];
  auto fetch = [&](int k0) {
#pragma unroll
    for (int i = 0; i < S::A_LOADS; i++) {
      int at = t + i * S::THREADS;
      int r = at / QUADS;
      nextA[i] = r < rows ? sources[i].load(p, a, k0 + at % QUADS * 4) : zero4();
    }
#pragma unroll
    for (int i = 0; i < S::B_LOADS; i++) {
      int at = (t + i * S::THREADS) * 4;
      int k = k0 + at / S::COLUMNS, n = column0 + at % S::COLUMNS;
      bool inside = at < S::B_FLOATS && k < p.depth && n < p.outStride;
      nextB[i] = inside ? load4(w + (long long)k * p.outStride + n) : zero4();
    }
  };
  auto keep = [&](float* buffer) {
#pragma unroll
    for (int i = 0; i < S::A_LOADS; i++) {
      int at = t + i * S::THREADS;
      if (at < TILE_ROWS * QUADS) {
        store4(buffer + at / QUADS * A_STRIDE + at % QUADS * 4, nextA[i]);
      }
    }
#pragma unroll
    for (int i = 0; i < S::B_LOADS; i++) {
      int at = (t + i * S::THREADS) * 4;
      if (at < S::B_FLOATS) {
        store4(buffer + S::A_FLOATS + at, nextB[i]);
      }
    }
  };
  fetch(0);
  keep(shared);
  __syncthreads();
  int steps = (p.depth + TILE_DEPTH - 1) / TILE_DEPTH;
#pragma unroll 1
  for (int step = 0; step < steps; step++) {
    const float* buffer = shared + step % 2 * S::BUFFER;
    bool more = step + 1 < steps;
    if (more) {
      fetch((step + 1) * TILE_DEPTH);
    }
    const float* rowsA = buffer + ty * ROWS_PER_THREAD * A_STRIDE;
    const float* rowsB = buffer + S::A_FLOATS + 4 * tx;
    // Two depths at a time: four would save loads, but not fit the registers.
#pragma unroll 2
    for (int k0 = 0; k0 < TILE_DEPTH; k0 += 2) {
      float2 av[ROWS_PER_THREAD];
#pragma unroll
      for (int i = 0; i < ROWS_PER_THREAD; i++) {
        av[i] = *reinterpret_cast<const float2*>(rowsA + i * A_STRIDE + k0);
      }
#pragma unroll
      for (int k = 0; k < 2; k++) {
        float4 b0 = load4(rowsB + (k0 + k) * S::COLUMNS);
        float4 b1 = load4(rowsB + (k0 + k) * S::COLUMNS + S::COLUMNS / 2);
        float b[COLUMNS_PER_THREAD] = {b0.x, b0.y, b0.z, b0.w, b1.x, b1.y, b1.z, b1.w};
#pragma unroll
        for (int i = 0; i < ROWS_PER_THREAD; i++) {
          float ai = k == 0 ? av[i].x : av[i].y;
#pragma unroll
          for (int j = 0; j < COLUMNS_PER_THREAD; j++) {
            sums[i][j] = fmaf(ai, b[j], sums[i][j]);
          }
        }
      }
    }
    if (more) {
      keep(shared + (step + 1) % 2 * S::BUFFER);
    }
    __syncthreads();
  }
}

// Stores a thread's sums; finished means with bias and activation function, and quantized if asked.
template <int TX, bool FINISHED>
__device__ __forceinline__ void storeSums(
    const LayerParams& p, const Quantizer& q, bool quantize, const float* bias, long long firstRow, int rows,
    int column0, const Sums& sums, float* out) {
  int ty = threadIdx.x / TX, tx = threadIdx.x % TX;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int n = column0 + half * GemmShape<TX>::COLUMNS / 2 + 4 * tx;
    if (n >= p.outStride) {
      continue;
    }
#pragma unroll
    for (int i = 0; i < ROWS_PER_THREAD; i++) {
      int r = ty * ROWS_PER_THREAD + i;
      if (r >= rows) {
        continue;
      }
      float v[4];
#pragma unroll
      for (int j = 0; j < 4; j++) {
        v[j] = sums[i][half * 4 + j];
        if (FINISHED) {
          if (n + j < p.outChannels) {
            v[j] = activate(v[j] + bias[n + j], p.lower, p.upper);
            if (quantize) {
              v[j] = q.fakeQuantize(v[j]);
            }
          } else {
            v[j] = 0.0f;
          }
        }
      }
      store4(out + (firstRow + r) * p.outStride + n, make_float4(v[0], v[1], v[2], v[3]));
    }
  }
}

// A whole layer. Consecutive blocks take the column tiles of the same rows, which are then read from
// the cache.
template <int MODE, int TX, class Rows>
__device__ __forceinline__ void gemmLayer(const LayerParams& p, const LayerPointers& d) {
  typedef GemmShape<TX> S;
  alignas(16) __shared__ float shared[S::SHARED_WORDS];
  __shared__ BlockHistogram histogram;
  constexpr bool STATISTICS = hasStatistics(MODE);
  if (STATISTICS && p.histograms) {
    histogram.clear(threadIdx.x, S::THREADS);
    __syncthreads();
  }
  Quantizer q(p);
  int positions = positionsOf(p);
  int columnTiles = (p.outStride + S::COLUMNS - 1) / S::COLUMNS;
  int imageTiles = (p.images + p.imagesPerTile - 1) / p.imagesPerTile;
  int tiles = imageTiles * p.tilesPerImage * columnTiles;
  for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
    int column0 = t % columnTiles * S::COLUMNS;
    int tile = t / columnTiles % p.tilesPerImage;
    int image0 = t / columnTiles / p.tilesPerImage * p.imagesPerTile;
    int images = min(p.imagesPerTile, p.images - image0);
    int first = tile * p.rowsPerTile;
    int count = min(p.rowsPerTile, positions - first);
    long long firstRow = (long long)image0 * positions + first;
    int rows = images > 1 ? images * positions : count;
    // The fp32 stream, then the quantized weights on the fp32 input, then the quantized stream.
    constexpr int PRODUCTS = MODE == TRACED ? 3 : hasPair(MODE) ? 2 : 1;
#pragma unroll 1
    for (int i = 0; i < PRODUCTS; i++) {
      bool last = i == PRODUCTS - 1;
      Sums sums;
      product<TX, Rows>(
          p, i > 0 && last ? d.inQ : d.in, i > 0 ? d.wQ : d.w, firstRow, rows, column0, shared, sums);
      float* out = i == 0 ? d.out : last ? d.outQ : d.middle;
      storeSums<TX, !STATISTICS>(p, q, i > 0 && p.quantized, d.bias, firstRow, rows, column0, sums, out);
    }
    if (STATISTICS) {
      __syncthreads(); // the tile's products are read by other threads than wrote them
      for (int c = column0; c < min(column0 + S::COLUMNS, p.outStride); c += p.lanes) {
        measureRows<MODE, S::THREADS>(
            p, d, ProductSource(), image0, images, tile, first, count, c, p.lanes, &histogram,
            reinterpret_cast<unsigned*>(shared));
      }
    }
  }
  if (STATISTICS && p.histograms) {
    __syncthreads();
    histogram.flush(threadIdx.x, S::THREADS, d.bits, d.codes);
  }
}

#define DS_GEMM_KERNEL(OP, MODE_NAME, MODE, VARIANT, TX, BLOCKS, ROWS)                         \
  DS_LAYER_KERNEL(                                                                             \
      ds_##OP##_##MODE_NAME##_f32_f32_f32_tensor__##VARIANT, GemmShape<TX>::THREADS, BLOCKS, \
      (gemmLayer<MODE, TX, ROWS>(p, d)))

#define DS_GEMM_KERNELS(OP, VARIANT, TX, BLOCKS, ROWS)             \
  DS_GEMM_KERNEL(OP, plain, PLAIN, VARIANT, TX, BLOCKS, ROWS)       \
  DS_GEMM_KERNEL(OP, observed, OBSERVED, VARIANT, TX, BLOCKS, ROWS) \
  DS_GEMM_KERNEL(OP, paired, PAIRED, VARIANT, TX, BLOCKS, ROWS)     \
  DS_GEMM_KERNEL(OP, measured, MEASURED, VARIANT, TX, BLOCKS, ROWS) \
  DS_GEMM_KERNEL(OP, traced, TRACED, VARIANT, TX, BLOCKS, ROWS)
