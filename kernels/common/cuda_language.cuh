// The language the kernels are written in, whoever compiles them. This file alone knows which compiler runs:
//   nvcc   has everything; nothing is defined here.
//   g++    with DS_EMULATED: the emulated driver's own header.
//   clang  as CUDA compiler without a toolkit (-nocudainc -nocudalib): what the kernels use is defined below, with the
//          names, types, alignments and results that CUDA C++ gives them.
// Every floating-point operation rounds once, to nearest even, keeps subnormals and is never contracted; a fused one is
// written fmaf() or fma(). Build flags (-ffp-contract=off, -fmad=false) and these definitions see to it, and a test
// reads the PTX.
#pragma once

#if defined(DS_EMULATED)

#include "emulated_cuda.h"

#elif defined(__clang__) && defined(__CUDA__)

#define __host__ __attribute__((host))
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#define __forceinline__ inline __attribute__((always_inline))

// clang's header of threadIdx, blockIdx, blockDim and gridDim names these two and asks nothing of them.
struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
};
#include <__clang_cuda_builtin_vars.h>

typedef __SIZE_TYPE__ size_t;

#define DS_LANGUAGE __device__ __forceinline__

// Vectors: aligned to their size, so that one access moves all of it. Not so where one goes from memory to memory with
// nobody looking inside: clang copies those 16 bytes as two words. __ldg, or make_* of its members, keeps it whole.

struct __attribute__((aligned(4))) uchar4 {
  unsigned char x, y, z, w;
};
struct __attribute__((aligned(8))) int2 {
  int x, y;
};
struct __attribute__((aligned(16))) int4 {
  int x, y, z, w;
};
struct __attribute__((aligned(8))) uint2 {
  unsigned x, y;
};
struct __attribute__((aligned(16))) uint4 {
  unsigned x, y, z, w;
};
struct __attribute__((aligned(8))) float2 {
  float x, y;
};
struct __attribute__((aligned(16))) float4 {
  float x, y, z, w;
};
struct __attribute__((aligned(16))) double2 {
  double x, y;
};

DS_LANGUAGE uchar4 make_uchar4(unsigned char x, unsigned char y, unsigned char z, unsigned char w) {
  return {x, y, z, w};
}
DS_LANGUAGE int2 make_int2(int x, int y) { return {x, y}; }
DS_LANGUAGE int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
DS_LANGUAGE uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
DS_LANGUAGE uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
DS_LANGUAGE float2 make_float2(float x, float y) { return {x, y}; }
DS_LANGUAGE float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
DS_LANGUAGE double2 make_double2(double x, double y) { return {x, y}; }

// Bits.

DS_LANGUAGE unsigned __float_as_uint(float x) { return __builtin_bit_cast(unsigned, x); }
DS_LANGUAGE float __uint_as_float(unsigned x) { return __builtin_bit_cast(float, x); }
DS_LANGUAGE int __float_as_int(float x) { return __builtin_bit_cast(int, x); }
DS_LANGUAGE float __int_as_float(int x) { return __builtin_bit_cast(float, x); }
DS_LANGUAGE long long __double_as_longlong(double x) { return __builtin_bit_cast(long long, x); }
DS_LANGUAGE double __longlong_as_double(long long x) { return __builtin_bit_cast(double, x); }

DS_LANGUAGE int __popc(unsigned x) { return __builtin_popcount(x); }
DS_LANGUAGE int __ffs(int x) { return __builtin_ffs(x); }
// The builtin leaves 0 undefined, CUDA does not; the two together are one instruction.
DS_LANGUAGE int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }

// Arithmetic. Operators give div.rn and the like by the build's flags.

