// A matrix product with the statistics of both streams in its epilogue; pointwise_gemm.cu and
// conv2d.cu instantiate it.
//
//   out[row][n] = sum over k of A[row][k] * W[k][n],  then bias, activation function, quantization
//
// A row is an output position; the positions of an image follow one another. Blocks compute tiles of
// up to 112 rows and 8 * TX columns; 16 * TX threads hold 7 x 8 sums each. Rows of 7 a thread because
// 112 = 4 * 28 = 2 * 56 fits the 14x14, 28x28, ... images of 224x224 networks without waste, and a
// power of two of threads because the warps of two blocks then share the four schedulers evenly; for
// that, two blocks of 256 threads have to fit a multiprocessor: 128 registers. Every sum is one chain
// of fused multiply-adds from k = 0 upwards, whatever the tile.
//
// Both streams are computed by the same block, one after the other. Without statistics the results are
// finished in registers. With them, the raw products are stored, and measureTiles finishes the tile
// with one channel a thread while it is still in the cache.
#pragma once

#include "measure.cuh"

constexpr int TILE_ROWS = 112;
constexpr int ROWS_PER_THREAD = 7;
constexpr int THREAD_ROWS = TILE_ROWS / ROWS_PER_THREAD;
constexpr int COLUMNS_PER_THREAD = 8;
constexpr int TILE_DEPTH = 8;
constexpr int QUADS = TILE_DEPTH / 4;

__device__ __forceinline__ float4 zero4() { return make_float4(0.0f, 0.0f, 0.0f, 0.0f); }

__device__ __forceinline__ float4 load4(const float* at) { return *reinterpret_cast<const float4*>(at); }

__device__ __forceinline__ void store4(float* at, float4 v) { *reinterpret_cast<float4*>(at) = v; }

// A row of a pointwise product: the input position itself. depth = channels padded to 4.
struct PointwiseRow {
  // Where a thread stands in its rows.
  struct Place {
    int k;

    __device__ __forceinline__ Place(const LayerParams&, int quad) : k(quad) {}
    __device__ __forceinline__ void advance(const LayerParams&) { k += TILE_DEPTH; }
  };

  const float* at;

  PointwiseRow() = default;

  // Where the rows of a tile are counted from, which begins at a position of an image.
  __device__ __forceinline__ static const float* begin(const LayerParams& p, const float* in, int image, int position) {
    return in + ((long long)image * positionsOf(p) + position) * p.inStride;
  }

  __device__ __forceinline__ PointwiseRow(const LayerParams& p, const float* begin, int, int row)
      : at(begin + row * p.inStride) {}

  __device__ __forceinline__ float4 load(const LayerParams& p, const Place& place) const {
    return place.k < p.depth ? load4(at + place.k) : zero4();
  }
};

// A row of a dense convolution: its window, kernel rows first, then columns, then channels. Nothing is
// gathered in memory; taps outside the image read as 0.
struct WindowRow {
  // Kept by counting, since a division at each step costs more than the step.
  struct Place {
    int ky, kx, c;

    __device__ __forceinline__ Place(const LayerParams& p, int quad) : ky(0), kx(0), c(quad) { carry(p); }

    __device__ __forceinline__ void advance(const LayerParams& p) {
      c += TILE_DEPTH;
      carry(p);
    }

    __device__ __forceinline__ void carry(const LayerParams& p) {
#pragma unroll 1
      while (c >= p.inStride) {
        c -= p.inStride;
        kx++;
        if (kx == p.kernelWidth) {
          kx = 0;
          ky++;
        }
      }
    }
  };

  const float* image;
  int top, left;

  WindowRow() = default;

  __device__ __forceinline__ static const float* begin(const LayerParams& p, const float* in, int image, int) {
    return in + (long long)image * (p.inHeight * p.inWidth * p.inStride);
  }

  __device__ __forceinline__ WindowRow(const LayerParams& p, const float* begin, int first, int row) {
    int positions = positionsOf(p);
    int n = (first + row) / positions, position = first + row - n * positions;
    int y = position / p.outWidth, x = position - y * p.outWidth;
    image = begin + (long long)n * (p.inHeight * p.inWidth * p.inStride);
    top = y * p.strideHeight - p.padTop;
    left = x * p.strideWidth - p.padLeft;
  }

