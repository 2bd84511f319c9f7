// A function of each value.
//
//   sigmoid: 1 / (1 + exp(-x))     tanh: (1 - exp(-2|x|)) / (1 + exp(-2|x|)), with the sign of x
//   hard_swish: x * clamp(x + 3, 0, 6) / 6, step by step as the oracle: the same bits
//   silu: x sigmoid(x)             gelu: x (1 + erf(x / sqrt(2))) / 2
//   mish: x tanh(softplus(x))      gelu_tanh: x sigmoid(sqrt(8 / pi) (x + 0.044715 x^3))
//   softplus: log(1 + exp(x))      elu: exp(x) - 1 below 0, x from there on
//   abs: |x|                       exp, erf, sqrt
//
// in, out: float32 NHWC, channels padded to the stride. Computed in double and rounded once; the double may
// differ from the oracle's in its last bits, and so, rarely, the float in its last one. There are no weights,
// so the third product of the sources of error is the function of the fp32 input.
// Launch: 256 threads a block, any number of blocks.
// Java reference: Op.Unary.Function.
#include "common/double_math.cuh"
#include "common/measure.cuh"

__device__ __forceinline__ double sigmoidOf(double x) {
  double e = exponential(-fabs(x));
  return (x < 0.0 ? e : 1.0) / (1.0 + e);
}

struct Sigmoid {
  __device__ __forceinline__ static float of(float x) { return (float)sigmoidOf(x); }
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

struct Silu {
  __device__ __forceinline__ static float of(float x) { return (float)(x * sigmoidOf(x)); }
};

struct Gelu {
  __device__ __forceinline__ static float of(float x) {
    return (float)((double)x * errorComplement(-(double)x * 0.7071067811865476) / 2.0);
  }
};

struct GeluTanh {
  __device__ __forceinline__ static float of(float x) {
    double v = x;
    return (float)(v * sigmoidOf(1.5957691216057308 * (v + 0.044715 * v * v * v)));
  }
};

// With e = exp(x), the tangent of log(1 + e) is e (e + 2) / (e (e + 2) + 2); above 0, the same in 1 / e.
struct Mish {
  __device__ __forceinline__ static float of(float x) {
    double v = x, e = exponential(-fabs(v));
    double below = e * (e + 2.0), above = 1.0 + 2.0 * e;
    return (float)(v * (v < 0.0 ? below / (below + 2.0) : above / (above + 2.0 * e * e)));
  }
};

struct Softplus {
  __device__ __forceinline__ static float of(float x) {
    double v = x;
    return (float)(fmax(v, 0.0) + logarithmOfOneMore(exponential(-fabs(v))));
  }
};

struct Elu {
  __device__ __forceinline__ static float of(float x) { return x < 0.0f ? (float)exponentialLessOne(x) : x; }
};

struct Erf {
  __device__ __forceinline__ static float of(float x) { return (float)errorFunction(x); }
};

struct Abs {
  __device__ __forceinline__ static float of(float x) { return fabsf(x); }
};

struct Exp {
  __device__ __forceinline__ static float of(float x) { return (float)exponential(x); }
};

struct Sqrt {
  __device__ __forceinline__ static float of(float x) { return sqrtf(x); }
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
DS_MEASURE_KERNELS(silu, f32_none_f32_tensor, naive, ValueSource<Silu>)
DS_MEASURE_KERNELS(gelu, f32_none_f32_tensor, naive, ValueSource<Gelu>)
DS_MEASURE_KERNELS(gelu_tanh, f32_none_f32_tensor, naive, ValueSource<GeluTanh>)
DS_MEASURE_KERNELS(mish, f32_none_f32_tensor, naive, ValueSource<Mish>)
DS_MEASURE_KERNELS(softplus, f32_none_f32_tensor, naive, ValueSource<Softplus>)
DS_MEASURE_KERNELS(elu, f32_none_f32_tensor, naive, ValueSource<Elu>)
DS_MEASURE_KERNELS(erf, f32_none_f32_tensor, naive, ValueSource<Erf>)
DS_MEASURE_KERNELS(abs, f32_none_f32_tensor, naive, ValueSource<Abs>)
DS_MEASURE_KERNELS(exp, f32_none_f32_tensor, naive, ValueSource<Exp>)
DS_MEASURE_KERNELS(sqrt, f32_none_f32_tensor, naive, ValueSource<Sqrt>)
