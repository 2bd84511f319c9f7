// Affine quantization: the one place where the formula stands in CUDA. Same bits as
// io.depthscope.quant.QuantParams for every input; a test pins the two together.
//
//   steps(x)        = rint(x / scale)                       float32 division, ties to even
//   code(x)         = clamp(steps(x), qmin - zeroPoint, qmax - zeroPoint) + zeroPoint
//   fakeQuantize(x) = (code(x) - zeroPoint) * scale
//   saturates(x)    = clamping changed the code
//   NaN             -> zeroPoint, does not saturate
#pragma once

#include "cuda_language.cuh"
#include "params.cuh"

struct Quantizer {
  float scale, inverse;
  float lowest, highest; // bounds of steps(x): qmin - zeroPoint, qmax - zeroPoint

  __device__ __forceinline__ explicit Quantizer(const LayerParams& p)
      : scale(p.scale),
        inverse(p.inverseScale),
        lowest((float)(p.qmin - p.zeroPoint)),
        highest((float)(p.qmax - p.zeroPoint)) {}

  // rint(x / scale). The product with the reciprocal is off by at most 2^-22 of itself, so it rounds
  // like the quotient unless it lies that close to a tie; only there is the division done. Everything
  // odd (NaN, infinities, a reciprocal the host could not represent and gave as NaN) fails the test
  // and divides as well.
  __device__ __forceinline__ float steps(float x) const {
    float t = x * inverse;
    float r = rintf(t);
    float toTie = fabsf(fabsf(t - r) - 0.5f);
    if (!(toTie > fabsf(t) * 4.76837158203125e-7f)) { // 2^-21
      r = rintf(x / scale);
    }
    return r;
  }

  __device__ __forceinline__ bool saturates(float steps) const { return steps < lowest || steps > highest; }

  // The clamped steps, 0 for NaN: the code relative to the zero point, never -0.
  __device__ __forceinline__ float clamped(float steps) const {
    float r = fminf(fmaxf(steps, lowest), highest);
    return steps != steps ? 0.0f : r + 0.0f;
  }

  __device__ __forceinline__ float value(float clamped) const { return clamped * scale; }

  __device__ __forceinline__ float fakeQuantize(float x) const { return value(clamped(steps(x))); }
};

// The activation function: clamp to lower..upper. NaN passes; a rectifier never gives -0.
__device__ __forceinline__ float activate(float x, float lower, float upper) {
  float r = x > lower ? x : lower;
  r = r < upper ? r : upper;
  return x != x ? x : r;
}
