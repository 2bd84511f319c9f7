// The CUDA C++ that kernels/ uses, for g++: a kernel becomes an ordinary function that runs one thread of the grid.
//
// What a thread of the grid needs of its neighbours (barriers, warp exchanges) is done by the driver, which runs every
// thread of a block on a stack of its own; see driver/block.cpp. A block stays on one thread of the operating system, so
// thread_local is what shared memory is: one copy a block. Every name here means what it means in CUDA; where CUDA
// leaves a result undefined, this header gives all ones (a NaN), so that a test sees it.
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <initializer_list>
#include <utility>

// The attributes of the namespace "emulated" are for scan-kernels.awk, which finds kernels and their bounds by them after
// preprocessing; the compiler ignores them.
#define __global__ [[emulated::kernel, gnu::noinline, gnu::visibility("default")]]
#define __launch_bounds__(...) [[emulated::bounds(__VA_ARGS__)]]
#define __device__
#define __host__
#define __constant__ static const
#define __forceinline__ inline __attribute__((always_inline))
#define __shared__ static __thread
#define __align__(bytes) __attribute__((aligned(bytes)))

// ---- vector types, aligned as on the GPU, where a misaligned access is an error

#define EMULATED_VECTOR2(name, type, alignment)  \
  struct alignas(alignment) name {               \
    type x, y;                                   \
  };                                             \
  inline name make_##name(type x, type y) { return {x, y}; }
#define EMULATED_VECTOR4(name, type, alignment)  \
  struct alignas(alignment) name {               \
    type x, y, z, w;                             \
  };                                             \
  inline name make_##name(type x, type y, type z, type w) { return {x, y, z, w}; }

EMULATED_VECTOR2(char2, signed char, 2)
EMULATED_VECTOR2(uchar2, unsigned char, 2)
EMULATED_VECTOR2(short2, short, 4)
EMULATED_VECTOR2(ushort2, unsigned short, 4)
EMULATED_VECTOR2(int2, int, 8)
EMULATED_VECTOR2(uint2, unsigned, 8)
EMULATED_VECTOR2(float2, float, 8)
EMULATED_VECTOR2(double2, double, 16)
EMULATED_VECTOR4(char4, signed char, 4)
EMULATED_VECTOR4(uchar4, unsigned char, 4)
EMULATED_VECTOR4(short4, short, 8)
EMULATED_VECTOR4(ushort4, unsigned short, 8)
EMULATED_VECTOR4(int4, int, 16)
EMULATED_VECTOR4(uint4, unsigned, 16)
EMULATED_VECTOR4(float4, float, 16)
#undef EMULATED_VECTOR2
#undef EMULATED_VECTOR4

struct float3 {
  float x, y, z;
};
inline float3 make_float3(float x, float y, float z) { return {x, y, z}; }

// ---- what the driver supplies

namespace emulated {

struct Index {
  unsigned x, y, z;
};

// Where the running thread stands in its grid.
struct Position {
  Index thread;
  unsigned linear;  // thread.x + block.x * (thread.y + block.y * thread.z): warps and lanes are counted by it
  Index block_index, block_size, grid_size;
};
extern __attribute__((visibility("hidden"))) __thread Position position;

enum class Exchange : unsigned { shuffle, ballot, match, sync };

// Waits until every living lane of the mask has come with the same exchange and mask, then gives this lane's result.
uint64_t exchange(Exchange kind, unsigned mask, uint64_t value, unsigned source);
void barrier(int line);

struct Kernel {
  const char* name;
  void (*run)(void* const* arguments);
  unsigned parameters;
  const unsigned* parameter_bytes;
  const bool* is_pointer;
  unsigned max_threads;  // of __launch_bounds__, or 0
};
void register_kernel(const Kernel& kernel);

// Registers a kernel under its name while the library is loaded. The type of the function says what arguments it takes.
template <auto function>
struct Registration;

template <class... Parameters, void (*function)(Parameters...)>
struct Registration<function> {
  Registration(const char* name, std::initializer_list<int> bounds) {
    register_kernel({name, &run, sizeof...(Parameters), bytes, pointers,
                     bounds.size() == 0 ? 0 : static_cast<unsigned>(*bounds.begin())});
  }

