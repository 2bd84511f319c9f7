// Per-channel statistics of one tile, in two passes, and their way to the partial sums in memory.
//
// The first pass, with the values in registers, finds ranges, counts and a mean; the second reads them
// back from the cache and sums the powers about that mean, in units near the range, so that neither a
// far mean nor a small or large magnitude costs digits. A tile covers at most 256 positions of one
// image, so every float32 sum has at most 256 terms. Partial sums are 32-bit words
// [image][tile][word][channel]: nine of the fp32 stream, nine of the quantized one, four of the error,
// five of its sources. statistics_merge.cu joins them in double.
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

// Words of a stream, of the error, and of its sources.
constexpr int ABOUT = 0, S1 = 1, S2 = 2, S3 = 3, S4 = 4, LOWEST = 5, HIGHEST = 6, COUNTS = 7, NON_FINITE = 8;
constexpr int STREAM_WORDS = 9;
constexpr int ERROR_WORD = 2 * STREAM_WORDS;
constexpr int ERROR_SUM = 0, ERROR_SQUARES = 1, ERROR_LARGEST = 2, SATURATED = 3;
constexpr int SOURCE_WORD = ERROR_WORD + 4;
constexpr int SOURCE_LARGEST = 0, FIRST_ENERGY = 1;
constexpr int ROUND_WORDS = 14; // most words that the threads of a block join at once
__device__ constexpr int partialWords(int mode) { return mode == OBSERVED ? 9 : mode == TRACED ? 27 : 22; }

constexpr float POSITIVE_INFINITY = __builtin_inff();
constexpr float LARGEST_FINITE = 3.402823466e38f;

constexpr int MANTISSA_BITS = 23;
constexpr int RECIPROCAL = 254; // what the biased exponents of a power of two and of its reciprocal add up to

// A power of two near a range: powers in units of it neither overflow nor vanish. 1 for no range.
__device__ __forceinline__ float unitOf(float range) {
  int exponent = min(max((int)(__float_as_uint(range) >> MANTISSA_BITS), 1), RECIPROCAL - 1);
  return range == 0.0f ? 1.0f : __uint_as_float((unsigned)exponent << MANTISSA_BITS);
}

__device__ __forceinline__ float reciprocal(float unit) {
  return __uint_as_float(((unsigned)RECIPROCAL << MANTISSA_BITS) - __float_as_uint(unit));
}

// What the first pass finds of one stream.
struct StreamRange {
  float first, sum; // sum of the distances from the first value
  float lo, hi;
  unsigned counts;    // values in the upper half, zeros in the lower
  unsigned nonFinite; // NaNs in the upper half, infinities in the lower

  __device__ __forceinline__ void clear() {
    first = sum = 0.0f;
    lo = POSITIVE_INFINITY;
    hi = -POSITIVE_INFINITY;
    counts = nonFinite = 0u;
  }

  __device__ __forceinline__ void add(float x) {
    first = counts == 0u ? x : first;
    sum += x - first;
    lo = fminf(lo, x); // NaN takes no part
    hi = fmaxf(hi, x);
    counts += x == 0.0f ? 0x10001u : 0x10000u;
    if (!(fabsf(x) <= LARGEST_FINITE)) {
      nonFinite += x != x ? 0x10000u : 1u;
    }
  }

  // Sum of the values; beyond float32 for some, whose middle then stands in for their mean.
  __device__ __forceinline__ float total() const { return (float)(counts >> 16) * first + sum; }
};

// About what, and in which units, the second pass sums the powers of a stream.
struct Frame {
  float about, scale, offset;

  __device__ __forceinline__ void set(float total, float lo, float hi, unsigned counts) {
    float mean = total / (float)(counts >> 16);
    about = lo == hi ? lo : fabsf(mean) <= LARGEST_FINITE ? mean : 0.5f * lo + 0.5f * hi;
    scale = reciprocal(unitOf(hi - lo));
    offset = -(about * scale);
  }

