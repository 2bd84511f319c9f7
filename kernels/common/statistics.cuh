// Per-channel sums of one tile, in registers, and their way to the partial sums in memory.
//
// A tile covers at most 256 positions of one image, so every float32 sum has at most 256 terms. Partial
// sums are 32-bit words [image][tile][word][channel]: eight of the fp32 stream, eight of the quantized
// one, four of the error, four of its sources. statistics_merge.cu adds them up in double.
#pragma once

#include "cuda_language.cuh"
#include "params.cuh"

// What a kernel computes; the kinds of io.depthscope.plan.Recording.
constexpr int PLAIN = 0;    // the fp32 stream
constexpr int OBSERVED = 1; // the same with statistics
constexpr int PAIRED = 2;   // both streams
constexpr int MEASURED = 3; // both with statistics
constexpr int TRACED = 4;   // and the sources of error, from a third product

__device__ constexpr bool hasPair(int mode) { return mode >= PAIRED; }
__device__ constexpr bool hasStatistics(int mode) { return mode == OBSERVED || mode >= MEASURED; }

constexpr int WORDS_PER_ROUND = 8;
__device__ constexpr int partialWords(int mode) { return mode == OBSERVED ? 8 : mode == TRACED ? 24 : 20; }

constexpr float POSITIVE_INFINITY = __builtin_inff();
constexpr float LARGEST_FINITE = 3.402823466e38f;

struct StreamSums {
  float s1, s2, s3, s4; // powers about the channel's shift
  float lo, hi;
  unsigned zeros, nonFinite; // nonFinite: NaNs in the upper half, infinities in the lower

  __device__ __forceinline__ void clear() {
    s1 = s2 = s3 = s4 = 0.0f;
    lo = POSITIVE_INFINITY;
    hi = -POSITIVE_INFINITY;
    zeros = nonFinite = 0u;
  }

  __device__ __forceinline__ void add(float x, float shift) {
    float d = x - shift;
    float d2 = d * d;
    s1 += d;
    s2 += d2;
    s3 = fmaf(d2, d, s3);
    s4 = fmaf(d2, d2, s4);
    lo = fminf(lo, x); // NaN takes no part
    hi = fmaxf(hi, x);
    zeros += x == 0.0f ? 1u : 0u;
    if (!(fabsf(x) <= LARGEST_FINITE)) {
      nonFinite += x != x ? 0x10000u : 1u;
    }
  }
};

struct ErrorSums {
  float sum, squares;
  unsigned largest; // bits of |e|: they are ordered like the values, and NaN lies above all
  unsigned saturated;
  float inherited, weights, clipping, rounding; // energies of the sources

  __device__ __forceinline__ void clear() {
    sum = squares = 0.0f;
    largest = saturated = 0u;
    inherited = weights = clipping = rounding = 0.0f;
  }

  __device__ __forceinline__ void add(float x, float xq) {
    float e = xq - x;
    sum += e;
    squares = fmaf(e, e, squares);
    largest = max(largest, __float_as_uint(fabsf(e)));
  }

  // x = f(W, x_in), middle = f(Wq, x_in), y = f(Wq, xq_in), xq = fakeQuantize(y).
  __device__ __forceinline__ void trace(float x, float middle, float y, float xq, bool clipped) {
    float i = y - middle;
    float w = middle - x;
    float r = xq - y;
    inherited = fmaf(i, i, inherited);
    weights = fmaf(w, w, weights);
    if (clipped) {
      clipping = fmaf(r, r, clipping);
    } else {
      rounding = fmaf(r, r, rounding);
    }
  }
};

struct ChannelSums {
  StreamSums fp32, quantized;
  ErrorSums error;

  __device__ __forceinline__ void clear() {
    fp32.clear();
    quantized.clear();
    error.clear();
  }
};

__device__ __forceinline__ float largestOf(float a, float b) { return b > a || b != b ? b : a; }

// How two partial words of a round join. Stream rounds: s1..s4, min, max, zeros, nonFinite. The error
// round: sum, squares, max |e|, saturated, four energies.
template <bool ERROR_ROUND>
__device__ __forceinline__ unsigned joined(int word, unsigned a, unsigned b) {
  float x = __uint_as_float(a), y = __uint_as_float(b);
  if (ERROR_ROUND) {
    return word == 2 ? max(a, b) : word == 3 ? a + b : __float_as_uint(x + y);
  }
  if (word < 4) {
    return __float_as_uint(x + y);
  }
  return word == 4 ? __float_as_uint(fminf(x, y)) : word == 5 ? __float_as_uint(fmaxf(x, y)) : a + b;
}

