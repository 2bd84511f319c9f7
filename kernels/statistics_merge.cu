// From the partial sums of tiles to the running statistics of all layers, in double.
//
//   statistics_reduce: adds the tiles of each image of one layer, in an order that the number of tiles fixes
//                      [image][tile][word][channel] -> [image][field][channel of the network], and each
//                      image's range, by groups of 32 channels
//   statistics_merge:  merges the images in ascending order into the state [field][channel of the network]
//                      with the pairwise formulas of io.depthscope.stats.ChannelMoments, operation for
//                      operation; one launch for all layers, whose channels lie one after the other
//
// Everything is double, counts too: they are exact up to 2^53. Fields of one stream: s1..s4 (mean, M2,
// M3, M4 in the state), min, max, zeros, NaNs, infinities; two streams, then error sum, error squares,
// max |e|, saturated, and the energies of the four sources.
// Launch: any number of blocks; reduce with 256 threads a block, which it gives to images and groups of
// channels, merge with 64, each for a channel.
// Java reference: ChannelMoments.add, LayerAccumulator.add.
#include "common/statistics.cuh"

constexpr int STREAM_FIELDS = 9;
constexpr int ERROR_FIELDS = 2 * STREAM_FIELDS;
constexpr int TERM_FIELDS = ERROR_FIELDS + 4;
constexpr int FIELDS = TERM_FIELDS + 4;
constexpr int STATISTICS_THREADS = 256;
constexpr int MERGE_THREADS = 64; // few, so that the channels spread over the device
constexpr int GROUP = 32;                           // channels a block reduces at once
constexpr int CHUNKS = STATISTICS_THREADS / GROUP; // threads that share a channel's tiles

__device__ __forceinline__ int wordsOf(int level) { return level == 0 ? 8 : level == 1 ? 20 : 24; }

__device__ __forceinline__ float wordAt(const unsigned* at, int word, int stride) {
  return __uint_as_float(at[(long long)word * stride]);
}

typedef double Joined[STREAM_FIELDS][CHUNKS][GROUP];

// How a field of two parts joins. Fields of a stream: 4 is min, 5 max. Fields of the error: 2 is max |e|.
template <bool ERROR_FIELD>
__device__ __forceinline__ double joinedField(int field, double a, double b) {
  if (ERROR_FIELD ? field == 2 : field == 5) {
    return b > a || b != b ? b : a;
  }
  return !ERROR_FIELD && field == 4 ? (b < a ? b : a) : a + b;
}

// Joins the fields of all chunks in ascending order and stores them; every thread of the block comes here.
// Chunk w takes the fields w, w + 8. ranges, if any, receives the group's smallest and largest value.
template <bool ERROR_FIELD>
__device__ __forceinline__ void storeFields(
    const double (&mine)[STREAM_FIELDS], int count, bool valid, Joined& joined, double* to, long long stride,
    float* ranges) {
  int lane = threadIdx.x % GROUP, chunk = threadIdx.x / GROUP;
#pragma unroll
  for (int f = 0; f < STREAM_FIELDS; f++) {
    joined[f][chunk][lane] = mine[f];
  }
  __syncthreads();
  for (int f = chunk; f < count; f += CHUNKS) {
    double r = joined[f][0][lane];
    for (int k = 1; k < CHUNKS; k++) {
      r = joinedField<ERROR_FIELD>(f, r, joined[f][k][lane]);
    }
    r += 0.0; // -0 becomes 0: which of the two zeros came first depends on the device
    if (valid) {
      to[f * stride] = r;
    }
    if (ranges != nullptr && (f == 4 || f == 5)) {
      for (int offset = GROUP / 2; offset > 0; offset /= 2) {
        r = joinedField<ERROR_FIELD>(f, r, __shfl_xor_sync(0xffffffffu, r, offset));
      }
      if (lane == 0) {
        ranges[f - 4] = (float)r;
      }
    }
  }
  __syncthreads();
}

// Sums of one stream over every CHUNKS-th tile of one image; its words begin at `at`.
__device__ __forceinline__ void reduceStream(
    const unsigned* at, int first, int tiles, long long tileStep, int stride, double (&s)[STREAM_FIELDS]) {
#pragma unroll
  for (int f = 0; f < STREAM_FIELDS; f++) {
    s[f] = 0.0;
  }
  float lo = POSITIVE_INFINITY, hi = -POSITIVE_INFINITY;
  at += first * tileStep;
  for (int tile = first; tile < tiles; tile += CHUNKS, at += CHUNKS * tileStep) {
    s[0] += wordAt(at, 0, stride);
    s[1] += wordAt(at, 1, stride);
    s[2] += wordAt(at, 2, stride);
    s[3] += wordAt(at, 3, stride);
    lo = fminf(lo, wordAt(at, 4, stride));
    hi = fmaxf(hi, wordAt(at, 5, stride));
    s[6] += at[6LL * stride];
    unsigned n = at[7LL * stride];
    s[7] += n >> 16;
    s[8] += n & 0xffffu;
  }
  s[4] = lo;
  s[5] = hi;
}

