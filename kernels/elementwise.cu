// Two tensors combined value by value, then the clamp. Either may hold one position an image, which then
// stands for all.
//
//   residual_add: out = f(a + b)     multiply: out = f(a * b)     subtract: out = f(a - b)
//
// a lies in in/inQ, b in w/wQ: float32 NHWC, channels padded to the stride. inHeight x inWidth are the
// positions of a, kernelHeight x kernelWidth those of b. There are no weights, so the third product of the
// sources of error is that of the fp32 inputs.
// Launch: 256 threads a block, any number of blocks.
// Java reference: ReferenceLayers.elementwise.
#include "common/measure.cuh"

struct Add {
  __device__ __forceinline__ static float of(float a, float b) { return a + b; }
};

struct Multiply {
  __device__ __forceinline__ static float of(float a, float b) { return a * b; }
};

struct Subtract {
  __device__ __forceinline__ static float of(float a, float b) { return a - b; }
};

template <class Function>
struct PairSource {
  int channel;
  bool oneOfA, oneOfB;
  Bounds bounds;

  __device__ __forceinline__ PairSource(const LayerParams& p, const LayerPointers& d, int c)
      : channel(c),
        oneOfA(p.inHeight * p.inWidth == 1),
        oneOfB(p.kernelHeight * p.kernelWidth == 1),
        bounds(p, d.bias, c) {}

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams& p, const LayerPointers& d, long long at, int image, int) const {
    long long one = (long long)image * p.outStride + channel;
    long long a = oneOfA ? one : at, b = oneOfB ? one : at;
    return {Function::of(d.in[a], d.w[b]), hasPair(MODE) ? Function::of(d.inQ[a], d.wQ[b]) : 0.0f, 0.0f};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    float x = bounds.clamp(e.x);
    return {x, bounds.clamp(e.y), x};
  }
};

DS_MEASURE_KERNELS(residual_add, f32_none_f32_tensor, naive, PairSource<Add>)
DS_MEASURE_KERNELS(multiply, f32_none_f32_tensor, naive, PairSource<Multiply>)
DS_MEASURE_KERNELS(subtract, f32_none_f32_tensor, naive, PairSource<Subtract>)