// Joins one round of words over the slots of a block, in ascending order, and stores the result.
// Thread t holds channel lane t % lanes of slot t / lanes; lanes is a power of two. All threads of the
// block must come here.
//
// to: partial words of this tile and round, for the channel of lane 0; step: words from one channel
// lane to the next; valid: number of lanes that are channels.
template <bool ERROR_ROUND, int THREADS>
__device__ __forceinline__ void reduceRound(
    const unsigned (&words)[WORDS_PER_ROUND], int t, int count, int lanes, int valid, int step, int stride,
    unsigned* scratch, unsigned* to) {
#pragma unroll
  for (int w = 0; w < WORDS_PER_ROUND; w++) {
    if (w < count) {
      scratch[w * THREADS + t] = words[w];
    }
  }
  __syncthreads();
  int shift = __popc(lanes - 1);
  for (int i = t; i < count * lanes; i += THREADS) {
    int w = i >> shift, lane = i & (lanes - 1);
    if (lane < valid) {
      unsigned r = scratch[w * THREADS + lane];
      for (int at = lanes + lane; at < THREADS; at += lanes) {
        r = joined<ERROR_ROUND>(w, r, scratch[w * THREADS + at]);
      }
      to[w * stride + lane * step] = r;
    }
  }
  __syncthreads();
}

__device__ __forceinline__ void packWords(const StreamSums& s, unsigned (&w)[WORDS_PER_ROUND]) {
  w[0] = __float_as_uint(s.s1);
  w[1] = __float_as_uint(s.s2);
  w[2] = __float_as_uint(s.s3);
  w[3] = __float_as_uint(s.s4);
  w[4] = __float_as_uint(s.lo);
  w[5] = __float_as_uint(s.hi);
  w[6] = s.zeros;
  w[7] = s.nonFinite;
}

__device__ __forceinline__ void packWords(const ErrorSums& e, unsigned (&w)[WORDS_PER_ROUND]) {
  w[0] = __float_as_uint(e.sum);
  w[1] = __float_as_uint(e.squares);
  w[2] = e.largest;
  w[3] = e.saturated;
  w[4] = __float_as_uint(e.inherited);
  w[5] = __float_as_uint(e.weights);
  w[6] = __float_as_uint(e.clipping);
  w[7] = __float_as_uint(e.rounding);
}

// Partial words of a tile; tiles are counted through the batch, image by image.
template <int MODE>
__device__ __forceinline__ unsigned* partialsOf(unsigned* partials, const LayerParams& p, int tile) {
  return partials + (long long)tile * (partialWords(MODE) * p.outStride);
}

// Joins the block's sums of one tile and stores them. Parameters as for reduceRound.
template <int MODE, int THREADS>
__device__ __forceinline__ void reduceTile(
    const ChannelSums& sums, int t, int lanes, int valid, int step, int stride, unsigned* scratch, unsigned* to) {
  unsigned words[WORDS_PER_ROUND];
  packWords(sums.fp32, words);
  reduceRound<false, THREADS>(words, t, 8, lanes, valid, step, stride, scratch, to);
  if (hasPair(MODE)) {
    packWords(sums.quantized, words);
    reduceRound<false, THREADS>(words, t, 8, lanes, valid, step, stride, scratch, to + 8 * stride);
    packWords(sums.error, words);
    reduceRound<true, THREADS>(words, t, MODE == TRACED ? 8 : 4, lanes, valid, step, stride, scratch, to + 16 * stride);
  }
}

// Stores the sums of a thread that had a whole image to itself.
template <int MODE>
__device__ __forceinline__ void storeTile(const ChannelSums& sums, int stride, unsigned* to) {
  unsigned words[WORDS_PER_ROUND];
  packWords(sums.fp32, words);
#pragma unroll
  for (int w = 0; w < 8; w++) {
    to[w * stride] = words[w];
  }
  if (hasPair(MODE)) {
    packWords(sums.quantized, words);
#pragma unroll
    for (int w = 0; w < 8; w++) {
      to[(8 + w) * stride] = words[w];
    }
    packWords(sums.error, words);
#pragma unroll
    for (int w = 0; w < (MODE == TRACED ? 8 : 4); w++) {
      to[(16 + w) * stride] = words[w];
    }
  }
}