__device__ __forceinline__ void reduceError(
    const unsigned* at, int first, int tiles, long long tileStep, int stride, bool terms,
    double (&s)[STREAM_FIELDS]) {
#pragma unroll
  for (int f = 0; f < STREAM_FIELDS; f++) {
    s[f] = 0.0;
  }
  float largest = 0.0f;
  at += first * tileStep;
  for (int tile = first; tile < tiles; tile += CHUNKS, at += CHUNKS * tileStep) {
    s[0] += wordAt(at, 0, stride);
    s[1] += wordAt(at, 1, stride);
    largest = largestOf(largest, wordAt(at, 2, stride));
    s[3] += at[3LL * stride];
    if (terms) {
#pragma unroll
      for (int i = 4; i < 8; i++) {
        s[i] += wordAt(at, i, stride);
      }
    }
  }
  s[2] = largest;
}

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
    double s[STREAM_FIELDS];
    reduceStream(from, chunk, tiles, tileStep, p.stride, s);
    storeFields<false>(s, STREAM_FIELDS, valid, joined, to, p.networkChannels, ranges + 2LL * item);
    if (p.level == 0) {
      continue;
    }
    reduceStream(from + 8LL * p.stride, chunk, tiles, tileStep, p.stride, s);
    storeFields<false>(
        s, STREAM_FIELDS, valid, joined, to + (long long)STREAM_FIELDS * p.networkChannels, p.networkChannels,
        nullptr);
    reduceError(from + 16LL * p.stride, chunk, tiles, tileStep, p.stride, p.level == 2, s);
    storeFields<true>(
        s, FIELDS - ERROR_FIELDS, valid, joined, to + (long long)ERROR_FIELDS * p.networkChannels, p.networkChannels,
        nullptr);
  }
}

// What merging an image of n values into na values needs, whatever the channel.
struct MergeWeights {
  double nb, inverse, share, a, c2, c3, c4;
  bool first;

  __device__ __forceinline__ MergeWeights(double na, double n) : nb(n), first(na == 0.0) {
    double total = na + nb;
    inverse = 1.0 / nb;
    share = nb / total;
    c2 = na * nb / total;
    c3 = c2 * (na - nb) / total;
    c4 = c2 * (na * na - na * nb + nb * nb) / (total * total);
    a = na / total;
  }
};

// The running state of one stream of one channel.
struct StreamState {
  double f[STREAM_FIELDS];

  __device__ __forceinline__ void load(const double* at, long long stride) {
#pragma unroll
    for (int i = 0; i < STREAM_FIELDS; i++) {
      f[i] = at[i * stride];
    }
  }

  __device__ __forceinline__ void store(double* at, long long stride) const {
#pragma unroll
    for (int i = 0; i < STREAM_FIELDS; i++) {
      at[i * stride] = f[i];
    }
  }

  // Merges an image's sums about a shift into count, mean, M2, M3, M4 (Chan et al. 1979; Pebay 2008).
  __device__ __forceinline__ void merge(const double* sums, long long stride, const MergeWeights& w, double shift) {
    double s1 = sums[0], s2 = sums[stride], s3 = sums[2 * stride], s4 = sums[3 * stride];
    double u = s1 * w.inverse;
    double b2 = s2 - s1 * u;
    double b3 = s3 - 3.0 * u * s2 + 2.0 * u * u * s1;
    double b4 = s4 - 4.0 * u * s3 + 6.0 * u * u * s2 - 3.0 * u * u * u * s1;
    double meanB = shift + u;
    double e = w.first ? meanB : meanB - f[0];
    double m2 = f[1], m3 = f[2];
    f[3] += b4 + e * e * e * e * w.c4 + 6.0 * e * e * (w.a * w.a * b2 + w.share * w.share * m2) +
        4.0 * e * (w.a * b3 - w.share * m3);
    f[2] = m3 + b3 + e * e * e * w.c3 + 3.0 * e * (w.a * b2 - w.share * m2);
    f[1] = m2 + b2 + e * e * w.c2;
    f[0] = w.first ? meanB : f[0] + e * w.share;
    double lo = sums[4 * stride], hi = sums[5 * stride];
    f[4] = lo < f[4] ? lo : f[4];
    f[5] = hi > f[5] ? hi : f[5];
#pragma unroll
    for (int i = 6; i < STREAM_FIELDS; i++) {
      f[i] += sums[i * stride];
    }
  }
};

extern "C" __global__ void __launch_bounds__(MERGE_THREADS, 1) ds_statistics_merge_f64_none_f64_channel__naive(
    const double* sums, const float* shift, const int* positions, double* state, MergeParams p) {
  double before = (double)(((unsigned long long)p.imagesBeforeHigh << 32) | p.imagesBeforeLow);
  long long stride = p.channels;
  int errorFields = p.level == 2 ? 8 : 4;
  for (int c = blockIdx.x * MERGE_THREADS + threadIdx.x; c < p.channels; c += gridDim.x * MERGE_THREADS) {
    double n = positions[c];
    if (n == 0.0) {
      continue; // padding
    }
    double about = shift[c];
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
      MergeWeights w((before + image) * n, n);
      fp32.merge(from, stride, w, about);
      if (p.level > 0) {
        quantized.merge(from + STREAM_FIELDS * stride, stride, w, about);
#pragma unroll
        for (int i = 0; i < 8; i++) {
          if (i < errorFields) {
            error[i] = joinedField<true>(i, error[i], from[(ERROR_FIELDS + i) * stride]);
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
