// Kernels that are wrong, each in one way that the emulated driver must find.
#include "emulated_cuda.h"

extern "C" __global__ void bad_deadlock(float* x) {
  if (threadIdx.x < 16) {
    x[threadIdx.x] = __shfl_xor_sync(0xffffffffu, x[threadIdx.x], 1);
  } else {
    __syncthreads();
  }
}

extern "C" __global__ void bad_two_barriers(int* x) {
  if (threadIdx.x < 32) {
    x[0] = 1;
    __syncthreads();
  } else {
    x[1] = 1;
    __syncthreads();
  }
}

extern "C" __global__ void bad_left_before_barrier(int* x, int count) {
  if (threadIdx.x >= count) return;
  x[threadIdx.x] = 1;
  __syncthreads();
}

extern "C" __global__ void bad_different_exchanges(unsigned* x) {
  if (threadIdx.x % 2 == 0) {
    x[threadIdx.x] = __ballot_sync(0xffffffffu, 1);
  } else {
    x[threadIdx.x] = __shfl_sync(0xffffffffu, threadIdx.x, 0);
  }
}

extern "C" __global__ void bad_mask(unsigned* x) { x[threadIdx.x] = __ballot_sync(0x0000ffffu, 1); }

extern "C" __global__ void bad_store(int* x, int index) {
  if (blockIdx.x == 2 && threadIdx.x == 3) x[index] = 1;
}

extern "C" __global__ void bad_load(const int* x, int index, int* y) { y[threadIdx.x] = x[index]; }

// Thread i reads what thread 255 - i writes, and does not wait for it.
extern "C" __global__ void bad_missing_barrier(const int* x, int* y) {
  __shared__ int values[256];
  values[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = values[255 - threadIdx.x];
}

// Right only if threads run in the order of their numbers.
extern "C" __global__ void bad_order(const int* x, int* y) {
  __shared__ int values[256];
  values[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = threadIdx.x == 0 ? 0 : values[threadIdx.x - 1];
}

// The second of two rounds writes what others still read of the first.
extern "C" __global__ void bad_missing_second_barrier(int* y) {
  __shared__ int values[64];
  int sum = 0;
  for (int round = 0; round < 3; round++) {
    values[threadIdx.x] = round * 100;
    __syncthreads();
    sum += values[(threadIdx.x + 1) % 64];
  }
  y[threadIdx.x] = sum;
}

// Right only if blocks run in the order of their numbers.
extern "C" __global__ void bad_order_of_blocks(int* x) { x[blockIdx.x + 1] = x[blockIdx.x] + 1; }

extern "C" __global__ void bad_shared_index(int* y, int index) {
  __shared__ int values[64];
  __shared__ int others[64];
  others[threadIdx.x] = 0;
  values[threadIdx.x] = 1;
  y[threadIdx.x] = values[index + threadIdx.x] + others[threadIdx.x];
}

__device__ __forceinline__ int pick(const int* values, int index) { return values[index]; }

extern "C" __global__ void bad_shared_pointer(int* y, int index) {
  __shared__ int values[64];
  __shared__ int others[64];
  others[threadIdx.x] = 0;
  values[threadIdx.x] = 1;
  y[threadIdx.x] = pick(values, index + threadIdx.x) + others[threadIdx.x];
}

extern "C" __global__ void bad_alignment(const float* x, float* y, int offset) {
  float4 v = *reinterpret_cast<const float4*>(x + offset);
  y[threadIdx.x] = v.x;
}

extern "C" __global__ void bad_division(int* x, int by) { x[threadIdx.x] = 100 / by; }

extern "C" __global__ void bad_conversion(const float* x, int* y) { y[threadIdx.x] = (int)x[threadIdx.x]; }

extern "C" __global__ void bad_trap() { __trap(); }

template <int DEPTH>
__device__ int deep(volatile int* x) {
  volatile int local[1024];
  for (int i = 0; i < 1024; i++) local[i] = x[0] + i;
  return deep<DEPTH - 1>(local) + local[5];
}
template <>
int deep<0>(volatile int* x) {
  return x[7];
}

extern "C" __global__ void bad_stack(int* x) { x[0] = deep<40>(x); }

extern "C" __global__ void bad_shared_size(int* x) {
  __shared__ int values[13 * 1024];
  values[threadIdx.x * 400] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = values[(threadIdx.x ^ 1) * 400];
}