  // Distance from the mean in units: scaling does not round.
  __device__ __forceinline__ float distance(float x) const { return fmaf(x, scale, offset); }
};

struct PowerSums {
  float s1, s2, s3, s4;

  __device__ __forceinline__ void clear() { s1 = s2 = s3 = s4 = 0.0f; }

  __device__ __forceinline__ void add(float d) {
    float d2 = d * d;
    s1 += d;
    s2 += d2;
    s3 = fmaf(d2, d, s3);
    s4 = fmaf(d2, d2, s4);
  }
};

// Of the values x = f(W, x_in), middle = f(Wq, x_in), y = f(Wq, xq_in), xq = fakeQuantize(y).
struct Sources {
  float inherited, weights, own;

  __device__ __forceinline__ Sources(float x, float middle, float y, float xq)
      : inherited(y - middle), weights(middle - x), own(xq - y) {}
};

// What the first pass finds of a tile.
struct TileRange {
  StreamRange fp32, quantized;
  // Bits of |e| and of the largest source: they are ordered like the values, and NaN lies above all.
  unsigned largest, largestSource;
  unsigned saturated;

  __device__ __forceinline__ void clear() {
    fp32.clear();
    quantized.clear();
    largest = largestSource = saturated = 0u;
  }

  __device__ __forceinline__ void addError(float x, float xq) {
    largest = max(largest, __float_as_uint(fabsf(xq - x)));
  }

  __device__ __forceinline__ void addSources(const Sources& s) {
    largestSource = max(largestSource, __float_as_uint(fabsf(s.inherited)));
    largestSource = max(largestSource, __float_as_uint(fabsf(s.weights)));
    largestSource = max(largestSource, __float_as_uint(fabsf(s.own)));
  }
};

struct TileFrame {
  Frame fp32, quantized;
  float errorScale, sourceScale;
};

// What the second pass sums.
struct TileSums {
  PowerSums fp32, quantized;
  float errorSum, errorSquares;
  float inherited, weights, clipping, rounding; // energies of the sources

  __device__ __forceinline__ void clear() {
    fp32.clear();
    quantized.clear();
    errorSum = errorSquares = 0.0f;
    inherited = weights = clipping = rounding = 0.0f;
  }

  __device__ __forceinline__ void addError(float x, float xq, float scale) {
    float e = (xq - x) * scale;
    errorSum += e;
    errorSquares = fmaf(e, e, errorSquares);
  }

  __device__ __forceinline__ void addSources(const Sources& s, float scale, bool clipped) {
    float i = s.inherited * scale, w = s.weights * scale, r = s.own * scale;
    inherited = fmaf(i, i, inherited);
    weights = fmaf(w, w, weights);
    if (clipped) {
      clipping = fmaf(r, r, clipping);
    } else {
      rounding = fmaf(r, r, rounding);
    }
  }
};

__device__ __forceinline__ float largestOf(float a, float b) { return b > a || b != b ? b : a; }

// The words of the first round: for each stream total, lo, hi, counts, nonFinite; then largest,
// largestSource, saturated.
constexpr int RANGE_WORDS = 5;

__device__ __forceinline__ int rangeWordCount(int mode) { return mode == OBSERVED ? 5 : 13; }

__device__ __forceinline__ unsigned joinedRange(int word, unsigned a, unsigned b) {
  int w = word < RANGE_WORDS ? word : word - RANGE_WORDS;
  float x = __uint_as_float(a), y = __uint_as_float(b);
  if (word >= 2 * RANGE_WORDS) {
    return w < RANGE_WORDS + 2 ? max(a, b) : a + b;
  }
  return w == 0 ? __float_as_uint(x + y)
      : w == 1  ? __float_as_uint(fminf(x, y))
      : w == 2  ? __float_as_uint(fmaxf(x, y))
                : a + b;
}