  __device__ __forceinline__ float4 load(const LayerParams& p, const Place& place) const {
    int y = top + place.ky * p.dilationHeight, x = left + place.kx * p.dilationWidth;
    bool inside = place.ky < p.kernelHeight && (unsigned)y < (unsigned)p.inHeight && (unsigned)x < (unsigned)p.inWidth;
    return inside ? load4(image + (y * p.inWidth + x) * p.inStride + place.c) : zero4();
  }
};

template <int TX>
struct GemmShape {
  static constexpr int THREADS = THREAD_ROWS * TX;
  static constexpr int COLUMNS = COLUMNS_PER_THREAD * TX;
  static constexpr int A_FLOATS = TILE_ROWS * TILE_DEPTH;
  static constexpr int W_FLOATS = TILE_DEPTH * COLUMNS;
  static constexpr int BUFFER = A_FLOATS + W_FLOATS;
  static constexpr int A_LOADS = (TILE_ROWS * QUADS + THREADS - 1) / THREADS;
  static constexpr int W_LOADS = W_FLOATS / 4 / THREADS;
  static constexpr int W_STEP = TILE_DEPTH / W_LOADS; // rows of W between two loads of a thread
  static constexpr int MEASURE_WORDS = ROUND_WORDS * THREADS;
  static constexpr int SHARED_WORDS = 2 * BUFFER > MEASURE_WORDS ? 2 * BUFFER : MEASURE_WORDS;
};

constexpr int MOST_PRODUCTS = 3;

typedef float Sums[ROWS_PER_THREAD][COLUMNS_PER_THREAD];

// Which sums a thread holds: rows 7 * y .. + 6, and the quads of columns x of each half of the tile. A
// warp covers 4 x 8 threads, so that of both factors it reads few different words; lanes that differ
// in the lowest bit read the same columns, which halves the passes of a 16-byte read.
template <int TX>
struct ThreadPlace {
  int y, x;

  __device__ __forceinline__ explicit ThreadPlace(int t) {
    int lane = t % 32, warp = t / 32;
    y = warp / (TX / 8) * 4 + lane % 2 + lane / 16 * 2;
    x = warp % (TX / 8) * 8 + lane / 2 % 8;
  }
};

// What a block works on. It lies in shared memory, written by one thread: the product has no registers
// to spare for what is needed before and after it, nor for addresses that outlive a tile.
struct BlockTile {
  int index, blocks; // of so many in the layer
  int turn;
  int image, position; // of the first row
  int rows, column0;
  int firstTile, tiles; // tiles of the statistics: a block takes several small ones
  // For each product: the first row of A, and the tile's first column of W and of the output.
  const float *a[MOST_PRODUCTS], *w[MOST_PRODUCTS];
  float* out[MOST_PRODUCTS];

  // This thread's number. Warps change places from tile to tile, so that not always the same scheduler
  // has those with rows beyond the last; and nothing made from a place is kept in registers meanwhile.
  template <int THREADS>
  __device__ __forceinline__ int thread() const {
    return (threadIdx.x + turn) % THREADS;
  }

  __device__ __forceinline__ void locate(const LayerParams& p, int i, int columns) {
    int columnTiles = (p.outStride + columns - 1) / columns;
    int allTiles = p.images * p.tilesPerImage;
    index = i;
    blocks = (allTiles + p.tilesPerBlock - 1) / p.tilesPerBlock * columnTiles;
    turn = i % 32 * 32;
    firstTile = i / columnTiles * p.tilesPerBlock;
    column0 = i % columnTiles * columns;
    tiles = min(p.tilesPerBlock, allTiles - firstTile);
    image = firstTile / p.tilesPerImage;
    position = (firstTile - image * p.tilesPerImage) * p.rowsPerTile;
    rows = (tiles - 1) * p.rowsPerTile + min(p.rowsPerTile, positionsOf(p) - position);
  }

  template <class Row>
  __device__ __forceinline__ void setProduct(
      const LayerParams& p, int i, const float* in, const float* weights, float* to) {
    a[i] = Row::begin(p, in, image, position);
    w[i] = weights + column0;
    out[i] = to + ((long long)image * positionsOf(p) + position) * p.outStride + column0;
  }
};

