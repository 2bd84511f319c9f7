// Kernels that do what CUDA says, one for each part of the language.
#include "emulated_cuda.h"

struct ScaleParams {
  int count;
  float factor;
};

extern "C" __global__ void __launch_bounds__(256) test_scale(const float* x, float* y, ScaleParams params) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < params.count; i += gridDim.x * blockDim.x) {
    y[i] = x[i] * params.factor;
  }
}

extern "C" __global__ void test_where(unsigned* out) {
  unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  unsigned* row = out + (block * blockDim.x * blockDim.y * blockDim.z + thread) * 6;
  row[0] = blockIdx.x;
  row[1] = blockIdx.y;
  row[2] = blockIdx.z;
  row[3] = threadIdx.x;
  row[4] = threadIdx.y;
  row[5] = threadIdx.z;
}

extern "C" __global__ void __launch_bounds__(256) test_reverse(const int* x, int* y) {
  __shared__ int values[256];
  values[threadIdx.x] = x[blockIdx.x * 256 + threadIdx.x];
  __syncthreads();
  y[blockIdx.x * 256 + threadIdx.x] = values[255 - threadIdx.x];
}

// Shared variables of a template are one for each instantiation; the kernels come from a macro.
template <class T, int SIZE>
__device__ __forceinline__ void rotate(const T* x, T* y) {
  alignas(16) __shared__ T values[SIZE];
  __shared__ int first;
  values[threadIdx.x] = x[threadIdx.x];
  if (threadIdx.x == SIZE - 1) first = SIZE / 2;
  __syncthreads();
  y[threadIdx.x] = values[(threadIdx.x + first) % SIZE];
}

#define ROTATE(NAME, T, SIZE)                                                                  \
  extern "C" __global__ void __launch_bounds__(SIZE, 2) test_rotate_##NAME(const T* x, T* y) { \
    rotate<T, SIZE>(x, y);                                                                     \
  }
ROTATE(f32_64, float, 64) ROTATE(f64_96, double, 96)

// Every thread passes many barriers and reads what its neighbour wrote before each.
extern "C" __global__ void __launch_bounds__(256) test_barriers(int* out, int rounds) {
  __shared__ int values[2][256];
  values[0][threadIdx.x] = threadIdx.x;
  for (int round = 0; round < rounds; round++) {
    __syncthreads();
    values[(round + 1) % 2][threadIdx.x] = values[round % 2][(threadIdx.x + 1) % blockDim.x] + 1;
  }
  out[blockIdx.x * blockDim.x + threadIdx.x] = values[rounds % 2][threadIdx.x];
}

extern "C" __global__ void test_uninitialized(unsigned* out) {
  __shared__ unsigned values[64];
  out[threadIdx.x] = values[threadIdx.x];
  values[threadIdx.x] = 7;
}

template <class T>
__device__ __forceinline__ T sumOfWarp(T value) {
  for (int step = 16; step > 0; step /= 2) value += __shfl_down_sync(0xffffffffu, value, step);
  return __shfl_sync(0xffffffffu, value, 0);
}

extern "C" __global__ void test_sums(int* i, unsigned* u, float* f, double* d) {
  i[threadIdx.x] = sumOfWarp(i[threadIdx.x]);
  u[threadIdx.x] = sumOfWarp(u[threadIdx.x]);
  f[threadIdx.x] = sumOfWarp(f[threadIdx.x]);
  d[threadIdx.x] = sumOfWarp(d[threadIdx.x]);
}

// One row a kind of shuffle.
extern "C" __global__ void test_shuffles(int* out) {
  int lane = threadIdx.x, n = blockDim.x;
  unsigned all = 0xffffffffu;
  out[0 * n + lane] = __shfl_sync(all, lane, 5);
  out[1 * n + lane] = __shfl_sync(all, lane, lane + 1);
  out[2 * n + lane] = __shfl_sync(all, lane, 3, 8);
  out[3 * n + lane] = __shfl_xor_sync(all, lane, 1);
  out[4 * n + lane] = __shfl_xor_sync(all, lane, 12, 8);
  out[5 * n + lane] = __shfl_down_sync(all, lane, 4);
  out[6 * n + lane] = __shfl_down_sync(all, lane, 2, 4);
  out[7 * n + lane] = __shfl_up_sync(all, lane, 3);
}

