// From the partial sums of tiles to the running statistics of a layer, in double.
//
//   statistics_reduce: adds the tiles of each image in ascending order
//                      [image][tile][word][channel] -> [image][field][channel], and each image's range
//   statistics_merge:  merges the images in ascending order into the state [field][channel] with the
//                      pairwise formulas of io.depthscope.stats.ChannelMoments, operation for operation
//
// Everything is double, counts too: they are exact up to 2^53. Fields of one stream: s1..s4 (mean, M2,
// M3, M4 in the state), min, max, zeros, NaNs, infinities; two streams, then error sum, error squares,
// max |e|, saturated, and the energies of the four sources.
// Launch: 256 threads a block, any number of blocks; reduce gives blocks to images, merge to channels.
// Java reference: ChannelMoments.add, LayerAccumulator.add.
#include "common/statistics.cuh"

constexpr int STREAM_FIELDS = 9;
constexpr int ERROR_FIELDS = 2 * STREAM_FIELDS;
constexpr int TERM_FIELDS = ERROR_FIELDS + 4;
constexpr int FIELDS = TERM_FIELDS + 4;
constexpr int REDUCE_THREADS = 256;

__device__ __forceinline__ int wordsOf(int level) { return level == 0 ? 8 : level == 1 ? 20 : 24; }

__device__ __forceinline__ float wordAt(const unsigned* at, int word, int stride) {
  return __uint_as_float(at[(long long)word * stride]);
}

// Sums of one stream over the tiles of one image; words begin at `at`.
__device__ __forceinline__ void reduceStream(
    const unsigned* at, int tiles, long long tileStep, int stride, double* to, float& lo, float& hi) {
  double s1 = 0.0, s2 = 0.0, s3 = 0.0, s4 = 0.0, zeros = 0.0, nans = 0.0, infinities = 0.0;
  lo = POSITIVE_INFINITY;
  hi = -POSITIVE_INFINITY;
  for (int tile = 0; tile < tiles; tile++, at += tileStep) {
    s1 += wordAt(at, 0, stride);
    s2 += wordAt(at, 1, stride);
    s3 += wordAt(at, 2, stride);
    s4 += wordAt(at, 3, stride);
    lo = fminf(lo, wordAt(at, 4, stride));
    hi = fmaxf(hi, wordAt(at, 5, stride));
    zeros += at[6LL * stride];
    unsigned n = at[7LL * stride];
    nans += n >> 16;
    infinities += n & 0xffffu;
  }
  lo += 0.0f; // -0 becomes 0: which of the two came first depends on the device
  hi += 0.0f;
  to[0] = s1;
  to[1LL * stride] = s2;
  to[2LL * stride] = s3;
  to[3LL * stride] = s4;
  to[4LL * stride] = lo;
  to[5LL * stride] = hi;
  to[6LL * stride] = zeros;
  to[7LL * stride] = nans;
  to[8LL * stride] = infinities;
}

extern "C" __global__ void __launch_bounds__(REDUCE_THREADS, 2) ds_statistics_reduce_u32_none_f64_channel__naive(
    const unsigned* partials, double* sums, float* ranges, StatisticsParams p) {
  __shared__ float lowest[REDUCE_THREADS];
  __shared__ float highest[REDUCE_THREADS];
  int t = threadIdx.x;
  long long tileStep = (long long)wordsOf(p.level) * p.stride;
  for (int image = blockIdx.x; image < p.images; image += gridDim.x) {
    float imageLo = POSITIVE_INFINITY, imageHi = -POSITIVE_INFINITY;
    for (int c = t; c < p.channels; c += REDUCE_THREADS) {
      const unsigned* from = partials + image * p.tilesPerImage * tileStep + c;
      double* to = sums + (long long)image * FIELDS * p.stride + c;
      float lo, hi;
      reduceStream(from, p.tilesPerImage, tileStep, p.stride, to, lo, hi);
      imageLo = fminf(imageLo, lo);
      imageHi = fmaxf(imageHi, hi);
      if (p.level == 0) {
        continue;
      }
      reduceStream(
          from + 8LL * p.stride, p.tilesPerImage, tileStep, p.stride, to + (long long)STREAM_FIELDS * p.stride, lo,
          hi);
      double sum = 0.0, squares = 0.0, saturated = 0.0;
      float largest = 0.0f;
      double terms[4] = {0.0, 0.0, 0.0, 0.0};
      const unsigned* at = from + 16LL * p.stride;
      for (int tile = 0; tile < p.tilesPerImage; tile++, at += tileStep) {
        sum += wordAt(at, 0, p.stride);
        squares += wordAt(at, 1, p.stride);
        largest = largestOf(largest, wordAt(at, 2, p.stride));
        saturated += at[3LL * p.stride];
        if (p.level == 2) {
#pragma unroll
          for (int i = 0; i < 4; i++) {
            terms[i] += wordAt(at, 4 + i, p.stride);
          }
        }
      }
      to[(long long)ERROR_FIELDS * p.stride] = sum;
      to[(ERROR_FIELDS + 1LL) * p.stride] = squares;
      to[(ERROR_FIELDS + 2LL) * p.stride] = largest;
      to[(ERROR_FIELDS + 3LL) * p.stride] = saturated;
#pragma unroll
      for (int i = 0; i < 4; i++) {
        to[(TERM_FIELDS + (long long)i) * p.stride] = terms[i];
      }
    }
    lowest[t] = imageLo;
    highest[t] = imageHi;
    __syncthreads();
    if (t == 0) {
      for (int i = 1; i < REDUCE_THREADS; i++) {
        imageLo = fminf(imageLo, lowest[i]);
        imageHi = fmaxf(imageHi, highest[i]);
      }
      ranges[2 * image] = imageLo + 0.0f;
      ranges[2 * image + 1] = imageHi + 0.0f;
    }
    __syncthreads();
  }
}