// One product of one stream for one tile. Rows beyond the last repeat it; nobody stores them.
template <int TX, class Row>
__device__ __forceinline__ void product(
    const LayerParams& p, const BlockTile& tile, int index, float* shared, Sums& sums) {
  typedef GemmShape<TX> S;
  int t = tile.thread<S::THREADS>();
#pragma unroll
  for (int i = 0; i < ROWS_PER_THREAD; i++) {
#pragma unroll
    for (int j = 0; j < COLUMNS_PER_THREAD; j++) {
      sums[i][j] = 0.0f;
    }
  }
  // A thread fetches the same quad of several rows of A, and the same columns of several rows of W.
  static_assert(S::THREADS % QUADS == 0 && S::THREADS * 4 % S::COLUMNS == 0, "");
  typename Row::Place place(p, t % QUADS * 4);
  int depthW = t * 4 / S::COLUMNS;
  int column = t * 4 % S::COLUMNS;
  const float* fromW = tile.w[index] + depthW * p.outStride + column;
  int limitW = tile.column0 + column < p.outStride ? p.depth - depthW : 0;
  Row from[S::A_LOADS];
#pragma unroll
  for (int i = 0; i < S::A_LOADS; i++) {
    from[i] = Row(p, tile.a[index], tile.position, min((t + i * S::THREADS) / QUADS, tile.rows - 1));
  }
  float4 nextA[S::A_LOADS], nextW[S::W_LOADS];
  auto fetch = [&](int k0) {
#pragma unroll
    for (int i = 0; i < S::A_LOADS; i++) {
      nextA[i] = from[i].load(p, place);
    }
    place.advance(p);
#pragma unroll
    for (int i = 0; i < S::W_LOADS; i++) {
      int k = k0 + i * S::W_STEP;
      nextW[i] = k < limitW ? load4(fromW + (unsigned)k * (unsigned)p.outStride) : zero4();
    }
  };
  auto keep = [&](float* buffer) {
#pragma unroll
    for (int i = 0; i < S::A_LOADS; i++) {
      int at = t + i * S::THREADS;
      if ((i + 1) * S::THREADS <= TILE_ROWS * QUADS || at < TILE_ROWS * QUADS) {
        store4(buffer + at * 4, nextA[i]);
      }
    }
#pragma unroll
    for (int i = 0; i < S::W_LOADS; i++) {
      store4(buffer + S::A_FLOATS + (t + i * S::THREADS) * 4, nextW[i]);
    }
  };
  ThreadPlace<TX> own(t);
  fetch(0);
  keep(shared);
  __syncthreads();
#pragma unroll 1
  for (int k0 = 0; k0 < p.depth; k0 += TILE_DEPTH) {
    const float* buffer = shared + (k0 & TILE_DEPTH ? S::BUFFER : 0);
    bool more = k0 + TILE_DEPTH < p.depth;
    if (more) {
      fetch(k0 + TILE_DEPTH);
    }
    // Rows of A need no padding: the four that a warp reads lie 7 * 8 words apart, in other banks.
    const float* rowsA = buffer + own.y * ROWS_PER_THREAD * TILE_DEPTH;
    const float* rowsW = buffer + S::A_FLOATS + 4 * own.x;
    // Two depths at a time: four would save loads, but not fit the registers.
#pragma unroll
    for (int pair = 0; pair < TILE_DEPTH; pair += 2) {
      float2 av[ROWS_PER_THREAD];
#pragma unroll
      for (int i = 0; i < ROWS_PER_THREAD; i++) {
        av[i] = *reinterpret_cast<const float2*>(rowsA + i * TILE_DEPTH + pair);
      }
#pragma unroll
      for (int k = 0; k < 2; k++) {
        float4 b0 = load4(rowsW + (pair + k) * S::COLUMNS);
        float4 b1 = load4(rowsW + (pair + k) * S::COLUMNS + S::COLUMNS / 2);
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
      keep(shared + (k0 & TILE_DEPTH ? 0 : S::BUFFER));
    }
    __syncthreads();
  }
}

// Stores a thread's sums; finished means with bias and activation function, and quantized where the quantized
// stream's are.
template <int TX, bool FINISHED>
__device__ __forceinline__ void storeSums(
    const LayerParams& p, bool quantized, const float* bias, const BlockTile& tile, int index, const Sums& sums) {
  Quantizer q(p);
  ThreadPlace<TX> place(tile.thread<GemmShape<TX>::THREADS>());
  int row = place.y * ROWS_PER_THREAD;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int column = half * GemmShape<TX>::COLUMNS / 2 + 4 * place.x;
    int n = tile.column0 + column;
    if (n >= p.outStride) {
      continue;
    }
    float b[4];
#pragma unroll
    for (int j = 0; j < 4; j++) {
      b[j] = FINISHED && n + j < p.outChannels ? bias[(quantized ? 3 * p.outStride : 0) + n + j] : 0.0f;
    }
    float* to = tile.out[index] + row * p.outStride + column;
#pragma unroll
    for (int i = 0; i < ROWS_PER_THREAD; i++, to += p.outStride) {
      if (row + i >= tile.rows) {
        continue;
      }
      float v[4];
#pragma unroll
      for (int j = 0; j < 4; j++) {
        v[j] = sums[i][half * 4 + j];
        if (FINISHED) {
          v[j] = activate(v[j] + b[j], bias[p.outStride + n + j], bias[2 * p.outStride + n + j]);
          if (quantized && p.quantized) {
            v[j] = q.fakeQuantize(v[j]);
          }
          v[j] = n + j < p.outChannels ? v[j] : 0.0f;
        }
      }
      store4(to, make_float4(v[0], v[1], v[2], v[3]));
    }
  }
}

