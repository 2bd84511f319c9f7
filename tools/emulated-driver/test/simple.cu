#include "emulated_cuda.h"

struct ScaleParams { int count; float factor; };
extern "C" __global__ void __launch_bounds__(256) test_scale(const float* x, float* y, ScaleParams params) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < params.count; i += gridDim.x * blockDim.x) y[i] = x[i] * params.factor;
}
extern "C" __global__ void __launch_bounds__(256) test_reverse(const int* x, int* y) {
  __shared__ int s[256];
  s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = s[255 - threadIdx.x];
}
