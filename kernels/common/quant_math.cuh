// Affine quantization: the one place where the formula stands in CUDA. Same bits as
// io.depthscope.quant.QuantParams for every input; a test pins the two together.
//
//   steps(x)        = rint(x / scale)                       float32 division, ties to even
//   code(x)         = clamp(steps(x), qmin - zeroPoint, qmax - zeroPoint) + zeroPoint
//   fakeQuantize(x) = (code(x) - zeroPoint) * scale
//   saturates(x)    = clamping changed the code
//   NaN             -> zeroPoint, does not saturate
//
// Codes are kept relative to the zero point, as float32 integers.
#pragma once

#include "cuda_language.cuh"
#include "params.cuh"

// 1.5 * 2^23: adding it rounds |x| < 2^22 to an integer, ties to even, and leaves that in the low bits.
constexpr float ROUNDER = 12582912.0f;

struct Quantizer {
  float scale, inverse;
  float lowest, highest; // bounds of steps(x): qmin - zeroPoint <= 0 and qmax - zeroPoint >= 0

  __device__ __forceinline__ explicit Quantizer(const LayerParams& p)
      : scale(p.scale), inverse(p.inverseScale), lowest(p.lowest), highest(p.highest) {}

  // rint(x / scale), never -0, and 0 for NaN. The product with the reciprocal is off by at most 2^-22
  // of itself, so it rounds like the quotient unless it lies that close to a tie (within 2^-21, to be
  // safe); only there is the division done. Everything odd (NaN, infinities, |t| >= 2^20, a reciprocal
  // the host could not represent and gave as NaN) fails the test and divides as well.
  __device__ __forceinline__ float steps(float x) const {
    float t = x * inverse;
    float r = (t + ROUNDER) - ROUNDER;
    if (!(fabsf(t - r) < fmaf(fabsf(t), -4.76837158203125e-7f, 0.5f))) {
      r = rintf(x / scale) + 0.0f;
      r = r != r ? 0.0f : r;
    }
    return r;
  }

  __device__ __forceinline__ float clamped(float steps) const { return fminf(fmaxf(steps, lowest), highest); }

  // The code counted from the lowest one: at most 16 bits, so the sum is exact.
  __device__ __forceinline__ int index(float clamped) const {
    return __float_as_int((clamped - lowest) + ROUNDER) - __float_as_int(ROUNDER);
  }

  __device__ __forceinline__ float value(float clamped) const { return clamped * scale; }

  __device__ __forceinline__ float fakeQuantize(float x) const { return value(clamped(steps(x))); }
};

// The activation function: clamp to lower..upper. NaN passes; a rectifier never gives -0.
__device__ __forceinline__ float activate(float x, float lower, float upper) {
  float r = x <= lower ? lower : x;
  return r >= upper ? upper : r;
}
