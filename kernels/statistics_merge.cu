// From the partial sums of tiles to the running statistics of all layers, in double.
//
//   statistics_reduce: joins the tiles of each image of one layer, in an order that the number of tiles
//                      fixes: [image][tile][word][channel] -> [image][field][channel of the network], and
//                      each image's range, by groups of 32 channels
//   statistics_merge:  joins the images in ascending order to the state [field][channel of the network];
//                      one launch for all layers, whose channels lie one after the other
//
// Everything is double, counts too: they are exact up to 2^53. Fields of one stream: mean, M2, M3, M4,
// min, max, zeros, NaNs, infinities; two streams, then error sum, error squares, max |e|, saturated, and
// the energies of the four sources.
// Launch: any number of blocks; reduce with 256 threads a block, which it gives to images and groups of
// channels, merge with 64, each for a channel.
// Java reference: Moments, ChannelMoments.add, LayerAccumulator.add.
#include "common/moments.cuh"
#include "common/statistics.cuh"

constexpr int STREAM_FIELDS = 9;
constexpr int ERROR_FIELDS = 2 * STREAM_FIELDS;
constexpr int TERM_FIELDS = ERROR_FIELDS + 4;
constexpr int FIELDS = TERM_FIELDS + 4;
constexpr int STATISTICS_THREADS = 256;
constexpr int MERGE_THREADS = 64; // few, so that the channels spread over the device
constexpr int GROUP = 32;                           // channels a block reduces at once
constexpr int CHUNKS = STATISTICS_THREADS / GROUP; // threads that share a channel's tiles

__device__ __forceinline__ int wordsOf(int level) { return level == 0 ? 9 : level == 1 ? 22 : 27; }

__device__ __forceinline__ float wordAt(const unsigned* at, int word, int stride) {
  return __uint_as_float(at[(long long)word * stride]);
}

// A stream's fields and its number of values, or the fields of the error, of each thread.
constexpr int COUNT_FIELD = STREAM_FIELDS;
typedef double Joined[STREAM_FIELDS + 1][CHUNKS][GROUP];

// Statistics of one stream of one channel: of some tiles, of an image, of a run.
struct StreamState {
  Moments m;
  double lo, hi, zeros, nans, infinities;

  __device__ __forceinline__ void clear() {
    m.clear();
    lo = POSITIVE_INFINITY;
    hi = -POSITIVE_INFINITY;
    zeros = nans = infinities = 0.0;
  }

  __device__ __forceinline__ void load(const double* at, long long stride) {
    m.mean = at[0];
    m.m2 = at[stride];
    m.m3 = at[2 * stride];
    m.m4 = at[3 * stride];
    lo = at[4 * stride];
    hi = at[5 * stride];
    zeros = at[6 * stride];
    nans = at[7 * stride];
    infinities = at[8 * stride];
  }

  __device__ __forceinline__ void store(double* at, long long stride) const {
    at[0] = m.mean;
    at[stride] = m.m2;
    at[2 * stride] = m.m3;
    at[3 * stride] = m.m4;
    at[4 * stride] = lo;
    at[5 * stride] = hi;
    at[6 * stride] = zeros;
    at[7 * stride] = nans;
    at[8 * stride] = infinities;
  }

  // Joins nb values to the na values here.
  __device__ __forceinline__ void add(double na, const StreamState& b, double nb) {
    m.add(na, b.m, nb);
    lo = b.lo < lo ? b.lo : lo;
    hi = b.hi > hi ? b.hi : hi;
    zeros += b.zeros;
    nans += b.nans;
    infinities += b.infinities;
  }
};

// A stream's statistics over every CHUNKS-th tile of one image, whose words begin at `at`; returns the
// number of values.
__device__ __forceinline__ double reduceStream(
    const unsigned* at, int first, int tiles, long long tileStep, int stride, StreamState& s) {
  s.clear();
  double n = 0.0;
  at += first * tileStep;
  for (int tile = first; tile < tiles; tile += CHUNKS, at += CHUNKS * tileStep) {
    unsigned counts = at[(long long)COUNTS * stride], nonFinite = at[(long long)NON_FINITE * stride];
    float lo = wordAt(at, LOWEST, stride), hi = wordAt(at, HIGHEST, stride);
    double values = counts >> 16;
    StreamState b;
    b.m.setPowers(
        values, wordAt(at, ABOUT, stride), unitOf(hi - lo), wordAt(at, S1, stride), wordAt(at, S2, stride),
        wordAt(at, S3, stride), wordAt(at, S4, stride));
    b.lo = lo;
    b.hi = hi;
    b.zeros = counts & 0xffffu;
    b.nans = nonFinite >> 16;
    b.infinities = nonFinite & 0xffffu;
    s.add(n, b, values);
    n += values;
  }
  return n;
}

