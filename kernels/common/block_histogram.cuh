// Histograms of one block in shared memory, flushed once when the block is done.
//
// Bit histogram: bin of a value is its bits >> 17 (sign, exponent, top six mantissa bits), as in
// io.depthscope.stats.BitHistogram. Of the 32,768 bins, the block keeps those of 2^-14 <= |x| < 2^10
// and that of 0; the rest goes to memory at once, which is rare and exact all the same. Codes of at
// most 8 bits are kept, finer ones go to memory.
#pragma once

#include "cuda_language.cuh"

constexpr int BIN_SHIFT = 17;
constexpr int BINS_PER_SIGN = 16384;
constexpr int WINDOW_FIRST = (127 - 14) * 64;
constexpr int WINDOW_BINS = 24 * 64;
constexpr int KEPT_BINS = 2 * WINDOW_BINS + 1; // both signs and the bin of 0
constexpr float WINDOW_LOWEST = 6.103515625e-05f; // 2^-14
constexpr float WINDOW_END = 1024.0f;
constexpr int KEPT_CODES = 256;
constexpr unsigned CANONICAL_NAN = 0x7fc00000u;

struct BlockHistogram {
  unsigned bits[KEPT_BINS];
  unsigned codes[KEPT_CODES];

  // Makes all counts 0; a barrier must follow.
  __device__ __forceinline__ void clear(int thread, int threads) {
    for (int i = thread; i < KEPT_BINS; i += threads) {
      bits[i] = 0u;
    }
    for (int i = thread; i < KEPT_CODES; i += threads) {
      codes[i] = 0u;
    }
  }

  __device__ __forceinline__ void countValue(float x, unsigned long long* all) {
    unsigned u = __float_as_uint(x);
    bool inside = fabsf(x) >= WINDOW_LOWEST && fabsf(x) < WINDOW_END;
    if (inside || u == 0u) {
      unsigned index = (u >> BIN_SHIFT) - WINDOW_FIRST - (u >> 31) * (BINS_PER_SIGN - WINDOW_BINS);
      atomicAdd(&bits[inside ? index : 2 * WINDOW_BINS], 1u);
    } else {
      atomicAdd(&all[(x != x ? CANONICAL_NAN : u) >> BIN_SHIFT], 1ull);
    }
  }

  // index: code - qmin.
  __device__ __forceinline__ void countCode(int index, unsigned long long* all) {
    if (index < KEPT_CODES) {
      atomicAdd(&codes[index], 1u);
    } else {
      atomicAdd(&all[index], 1ull);
    }
  }

  // Adds the counts to those in memory; a barrier must come before.
  __device__ __forceinline__ void flush(
      int thread, int threads, unsigned long long* allBits, unsigned long long* allCodes) {
    for (int i = thread; i < KEPT_BINS; i += threads) {
      if (bits[i] != 0u) {
        int sign = i / WINDOW_BINS;
        int bin = i == 2 * WINDOW_BINS ? 0 : sign * BINS_PER_SIGN + WINDOW_FIRST + i % WINDOW_BINS;
        atomicAdd(&allBits[bin], (unsigned long long)bits[i]);
      }
    }
    if (allCodes != nullptr) {
      for (int i = thread; i < KEPT_CODES; i += threads) {
        if (codes[i] != 0u) {
          atomicAdd(&allCodes[i], (unsigned long long)codes[i]);
        }
      }
    }
  }
};