DS_LANGUAGE float fmaf(float a, float b, float c) { return __nvvm_fma_rn_f(a, b, c); }
DS_LANGUAGE double fma(double a, double b, double c) { return __nvvm_fma_rn_d(a, b, c); }
DS_LANGUAGE float fma(float a, float b, float c) { return __nvvm_fma_rn_f(a, b, c); }
DS_LANGUAGE float sqrtf(float x) { return __nvvm_sqrt_rn_f(x); }
DS_LANGUAGE float sqrt(float x) { return __nvvm_sqrt_rn_f(x); }
DS_LANGUAGE double sqrt(double x) { return __nvvm_sqrt_rn_d(x); }
DS_LANGUAGE float rintf(float x) { return __builtin_rintf(x); }
DS_LANGUAGE double rint(double x) { return __builtin_rint(x); }
DS_LANGUAGE float fabsf(float x) { return __builtin_fabsf(x); }
DS_LANGUAGE double fabs(double x) { return __builtin_fabs(x); }
DS_LANGUAGE float fminf(float a, float b) { return __nvvm_fmin_f(a, b); }
DS_LANGUAGE float fmaxf(float a, float b) { return __nvvm_fmax_f(a, b); }
DS_LANGUAGE double fmin(double a, double b) { return __nvvm_fmin_d(a, b); }
DS_LANGUAGE double fmax(double a, double b) { return __nvvm_fmax_d(a, b); }
DS_LANGUAGE float __fadd_rn(float a, float b) { return __nvvm_add_rn_f(a, b); }
DS_LANGUAGE float __fmul_rn(float a, float b) { return __nvvm_mul_rn_f(a, b); }
DS_LANGUAGE float __fdiv_rn(float a, float b) { return __nvvm_div_rn_f(a, b); }

DS_LANGUAGE int min(int a, int b) { return b < a ? b : a; }
DS_LANGUAGE int max(int a, int b) { return a < b ? b : a; }
DS_LANGUAGE unsigned min(unsigned a, unsigned b) { return b < a ? b : a; }
DS_LANGUAGE unsigned max(unsigned a, unsigned b) { return a < b ? b : a; }
DS_LANGUAGE long long min(long long a, long long b) { return b < a ? b : a; }
DS_LANGUAGE long long max(long long a, long long b) { return a < b ? b : a; }

// Loads of memory that nobody writes while the kernel runs.

typedef float ds_vector_f2 __attribute__((ext_vector_type(2)));
typedef float ds_vector_f4 __attribute__((ext_vector_type(4)));
typedef int ds_vector_i4 __attribute__((ext_vector_type(4)));
typedef unsigned ds_vector_u2 __attribute__((ext_vector_type(2)));
typedef unsigned ds_vector_u4 __attribute__((ext_vector_type(4)));

DS_LANGUAGE unsigned char __ldg(const unsigned char* p) { return __nvvm_ldg_uc(p); }
DS_LANGUAGE int __ldg(const int* p) { return __nvvm_ldg_i(p); }
DS_LANGUAGE unsigned __ldg(const unsigned* p) { return __nvvm_ldg_ui(p); }
DS_LANGUAGE float __ldg(const float* p) { return __nvvm_ldg_f(p); }
DS_LANGUAGE double __ldg(const double* p) { return __nvvm_ldg_d(p); }
DS_LANGUAGE float2 __ldg(const float2* p) {
  ds_vector_f2 v = __nvvm_ldg_f2(reinterpret_cast<const ds_vector_f2*>(p));
  return {v.x, v.y};
}
DS_LANGUAGE float4 __ldg(const float4* p) {
  ds_vector_f4 v = __nvvm_ldg_f4(reinterpret_cast<const ds_vector_f4*>(p));
  return {v.x, v.y, v.z, v.w};
}
DS_LANGUAGE int4 __ldg(const int4* p) {
  ds_vector_i4 v = __nvvm_ldg_i4(reinterpret_cast<const ds_vector_i4*>(p));
  return {v.x, v.y, v.z, v.w};
}
DS_LANGUAGE uint2 __ldg(const uint2* p) {
  ds_vector_u2 v = __nvvm_ldg_ui2(reinterpret_cast<const ds_vector_u2*>(p));
  return {v.x, v.y};
}
DS_LANGUAGE uint4 __ldg(const uint4* p) {
  ds_vector_u4 v = __nvvm_ldg_ui4(reinterpret_cast<const ds_vector_u4*>(p));
  return {v.x, v.y, v.z, v.w};
}
// Four bytes as one word, since byte vectors are loaded piece by piece.
DS_LANGUAGE uchar4 __ldg(const uchar4* p) {
  return __builtin_bit_cast(uchar4, __nvvm_ldg_ui(reinterpret_cast<const unsigned*>(p)));
}