// Joins a stream's statistics of all chunks in ascending order and stores them; every thread of the block
// comes here. ranges, if any, receives the group's smallest and largest value.
__device__ __forceinline__ void storeStream(
    const StreamState& mine, double n, bool valid, Joined& joined, double* to, long long stride, float* ranges) {
  int lane = threadIdx.x % GROUP, chunk = threadIdx.x / GROUP;
  mine.store(&joined[0][chunk][lane], CHUNKS * GROUP);
  joined[COUNT_FIELD][chunk][lane] = n;
  __syncthreads();
  if (chunk == 0) {
    StreamState all = mine;
    for (int k = 1; k < CHUNKS; k++) {
      StreamState b;
      b.load(&joined[0][k][lane], CHUNKS * GROUP);
      double values = joined[COUNT_FIELD][k][lane];
      all.add(n, b, values);
      n += values;
    }
    // -0 becomes 0: which of the two zeros came first depends on the device.
    all.lo += 0.0;
    all.hi += 0.0;
    if (valid) {
      all.store(to, stride);
    }
    if (ranges != nullptr) {
      double lo = all.lo, hi = all.hi;
      for (int offset = GROUP / 2; offset > 0; offset /= 2) {
        double l = __shfl_xor_sync(0xffffffffu, lo, offset), h = __shfl_xor_sync(0xffffffffu, hi, offset);
        lo = l < lo ? l : lo;
        hi = h > hi ? h : hi;
      }
      if (lane == 0) {
        ranges[0] = (float)lo;
        ranges[1] = (float)hi;
      }
    }
  }
  __syncthreads();
}

// How two parts of a field of the error join; 2 is max |e|.
__device__ __forceinline__ double joinedError(int field, double a, double b) {
  return field != 2 ? a + b : b > a || b != b ? b : a;
}

__device__ __forceinline__ void reduceError(
    const unsigned* at, int first, int tiles, long long tileStep, int stride, bool terms,
    double (&s)[FIELDS - ERROR_FIELDS]) {
#pragma unroll
  for (int f = 0; f < FIELDS - ERROR_FIELDS; f++) {
    s[f] = 0.0;
  }
  float largest = 0.0f;
  at += first * tileStep;
  for (int tile = first; tile < tiles; tile += CHUNKS, at += CHUNKS * tileStep) {
    const unsigned* e = at + (long long)ERROR_WORD * stride;
    float most = wordAt(e, ERROR_LARGEST, stride);
    double unit = unitOf(most);
    s[0] += wordAt(e, ERROR_SUM, stride) * unit;
    s[1] += wordAt(e, ERROR_SQUARES, stride) * (unit * unit);
    largest = largestOf(largest, most);
    s[3] += e[(long long)SATURATED * stride];
    if (terms) {
      const unsigned* t = at + (long long)SOURCE_WORD * stride;
      double own = unitOf(wordAt(t, SOURCE_LARGEST, stride));
#pragma unroll
      for (int i = 0; i < 4; i++) {
        s[4 + i] += wordAt(t, FIRST_ENERGY + i, stride) * (own * own);
      }
    }
  }
  s[2] = largest;
}

// Joins the error's fields of all chunks in ascending order and stores them. Chunk w takes field w.
__device__ __forceinline__ void storeError(
    const double (&mine)[FIELDS - ERROR_FIELDS], bool valid, Joined& joined, double* to, long long stride) {
  int lane = threadIdx.x % GROUP, chunk = threadIdx.x / GROUP;
#pragma unroll
  for (int f = 0; f < FIELDS - ERROR_FIELDS; f++) {
    joined[f][chunk][lane] = mine[f];
  }
  __syncthreads();
  double r = joined[chunk][0][lane];
  for (int k = 1; k < CHUNKS; k++) {
    r = joinedError(chunk, r, joined[chunk][k][lane]);
  }
  if (valid) {
    to[chunk * stride] = r;
  }
  __syncthreads();
}
static_assert(FIELDS - ERROR_FIELDS == CHUNKS, "a chunk takes a field of the error");