__device__ __forceinline__ void packRange(const StreamRange& s, unsigned* w) {
  w[0] = __float_as_uint(s.total());
  w[1] = __float_as_uint(s.lo);
  w[2] = __float_as_uint(s.hi);
  w[3] = s.counts;
  w[4] = s.nonFinite;
}

__device__ __forceinline__ void packPowers(const PowerSums& s, unsigned* w) {
  w[0] = __float_as_uint(s.s1);
  w[1] = __float_as_uint(s.s2);
  w[2] = __float_as_uint(s.s3);
  w[3] = __float_as_uint(s.s4);
}

template <int MODE>
__device__ __forceinline__ void packRanges(const TileRange& r, unsigned (&w)[ROUND_WORDS]) {
  packRange(r.fp32, w);
  if (hasPair(MODE)) {
    packRange(r.quantized, w + RANGE_WORDS);
    w[2 * RANGE_WORDS] = r.largest;
    w[2 * RANGE_WORDS + 1] = r.largestSource;
    w[2 * RANGE_WORDS + 2] = r.saturated;
  }
}

template <int MODE>
__device__ __forceinline__ void packSums(const TileSums& s, unsigned (&w)[ROUND_WORDS]) {
  packPowers(s.fp32, w);
  if (hasPair(MODE)) {
    packPowers(s.quantized, w + 4);
    w[8] = __float_as_uint(s.errorSum);
    w[9] = __float_as_uint(s.errorSquares);
    w[10] = __float_as_uint(s.inherited);
    w[11] = __float_as_uint(s.weights);
    w[12] = __float_as_uint(s.clipping);
    w[13] = __float_as_uint(s.rounding);
  }
}

// The frame from joined words of the first round.
template <int MODE>
__device__ __forceinline__ void setFrame(TileFrame& f, const unsigned (&w)[ROUND_WORDS]) {
  f.fp32.set(__uint_as_float(w[0]), __uint_as_float(w[1]), __uint_as_float(w[2]), w[3]);
  if (hasPair(MODE)) {
    f.quantized.set(__uint_as_float(w[5]), __uint_as_float(w[6]), __uint_as_float(w[7]), w[8]);
    f.errorScale = reciprocal(unitOf(__uint_as_float(w[10])));
    f.sourceScale = reciprocal(unitOf(__uint_as_float(w[11])));
  }
}

// Stores what the first round has found.
template <int MODE>
__device__ __forceinline__ void storeRange(
    const unsigned (&w)[ROUND_WORDS], const TileFrame& f, int stride, unsigned* to) {
  to[ABOUT * stride] = __float_as_uint(f.fp32.about);
#pragma unroll
  for (int i = 1; i < RANGE_WORDS; i++) {
    to[(LOWEST - 1 + i) * stride] = w[i];
  }
  if (hasPair(MODE)) {
    to[(STREAM_WORDS + ABOUT) * stride] = __float_as_uint(f.quantized.about);
#pragma unroll
    for (int i = 1; i < RANGE_WORDS; i++) {
      to[(STREAM_WORDS + LOWEST - 1 + i) * stride] = w[RANGE_WORDS + i];
    }
    to[(ERROR_WORD + ERROR_LARGEST) * stride] = w[2 * RANGE_WORDS];
    to[(ERROR_WORD + SATURATED) * stride] = w[2 * RANGE_WORDS + 2];
    if (MODE == TRACED) {
      to[(SOURCE_WORD + SOURCE_LARGEST) * stride] = w[2 * RANGE_WORDS + 1];
    }
  }
}

// Where a word of the second round belongs among the partial words.
__device__ __forceinline__ int sumWord(int i) {
  return i < 4 ? S1 + i : i < 8 ? STREAM_WORDS + S1 + i - 4 : i < 10 ? ERROR_WORD + i - 8 : SOURCE_WORD + FIRST_ENERGY + i - 10;
}

__device__ constexpr int sumWordCount(int mode) { return mode == OBSERVED ? 4 : mode == TRACED ? 14 : 10; }