extern "C" __global__ void test_votes(unsigned* out) {
  unsigned all = 0xffffffffu;
  int n = blockDim.x;
  unsigned odd = __ballot_sync(all, threadIdx.x & 1);
  out[0 * n + threadIdx.x] = odd;
  out[1 * n + threadIdx.x] = __any_sync(all, threadIdx.x == 3) + 2 * __all_sync(all, threadIdx.x < 1000);
  out[2 * n + threadIdx.x] = __match_any_sync(all, threadIdx.x / 5);
  out[3 * n + threadIdx.x] = __popc(odd) * 10000 + __ffs(odd) * 100 + __clz(odd);
}

// Lanes with the same key meet among themselves, several groups of a warp at once; some lanes leave before.
extern "C" __global__ void test_groups(const int* keys, int* counts) {
  int key = keys[threadIdx.x];
  if (key < 0) return;
  unsigned active = __ballot_sync(__match_any_sync(0xffffffffu, key >= 0), 1);
  unsigned group = __match_any_sync(active, key);
  for (int round = 0; round < 3; round++) __syncwarp(group);
  int leader = __ffs(group) - 1;
  int size = __shfl_sync(group, __popc(group), leader);
  if ((threadIdx.x & 31) == leader) atomicAdd(&counts[key], size);
}

// Lane to lane through shared memory, with nothing but __syncwarp.
extern "C" __global__ void test_syncwarp(int* out) {
  __shared__ int values[64];
  values[threadIdx.x] = threadIdx.x * 3;
  __syncwarp();
  out[threadIdx.x] = values[threadIdx.x ^ 31];
}

extern "C" __global__ void __launch_bounds__(128) test_histogram(
    const unsigned char* x, int count, unsigned long long* bins, unsigned* largest, int* smallest) {
  __shared__ unsigned mine[256];
  for (int i = threadIdx.x; i < 256; i += blockDim.x) mine[i] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    atomicAdd(&mine[x[i]], 1u);
    atomicMax(largest, (unsigned)x[i]);
    atomicMin(smallest, (int)x[i] - 300);
  }
  __syncthreads();
  for (int i = threadIdx.x; i < 256; i += blockDim.x) atomicAdd(&bins[i], (unsigned long long)mine[i]);
}

extern "C" __global__ void test_doubles(const double* x, double* y, long long* bits) {
  double a = x[threadIdx.x];
  y[threadIdx.x * 4 + 0] = fma(a, a, -2.0);
  y[threadIdx.x * 4 + 1] = sqrt(a) / 3.0;
  y[threadIdx.x * 4 + 2] = a * a - 2.0; // two roundings
  y[threadIdx.x * 4 + 3] = rint(a);
  bits[threadIdx.x] = __double_as_longlong(a);
}

extern "C" __global__ void test_floats(const float* x, const float* y, unsigned* out, int count) {
  int i = threadIdx.x;
  out[0 * count + i] = __float_as_uint(fminf(x[i], y[i]));
  out[1 * count + i] = __float_as_uint(fmaxf(x[i], y[i]));
  out[2 * count + i] = __float_as_uint(fmaf(x[i], y[i], 1.0f));
  out[3 * count + i] = __float_as_uint(x[i] * y[i] + 1.0f); // two roundings
  out[4 * count + i] = __float_as_uint(rintf(x[i]));
  out[5 * count + i] = __float_as_uint(x[i] / y[i]);
  out[6 * count + i] = __float_as_uint(sqrtf(fabsf(x[i])));
}

extern "C" __global__ void test_vectors(const float4* x, float2* sums, uchar4* bytes) {
  float4 v = __ldg(x + threadIdx.x);
  sums[threadIdx.x] = make_float2(v.x + v.y, v.z + v.w);
  bytes[threadIdx.x] = make_uchar4((unsigned char)v.x, (unsigned char)v.y, (unsigned char)v.z, (unsigned char)v.w);
}

struct ManyParams {
  int values[25];
};

extern "C" __global__ void test_many_parameters(
    int* out, ManyParams many, unsigned char small, short middle, double large, const float* nothing) {
  int sum = 0;
  for (int i = 0; i < 25; i++) sum += many.values[i];
  out[0] = sum;
  out[1] = small;
  out[2] = middle;
  out[3] = (int)(large * 10);
  out[4] = nothing == nullptr;
}