extern "C" __global__ void __launch_bounds__(STATISTICS_THREADS, 2) ds_statistics_reduce_u32_none_f64_channel__chunks(
    const unsigned* partials, double* sums, float* ranges, ReduceParams p) {
  __shared__ Joined joined;
  int lane = threadIdx.x % GROUP, chunk = threadIdx.x / GROUP;
  int groups = (p.channels + GROUP - 1) / GROUP;
  long long tileStep = (long long)wordsOf(p.level) * p.stride;
  for (int item = blockIdx.x; item < p.images * groups; item += gridDim.x) {
    int image = item / groups, group = item % groups;
    int c = group * GROUP + lane;
    bool valid = c < p.channels;
    // Threads without a channel join in with no tiles.
    int tiles = valid ? p.tilesPerImage : 0;
    const unsigned* from = partials + image * p.tilesPerImage * tileStep + c;
    double* to = sums + (long long)image * FIELDS * p.networkChannels + c;
    StreamState s;
    double n = reduceStream(from, chunk, tiles, tileStep, p.stride, s);
    storeStream(s, n, valid, joined, to, p.networkChannels, ranges + 2LL * item);
    if (p.level == 0) {
      continue;
    }
    n = reduceStream(from + (long long)STREAM_WORDS * p.stride, chunk, tiles, tileStep, p.stride, s);
    storeStream(
        s, n, valid, joined, to + (long long)STREAM_FIELDS * p.networkChannels, p.networkChannels, nullptr);
    double error[FIELDS - ERROR_FIELDS];
    reduceError(from, chunk, tiles, tileStep, p.stride, p.level == 2, error);
    storeError(error, valid, joined, to + (long long)ERROR_FIELDS * p.networkChannels, p.networkChannels);
  }
}

extern "C" __global__ void __launch_bounds__(MERGE_THREADS, 1) ds_statistics_merge_f64_none_f64_channel__naive(
    const double* sums, const int* positions, double* state, MergeParams p) {
  double before = (double)(((unsigned long long)p.imagesBeforeHigh << 32) | p.imagesBeforeLow);
  long long stride = p.channels;
  int errorFields = p.level == 2 ? 8 : 4;
  for (int c = blockIdx.x * MERGE_THREADS + threadIdx.x; c < p.channels; c += gridDim.x * MERGE_THREADS) {
    double n = positions[c];
    if (n == 0.0) {
      continue; // padding
    }
    double* to = state + c;
    StreamState fp32, quantized;
    double error[8];
    fp32.load(to, stride);
    if (p.level > 0) {
      quantized.load(to + STREAM_FIELDS * stride, stride);
    }
#pragma unroll
    for (int i = 0; i < 8; i++) {
      error[i] = p.level > 0 && i < errorFields ? to[(ERROR_FIELDS + i) * stride] : 0.0;
    }
    for (int image = 0; image < p.images; image++) {
      const double* from = sums + (long long)image * FIELDS * stride + c;
      double na = (before + image) * n;
      StreamState b;
      b.load(from, stride);
      fp32.add(na, b, n);
      if (p.level > 0) {
        b.load(from + STREAM_FIELDS * stride, stride);
        quantized.add(na, b, n);
#pragma unroll
        for (int i = 0; i < 8; i++) {
          if (i < errorFields) {
            error[i] = joinedError(i, error[i], from[(ERROR_FIELDS + i) * stride]);
          }
        }
      }
    }
    fp32.store(to, stride);
    if (p.level > 0) {
      quantized.store(to + STREAM_FIELDS * stride, stride);
#pragma unroll
      for (int i = 0; i < 8; i++) {
        if (i < errorFields) {
          to[(ERROR_FIELDS + i) * stride] = error[i];
        }
      }
    }
  }
}