// Joins the first pass over the slots of a block, in ascending order, and stores it; gives the frame of
// the tile. Thread t holds channel lane t % lanes of slot t / lanes; lanes is a power of two. All threads
// of the block must come here.
//
// to: partial words of this tile, for the channel of lane 0; step: words from one channel lane to the
// next; valid: number of lanes that are channels.
template <int MODE, int THREADS>
__device__ __forceinline__ void joinRanges(
    const TileRange& range, int t, int lanes, int valid, int step, int stride, unsigned* scratch, unsigned* to,
    TileFrame& frame) {
  unsigned words[ROUND_WORDS];
  packRanges<MODE>(range, words);
  int count = rangeWordCount(MODE);
#pragma unroll
  for (int w = 0; w < ROUND_WORDS; w++) {
    if (w < count) {
      scratch[w * THREADS + t] = words[w];
    }
  }
  __syncthreads();
  int shift = __popc(lanes - 1);
  for (int i = t; i < count * lanes; i += THREADS) {
    int w = i >> shift, lane = i & (lanes - 1);
    unsigned r = scratch[w * THREADS + lane];
    for (int at = lanes + lane; at < THREADS; at += lanes) {
      r = joinedRange(w, r, scratch[w * THREADS + at]);
    }
    scratch[w * THREADS + lane] = r; // nobody else reads this slot's word
  }
  __syncthreads();
  int lane = t & (lanes - 1);
#pragma unroll
  for (int w = 0; w < ROUND_WORDS; w++) {
    words[w] = w < count ? scratch[w * THREADS + lane] : 0u;
  }
  setFrame<MODE>(frame, words);
  if (t < valid) {
    storeRange<MODE>(words, frame, stride, to + t * step);
  }
  __syncthreads();
}

// Joins the second pass in the same way and stores it.
template <int MODE, int THREADS>
__device__ __forceinline__ void joinSums(
    const TileSums& sums, int t, int lanes, int valid, int step, int stride, unsigned* scratch, unsigned* to) {
  unsigned words[ROUND_WORDS];
  packSums<MODE>(sums, words);
  constexpr int COUNT = sumWordCount(MODE);
#pragma unroll
  for (int w = 0; w < COUNT; w++) {
    scratch[w * THREADS + t] = words[w];
  }
  __syncthreads();
  int shift = __popc(lanes - 1);
  for (int i = t; i < COUNT * lanes; i += THREADS) {
    int w = i >> shift, lane = i & (lanes - 1);
    if (lane < valid) {
      float r = __uint_as_float(scratch[w * THREADS + lane]);
      for (int at = lanes + lane; at < THREADS; at += lanes) {
        r += __uint_as_float(scratch[w * THREADS + at]);
      }
      to[sumWord(w) * stride + lane * step] = __float_as_uint(r);
    }
  }
  __syncthreads();
}

// Partial words of a tile; tiles are counted through the batch, image by image.
template <int MODE>
__device__ __forceinline__ unsigned* partialsOf(unsigned* partials, const LayerParams& p, int tile) {
  return partials + (long long)tile * (partialWords(MODE) * p.outStride);
}

// The same for a thread that has a whole image to itself.
template <int MODE>
__device__ __forceinline__ void storeRanges(const TileRange& range, int stride, unsigned* to, TileFrame& frame) {
  unsigned words[ROUND_WORDS];
  packRanges<MODE>(range, words);
  setFrame<MODE>(frame, words);
  storeRange<MODE>(words, frame, stride, to);
}

template <int MODE>
__device__ __forceinline__ void storeSums(const TileSums& sums, int stride, unsigned* to) {
  unsigned words[ROUND_WORDS];
  packSums<MODE>(sums, words);
#pragma unroll
  for (int w = 0; w < sumWordCount(MODE); w++) {
    to[sumWord(w) * stride] = words[w];
  }
}
