// A function of each value.
//
//   sigmoid: 1 / (1 + exp(-x))     tanh: (1 - exp(-2|x|)) / (1 + exp(-2|x|)), with the sign of x
//   hard_swish: x * clamp(x + 3, 0, 6) / 6, step by step as the oracle: the same bits
//
// in, out: float32 NHWC, channels padded to the stride. Computed in double and rounded once; the double may
// differ from the oracle's in its last bits, and so, rarely, the float in its last one. There are no weights,
// so the third product of the sources of error is the function of the fp32 input.
// Launch: 256 threads a block, any number of blocks.
// Java reference: Op.Unary.Function.
#include "common/measure.cuh"

// exp(x) for x <= 0: 2^k exp(r) with |r| <= ln(2) / 2, and the series of exp(r) up to r^13 / 13!.
__device__ __forceinline__ double exponential(double x) {
  double bounded = fmax(x, -700.0);  // below, nothing of it is left beside 1
  double k = rint(bounded * 1.4426950408889634);
  double r = fma(-k, 1.9082149292705877e-10, fma(-k, 0.6931471803691238, bounded));
  double sum = 1.0 / 6227020800.0;
  double factorial = 6227020800.0;
  for (int n = 13; n >= 1; n--) {
    factorial /= n;
    sum = fma(sum, r, 1.0 / factorial);
  }
  return sum * __longlong_as_double(((long long)k + 1023) << 52);
}

struct Sigmoid {
  __device__ __forceinline__ static float of(float x) {
    double e = exponential(-fabs((double)x));
    return (float)((x < 0.0f ? e : 1.0) / (1.0 + e));
  }
};

struct Tanh {
  __device__ __forceinline__ static float of(float x) {
    double a = fabs((double)x);
    if (a < 1e-4) {
      return (float)fma(-a * a / 3.0, (double)x, (double)x);  // the difference below would lose its digits
    }
    double e = exponential(-2.0 * a);
    double y = (1.0 - e) / (1.0 + e);
    return (float)(x < 0.0f ? -y : y);
  }
};

struct HardSwish {
  __device__ __forceinline__ static float of(float x) {
    double gate = fmin(fmax((double)x + 3.0, 0.0), 6.0);
    return (float)((double)x * gate / 6.0);
  }
};

template <class Function>
struct ValueSource {
  __device__ __forceinline__ ValueSource(const LayerParams&, const LayerPointers&, int) {}

  // fmax takes a number over a NaN, so NaN goes around the functions.
  __device__ __forceinline__ static float of(float x) { return x == x ? Function::of(x) : x; }

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams&, const LayerPointers& d, long long at, int, int) const {
    return {d.in[at], hasPair(MODE) ? d.inQ[at] : 0.0f, 0.0f};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    float x = of(e.x);
    return {x, hasPair(MODE) ? of(e.y) : 0.0f, x};
  }
};

DS_MEASURE_KERNELS(sigmoid, f32_none_f32_tensor, naive, ValueSource<Sigmoid>)
DS_MEASURE_KERNELS(tanh, f32_none_f32_tensor, naive, ValueSource<Tanh>)
DS_MEASURE_KERNELS(hard_swish, f32_none_f32_tensor, naive, ValueSource<HardSwish>)