// Warps. The last operand of a shuffle packs the width of the group and the last lane it may reach.

DS_LANGUAGE void __syncwarp(unsigned mask = 0xffffffffu) { __nvvm_bar_warp_sync(mask); }
DS_LANGUAGE unsigned __ballot_sync(unsigned mask, int predicate) {
  return __nvvm_vote_ballot_sync(mask, predicate != 0);
}
DS_LANGUAGE int __any_sync(unsigned mask, int predicate) { return __nvvm_vote_any_sync(mask, predicate != 0); }
DS_LANGUAGE int __all_sync(unsigned mask, int predicate) { return __nvvm_vote_all_sync(mask, predicate != 0); }
DS_LANGUAGE unsigned __match_any_sync(unsigned mask, unsigned value) {
  return __nvvm_match_any_sync_i32(mask, value);
}
DS_LANGUAGE unsigned __match_any_sync(unsigned mask, int value) {
  return __nvvm_match_any_sync_i32(mask, static_cast<unsigned>(value));
}

#define DS_SHUFFLE(NAME, MODE, OPERAND)                                                               \
  DS_LANGUAGE int NAME(unsigned mask, int value, OPERAND lane, int width = 32) {                      \
    return __nvvm_shfl_sync_##MODE##_i32(mask, value, lane, (32 - width) << 8 | 31);                  \
  }                                                                                                   \
  DS_LANGUAGE unsigned NAME(unsigned mask, unsigned value, OPERAND lane, int width = 32) {            \
    return static_cast<unsigned>(NAME(mask, static_cast<int>(value), lane, width));                   \
  }                                                                                                   \
  DS_LANGUAGE float NAME(unsigned mask, float value, OPERAND lane, int width = 32) {                  \
    return __nvvm_shfl_sync_##MODE##_f32(mask, value, lane, (32 - width) << 8 | 31);                  \
  }                                                                                                   \
  DS_LANGUAGE double NAME(unsigned mask, double value, OPERAND lane, int width = 32) {                \
    uint2 halves = __builtin_bit_cast(uint2, value);                                                  \
    halves.x = NAME(mask, halves.x, lane, width);                                                     \
    halves.y = NAME(mask, halves.y, lane, width);                                                     \
    return __builtin_bit_cast(double, halves);                                                        \
  }
DS_SHUFFLE(__shfl_sync, idx, int)
DS_SHUFFLE(__shfl_xor_sync, bfly, int)
DS_SHUFFLE(__shfl_down_sync, down, unsigned)
#undef DS_SHUFFLE

// Atomics, on global or shared memory; the compiler sees which.

DS_LANGUAGE int atomicAdd(int* p, int v) { return __nvvm_atom_add_gen_i(p, v); }
DS_LANGUAGE unsigned atomicAdd(unsigned* p, unsigned v) {
  return static_cast<unsigned>(__nvvm_atom_add_gen_i(reinterpret_cast<int*>(p), static_cast<int>(v)));
}
DS_LANGUAGE unsigned long long atomicAdd(unsigned long long* p, unsigned long long v) {
  return static_cast<unsigned long long>(
      __nvvm_atom_add_gen_ll(reinterpret_cast<long long*>(p), static_cast<long long>(v)));
}
DS_LANGUAGE int atomicMin(int* p, int v) { return __nvvm_atom_min_gen_i(p, v); }
DS_LANGUAGE int atomicMax(int* p, int v) { return __nvvm_atom_max_gen_i(p, v); }
DS_LANGUAGE unsigned atomicMin(unsigned* p, unsigned v) { return __nvvm_atom_min_gen_ui(p, v); }
DS_LANGUAGE unsigned atomicMax(unsigned* p, unsigned v) { return __nvvm_atom_max_gen_ui(p, v); }

#undef DS_LANGUAGE

#elif !defined(__CUDACC__)

#error "kernels are compiled by clang as CUDA, by nvcc, or for the emulated driver with -DDS_EMULATED"

#endif