 private:
  static constexpr unsigned bytes[] = {sizeof(Parameters)..., 0};
  static constexpr bool pointers[] = {std::is_pointer_v<Parameters>..., false};

  template <size_t... index>
  static void call(void* const* arguments, std::index_sequence<index...>) {
    function(*static_cast<std::remove_const_t<Parameters>*>(arguments[index])...);
  }
  static void run(void* const* arguments) { call(arguments, std::index_sequence_for<Parameters...>{}); }
};

template <class To, class From>
inline To bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "a bit cast keeps the size");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

inline unsigned lane() { return position.linear & 31u; }

template <class T>
inline T shuffle(unsigned mask, T value, unsigned source) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 4 or 8 bytes");
  uint64_t sent = 0;
  memcpy(&sent, &value, sizeof value);
  const uint64_t received = exchange(Exchange::shuffle, mask, sent, source);
  memcpy(&value, &received, sizeof value);
  return value;
}

// fminf and fmaxf of the GPU: a NaN loses against a number, and -0 is below +0.
inline float minimum(float a, float b) {
  if (a < b) return a;
  if (b < a) return b;
  if (a == b) return bits<float>(bits<uint32_t>(a) | bits<uint32_t>(b));
  return a == a ? a : b;
}
inline float maximum(float a, float b) {
  if (a > b) return a;
  if (b > a) return b;
  if (a == b) return bits<float>(bits<uint32_t>(a) & bits<uint32_t>(b));
  return a == a ? a : b;
}
inline double minimum(double a, double b) {
  if (a < b) return a;
  if (b < a) return b;
  if (a == b) return bits<double>(bits<uint64_t>(a) | bits<uint64_t>(b));
  return a == a ? a : b;
}
inline double maximum(double a, double b) {
  if (a > b) return a;
  if (b > a) return b;
  if (a == b) return bits<double>(bits<uint64_t>(a) & bits<uint64_t>(b));
  return a == a ? a : b;
}

// Keeps an argument out of type deduction, so that atomicAdd(&counts[i], 1) works for unsigned counts.
template <class T>
struct Same {
  using type = T;
};

// Real atomics, since blocks run on several threads of the operating system.
template <class T, class Change>
inline T change_atomically(T* address, Change change) {
  T old = __atomic_load_n(address, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(address, &old, change(old), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  return old;
}

}  // namespace emulated

// ---- the place of a thread

#define threadIdx (::emulated::position.thread)
#define blockIdx (::emulated::position.block_index)
#define blockDim (::emulated::position.block_size)
#define gridDim (::emulated::position.grid_size)
#define warpSize 32

// ---- barriers and warps

// All threads of a block must come to the same one: the line tells two of them apart.
inline void __syncthreads(int line = __builtin_LINE()) { emulated::barrier(line); }
inline void __syncwarp(unsigned mask = 0xffffffffu) { emulated::exchange(emulated::Exchange::sync, mask, 0, 0); }

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return static_cast<unsigned>(emulated::exchange(emulated::Exchange::ballot, mask, predicate != 0, 0));
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }

inline unsigned __match_any_sync(unsigned mask, unsigned long long value) {
  return static_cast<unsigned>(emulated::exchange(emulated::Exchange::match, mask, value, 0));
}
inline unsigned __match_any_sync(unsigned mask, long long value) {
  return __match_any_sync(mask, static_cast<unsigned long long>(value));
}
inline unsigned __match_any_sync(unsigned mask, unsigned value) {
  return __match_any_sync(mask, static_cast<unsigned long long>(value));
}
inline unsigned __match_any_sync(unsigned mask, int value) {
  return __match_any_sync(mask, static_cast<unsigned>(value));
}

