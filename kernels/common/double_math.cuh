// Functions in double that CUDA C++ has and clang's CUDA without a toolkit lacks, each good to a few units in the
// last place: enough that a float32 made of them is rarely another one than the oracle's.
#pragma once

#include "cuda_language.cuh"

constexpr double LN2_HIGH = 0.6931471803691238, LN2_LOW = 1.9082149292705877e-10;

// 2^k, for exponents of normal numbers.
__device__ __forceinline__ double powerOfTwo(double k) { return __longlong_as_double(((long long)k + 1023) << 52); }

// exp(x): 2^k exp(r) with |r| <= ln(2) / 2, and the series of exp(r) up to r^13 / 13!. 0 below -700 and exp(700)
// above 700, where a float32 has long come to its ends. NaN is the caller's.
__device__ __forceinline__ double exponential(double x) {
  double bounded = fmin(fmax(x, -700.0), 700.0);
  double k = rint(bounded * 1.4426950408889634);
  double r = fma(-k, LN2_LOW, fma(-k, LN2_HIGH, bounded));
  double sum = 1.0 / 6227020800.0;
  double factorial = 6227020800.0;
  for (int n = 13; n >= 1; n--) {
    factorial /= n;
    sum = fma(sum, r, 1.0 / factorial);
  }
  return x < -700.0 ? 0.0 : sum * powerOfTwo(k);
}

// exp(x) - 1 for x <= 0: near 0 the series without its first term, which would swallow the digits.
__device__ __forceinline__ double exponentialLessOne(double x) {
  if (x < -0.5) {
    return exponential(x) - 1.0;
  }
  double sum = 0.0;
  for (int n = 15; n >= 1; n--) {
    sum = (sum + 1.0) * x / n;
  }
  return sum;
}

// log((1 + s) / (1 - s)) for |s| <= 1/3: 2 (s + s^3 / 3 + s^5 / 5 + ..).
__device__ __forceinline__ double logarithmOfRatio(double s) {
  double square = s * s, sum = 0.0;
  for (int n = 35; n >= 1; n -= 2) {
    sum = fma(sum, square, 1.0 / n);
  }
  return 2.0 * s * sum;
}

// log(1 + x) for 0 <= x <= 1.
__device__ __forceinline__ double logarithmOfOneMore(double x) { return logarithmOfRatio(x / (2.0 + x)); }

// log(x) for normal x > 0, and for infinity: that of the mantissa, in 0.5 .. 1 or so, and of the power of two.
__device__ __forceinline__ double logarithm(double x) {
  if (x > 1.7976931348623157e308) {
    return x;
  }
  long long bits = __double_as_longlong(x);
  double k = (double)((bits >> 52) - 1022);
  double m = __longlong_as_double((bits & 0x000fffffffffffffLL) | 0x3fe0000000000000LL);
  return fma(k, LN2_HIGH, fma(k, LN2_LOW, logarithmOfRatio((m - 1.0) / (m + 1.0))));
}

// The error function as io.depthscope.graph.ErrorFunction: its series near 0, the continued fraction of its complement
// further out.
constexpr double ERROR_FAR = 2.5;

__device__ __forceinline__ double errorSeries(double x) {
  double term = x, sum = x;
  for (int n = 1; n <= 50; n++) {
    term *= 2.0 * x * x / (2 * n + 1);
    sum += term;
  }
  return 1.1283791670955126 * exponential(-x * x) * sum;
}

// For x >= ERROR_FAR.
__device__ __forceinline__ double errorFraction(double x) {
  double denominator = x;
  for (int n = 40; n >= 1; n--) {
    denominator = x + n / 2.0 / denominator;
  }
  return exponential(-x * x) * 0.5641895835477563 / denominator;
}

// erf(x).
__device__ __forceinline__ double errorFunction(double x) {
  if (fabs(x) < ERROR_FAR) {
    return errorSeries(x);
  }
  double y = 1.0 - errorFraction(fabs(x));
  return x < 0.0 ? -y : y;
}

// 1 - erf(x).
__device__ __forceinline__ double errorComplement(double x) {
  if (fabs(x) < ERROR_FAR) {
    return 1.0 - errorSeries(x);
  }
  double tail = errorFraction(fabs(x));
  return x < 0.0 ? 2.0 - tail : tail;
}