// Merges the sums of n values about a shift into count, mean, M2, M3, M4 (Chan et al. 1979; Pebay 2008).
__device__ __forceinline__ void mergeStream(
    const double* sums, double* state, int stride, double na, double nb, double shift) {
  double s1 = sums[0], s2 = sums[1LL * stride], s3 = sums[2LL * stride], s4 = sums[3LL * stride];
  double mean = state[0], m2 = state[1LL * stride], m3 = state[2LL * stride], m4 = state[3LL * stride];
  double total = na + nb;
  double inverse = 1.0 / nb;
  double share = nb / total;
  double c2 = na * nb / total;
  double c3 = c2 * (na - nb) / total;
  double c4 = c2 * (na * na - na * nb + nb * nb) / (total * total);
  double a = na / total;
  double u = s1 * inverse;
  double b2 = s2 - s1 * u;
  double b3 = s3 - 3.0 * u * s2 + 2.0 * u * u * s1;
  double b4 = s4 - 4.0 * u * s3 + 6.0 * u * u * s2 - 3.0 * u * u * u * s1;
  double meanB = shift + u;
  double e = na == 0.0 ? meanB : meanB - mean;
  state[3LL * stride] =
      m4 + (b4 + e * e * e * e * c4 + 6.0 * e * e * (a * a * b2 + share * share * m2) + 4.0 * e * (a * b3 - share * m3));
  state[2LL * stride] = m3 + b3 + e * e * e * c3 + 3.0 * e * (a * b2 - share * m2);
  state[1LL * stride] = m2 + b2 + e * e * c2;
  state[0] = na == 0.0 ? meanB : mean + e * share;
  double lo = sums[4LL * stride], hi = sums[5LL * stride];
  state[4LL * stride] = lo < state[4LL * stride] ? lo : state[4LL * stride];
  state[5LL * stride] = hi > state[5LL * stride] ? hi : state[5LL * stride];
#pragma unroll
  for (int i = 6; i < STREAM_FIELDS; i++) {
    state[(long long)i * stride] += sums[(long long)i * stride];
  }
}

extern "C" __global__ void __launch_bounds__(REDUCE_THREADS, 2) ds_statistics_merge_f64_none_f64_channel__naive(
    const double* sums, const float* shift, double* state, StatisticsParams p) {
  double before = (double)(((unsigned long long)p.imagesBeforeHigh << 32) | p.imagesBeforeLow) * p.positions;
  for (int c = blockIdx.x * REDUCE_THREADS + threadIdx.x; c < p.channels; c += gridDim.x * REDUCE_THREADS) {
    double about = shift[c];
    double* to = state + c;
    for (int image = 0; image < p.images; image++) {
      const double* from = sums + (long long)image * FIELDS * p.stride + c;
      double count = before + (double)image * p.positions;
      mergeStream(from, to, p.stride, count, p.positions, about);
      if (p.level == 0) {
        continue;
      }
      mergeStream(
          from + (long long)STREAM_FIELDS * p.stride, to + (long long)STREAM_FIELDS * p.stride, p.stride, count,
          p.positions, about);
      for (int i = ERROR_FIELDS; i < (p.level == 2 ? FIELDS : TERM_FIELDS); i++) {
        long long at = (long long)i * p.stride;
        if (i == ERROR_FIELDS + 2) {
          to[at] = from[at] > to[at] || from[at] != from[at] ? from[at] : to[at];
        } else {
          to[at] += from[at];
        }
      }
    }
  }
}