// A shuffle stays within its segment of `width` lanes; beyond the segment's end a lane gets its own value.
template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const unsigned within = static_cast<unsigned>(width) - 1u;
  return emulated::shuffle(mask, value, (emulated::lane() & ~within) | (static_cast<unsigned>(source) & within));
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int change, int width = 32) {
  const unsigned lane = emulated::lane(), within = static_cast<unsigned>(width) - 1u;
  const unsigned source = lane ^ static_cast<unsigned>(change);
  return emulated::shuffle(mask, value, source > (lane | within) ? lane : source);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  const unsigned lane = emulated::lane(), within = static_cast<unsigned>(width) - 1u;
  return emulated::shuffle(mask, value, (lane & within) + distance > within ? lane : lane + distance);
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  const unsigned lane = emulated::lane(), within = static_cast<unsigned>(width) - 1u;
  return emulated::shuffle(mask, value, (lane & within) < distance ? lane : lane - distance);
}

// ---- atomics: integers only; a sum of floats that depends on the order of threads has no place in a measurement

template <class T>
inline T atomicAdd(T* address, typename emulated::Same<T>::type value) {
  return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}
template <class T>
inline T atomicMin(T* address, typename emulated::Same<T>::type value) {
  return emulated::change_atomically(address, [value](T old) { return old < value ? old : value; });
}
template <class T>
inline T atomicMax(T* address, typename emulated::Same<T>::type value) {
  return emulated::change_atomically(address, [value](T old) { return old > value ? old : value; });
}
template <class T>
inline T atomicOr(T* address, typename emulated::Same<T>::type value) {
  return __atomic_fetch_or(address, value, __ATOMIC_RELAXED);
}
template <class T>
inline T atomicAnd(T* address, typename emulated::Same<T>::type value) {
  return __atomic_fetch_and(address, value, __ATOMIC_RELAXED);
}
template <class T>
inline T atomicExch(T* address, typename emulated::Same<T>::type value) {
  return __atomic_exchange_n(address, value, __ATOMIC_RELAXED);
}
template <class T>
inline T atomicCAS(T* address, typename emulated::Same<T>::type expected, typename emulated::Same<T>::type value) {
  __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return expected;
}
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
[[noreturn]] inline void __trap() { __builtin_trap(); }

// ---- arithmetic

#define fminf(a, b) ::emulated::minimum(static_cast<float>(a), static_cast<float>(b))
#define fmaxf(a, b) ::emulated::maximum(static_cast<float>(a), static_cast<float>(b))
#define fmin(a, b) ::emulated::minimum(static_cast<double>(a), static_cast<double>(b))
#define fmax(a, b) ::emulated::maximum(static_cast<double>(a), static_cast<double>(b))

inline int min(int a, int b) { return b < a ? b : a; }
inline int max(int a, int b) { return a < b ? b : a; }
inline unsigned min(unsigned a, unsigned b) { return b < a ? b : a; }
inline unsigned max(unsigned a, unsigned b) { return a < b ? b : a; }
inline long long min(long long a, long long b) { return b < a ? b : a; }
inline long long max(long long a, long long b) { return a < b ? b : a; }
inline unsigned long long min(unsigned long long a, unsigned long long b) { return b < a ? b : a; }
inline unsigned long long max(unsigned long long a, unsigned long long b) { return a < b ? b : a; }

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return sqrtf(a); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }

inline unsigned __float_as_uint(float x) { return emulated::bits<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return emulated::bits<float>(x); }
inline int __float_as_int(float x) { return emulated::bits<int>(x); }
inline float __int_as_float(int x) { return emulated::bits<float>(x); }
inline long long __double_as_longlong(double x) { return emulated::bits<long long>(x); }
inline double __longlong_as_double(long long x) { return emulated::bits<double>(x); }

template <class T>
inline T __ldg(const T* address) {
  return *address;
}