// A whole layer. Consecutive blocks take the column tiles of the same rows, which are then read from
// the cache.
template <int MODE, int TX, class Row>
__device__ __forceinline__ void gemmLayer(const LayerParams& p, const LayerPointers& d) {
  typedef GemmShape<TX> S;
  alignas(16) __shared__ float shared[S::SHARED_WORDS];
  __shared__ BlockHistogram histogram;
  __shared__ BlockTile tile;
  constexpr bool STATISTICS = hasStatistics(MODE);
  // The fp32 stream, then the quantized weights on the fp32 input, then the quantized stream.
  constexpr int PRODUCTS = MODE == TRACED ? MOST_PRODUCTS : hasPair(MODE) ? 2 : 1;
  if (STATISTICS && p.histograms) {
    histogram.clear(threadIdx.x, S::THREADS);
  }
  // One thread keeps the tile, and its index too: of a loop like any other, the index and its step would
  // take registers. The barriers part the readers of a tile from the writer of the next.
  auto take = [&](int index) {
    __syncthreads();
    if (threadIdx.x == 0) {
      tile.locate(p, index, S::COLUMNS);
      tile.setProduct<Row>(p, 0, d.in, d.w, d.out);
      if (MODE == TRACED) {
        tile.setProduct<Row>(p, 1, d.in, d.wQ, d.middle);
      }
      if (hasPair(MODE)) {
        tile.setProduct<Row>(p, PRODUCTS - 1, d.inQ, d.wQ, d.outQ);
      }
    }
    __syncthreads();
  };
  for (take(blockIdx.x); tile.index < tile.blocks; take(tile.index + gridDim.x)) {
#pragma unroll 1
    for (int j = 0; j < PRODUCTS; j++) {
      Sums sums;
      product<TX, Row>(p, tile, j, shared, sums);
      storeSums<TX, !STATISTICS>(p, j > 0, d.bias, tile, j, sums);
    }
    if (STATISTICS) {
      __syncthreads(); // the tile's products are read by other threads than wrote them
      measureTiles<MODE, S::THREADS, ProductSource>(
          p, d, tile.thread<S::THREADS>(), tile.firstTile, tile.tiles, tile.column0, &histogram,
          reinterpret_cast<unsigned*>(shared));
    }
  }
  if (STATISTICS && p.histograms) {
    __syncthreads();
    histogram.flush(threadIdx.x, S::THREADS, d.bits, d.codes);
  }
}

#define DS_GEMM_KERNEL(OP, MODE_NAME, MODE, VARIANT, TX, BLOCKS, ROW)                        \
  DS_LAYER_KERNEL(                                                                           \
      ds_##OP##_##MODE_NAME##_f32_f32_f32_tensor__##VARIANT, GemmShape<TX>::THREADS, BLOCKS, \
      (gemmLayer<MODE, TX, ROW>(p, d)))

#define DS_GEMM_KERNELS(OP, VARIANT, TX, BLOCKS, ROW)             \
  DS_GEMM_KERNEL(OP, plain, PLAIN, VARIANT, TX, BLOCKS, ROW)       \
  DS_GEMM_KERNEL(OP, observed, OBSERVED, VARIANT, TX, BLOCKS, ROW) \
  DS_GEMM_KERNEL(OP, paired, PAIRED, VARIANT, TX, BLOCKS, ROW)     \
  DS_GEMM_KERNEL(OP, measured, MEASURED, VARIANT, TX, BLOCKS, ROW) \
  DS_GEMM_KERNEL(OP, traced, TRACED, VARIANT, TX, BLOCKS, ROW)
