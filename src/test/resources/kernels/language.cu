// What kernels/common/cuda_language.cuh gives, one kernel a line. CudaLanguageTest compiles it with clang and looks for
// the instructions that each comment names; `not` says what must not come.
#include "common/cuda_language.cuh"

#define KERNEL(NAME) extern "C" __global__ void __launch_bounds__(64, 2) NAME
#define ALL 0xffffffffu

struct Params {
  int n;
  float scale;
};

// PTX: mul.rn.f32 add.rn.f32 not fma.rn.f32
KERNEL(multiplyThenAddF32)(float* y, float a, float b, float c) { *y = a * b + c; }
// PTX: mul.rn.f64 add.rn.f64 not fma.rn.f64
KERNEL(multiplyThenAddF64)(double* y, double a, double b, double c) { *y = a * b + c; }
// PTX: mul.rn.f32 sub.rn.f32 not fma.rn.f32
KERNEL(namedRounding)(float* y, float a, float b, float c) { *y = __fmul_rn(a, b) - __fadd_rn(c, b); }
// PTX: fma.rn.f32 not mul.rn.f32
KERNEL(fusedF32)(float* y, float a, float b, float c) { *y = fmaf(a, b, c); }
// PTX: fma.rn.f64 not mul.rn.f64
KERNEL(fusedF64)(double* y, double a, double b, double c) { *y = fma(a, b, c); }
// PTX: div.rn.f32
KERNEL(divideF32)(float* y, float a, Params p) { *y = a / p.scale; }
// PTX: div.rn.f32 not mul.rn.f32
KERNEL(divideByAConstant)(float* y, float a) { *y = a / 3.0f; }
// PTX: div.rn.f32
KERNEL(divideNamed)(float* y, float a, float b) { *y = __fdiv_rn(a, b); }
// PTX: div.rn.f64
KERNEL(divideF64)(double* y, double a, double b) { *y = a / b; }
// PTX: sqrt.rn.f32
KERNEL(rootF32)(float* y, float a) { *y = sqrtf(a); }
// PTX: sqrt.rn.f32
KERNEL(rootOverloaded)(float* y, float a) { *y = sqrt(a); }
// PTX: sqrt.rn.f64
KERNEL(rootF64)(double* y, double a) { *y = sqrt(a); }
// PTX: cvt.rni.f32.f32
KERNEL(roundHalfToEven)(float* y, float a) { *y = rintf(a); }
// PTX: cvt.rni.f64.f64
KERNEL(roundHalfToEvenF64)(double* y, double a) { *y = rint(a); }
// PTX: min.f32 max.f32 abs.f32 not setp
KERNEL(boundsF32)(float* y, float a, float b) { *y = fminf(fmaxf(a, b), fabsf(b)); }
// PTX: min.f64 max.f64 abs.f64
KERNEL(boundsF64)(double* y, double a, double b) { *y = fmin(fmax(a, b), fabs(b)); }
// PTX: min.s32 max.s32
KERNEL(boundsI32)(int* y, int a, int b) { *y = min(max(a, b), 7); }
// PTX: min.u32 max.u32
KERNEL(boundsU32)(unsigned* y, unsigned a, unsigned b) { *y = min(max(a, b), 7u); }
// PTX: cvt.rzi.s32.f32 cvt.rn.f32.s32
KERNEL(conversions)(int* y, float* z, float a, int b) {
  *y = (int)a;
  *z = (float)b;
}
// PTX: st.global.u32 st.global.u64 not cvt.
KERNEL(bits)(unsigned* y, long long* z, float a, double b) {
  y[0] = __float_as_uint(a);
  y[1] = (unsigned)__float_as_int(__int_as_float((int)y[0] + 1));
  y[2] = __float_as_uint(__uint_as_float(y[1] | 1u));
  z[0] = __double_as_longlong(b);
  z[1] = __double_as_longlong(__longlong_as_double(z[0] + 1));
}
// PTX: popc.b32 clz.b32 not setp.eq
KERNEL(countBits)(int* y, unsigned a, int b) { *y = __popc(a) + __clz(b); }
// PTX: popc.b32
KERNEL(firstBit)(int* y, int a) { *y = __ffs(a); }

// PTX: %tid.x %ctaid.x %ntid.x %nctaid.x
KERNEL(indices)(unsigned* y) { *y = threadIdx.x + blockIdx.x * blockDim.x + gridDim.x; }

// PTX: ld.global.nc.v4.f32 st.global.v4.f32
KERNEL(copyFloat4)(const float4* x, float4* y) { y[threadIdx.x] = __ldg(x + threadIdx.x); }
// PTX: ld.global.nc.v4.f32
KERNEL(readOnlyByRestrict)(const float4* __restrict__ x, float* __restrict__ y) {
  float4 v = x[threadIdx.x];
  y[threadIdx.x] = v.x + v.y + v.z + v.w;
}
// PTX: ld.global.nc.v2.f32 st.global.v2.f32
KERNEL(copyFloat2)(const float2* x, float2* y) { y[threadIdx.x] = __ldg(x + threadIdx.x); }
// PTX: ld.global.v4.u32 st.global.v4.u32
KERNEL(copyInt4)(const int4* x, int4* y) {
  int4 v = x[threadIdx.x];
  y[threadIdx.x] = make_int4(v.x, v.y, v.z, v.w);
}
// PTX: ld.global.nc.v4.u32 st.global.v4.u32
KERNEL(copyUint4)(const uint4* x, uint4* y) { y[threadIdx.x] = __ldg(x + threadIdx.x); }
// PTX: ld.global.nc.v2.u32 st.global.v2.u32
KERNEL(copyUint2)(const uint2* x, uint2* y) { y[threadIdx.x] = __ldg(x + threadIdx.x); }
// PTX: ld.global.nc.u32 not ld.global.nc.u8
KERNEL(loadBytes)(const uchar4* x, unsigned* y) {
  uchar4 v = __ldg(x);
  *y = v.x + 2u * v.y + 3u * v.z + 4u * v.w;
}
// PTX: st.global.v4.u8
KERNEL(storeBytes)(uchar4* y, unsigned char a) { *y = make_uchar4(a, 1, 2, 3); }
// PTX: ld.global.nc.u8 ld.global.nc.f32
KERNEL(loadScalars)(const unsigned char* x, const float* f, float* y) { *y = __ldg(f) + __ldg(x); }

// PTX: .shared bar.sync st.shared.f32 ld.shared.f32 atom.shared.add.u32
KERNEL(sharedMemory)(float* y, unsigned* counts) {
  __shared__ float tile[64];
  __shared__ unsigned count;
  tile[threadIdx.x] = y[threadIdx.x];
  if (threadIdx.x == 0) {
    count = 0;
  }
  __syncthreads();
  atomicAdd(&count, threadIdx.x);
  __syncthreads();
  y[threadIdx.x] = tile[63 - threadIdx.x];
  counts[threadIdx.x] = count;
}

// PTX: atom.global.add.u32 atom.global.add.u64 atom.global.min.s32 atom.global.max.s32 atom.global.min.u32 atom.global.max.u32
KERNEL(atomics)(int* i, unsigned* u, unsigned long long* l) {
  atomicAdd(i, 1);
  atomicAdd(u, 2u);
  atomicAdd(l, 3ull);
  atomicMin(i, 4);
  atomicMax(i, 5);
  atomicMin(u, 6u);
  atomicMax(u, 7u);
}

// PTX: shfl.sync.idx.b32 shfl.sync.bfly.b32 shfl.sync.down.b32
KERNEL(shuffles)(float* y, int* z, unsigned* u) {
  y[threadIdx.x] = __shfl_sync(ALL, y[threadIdx.x], 3);
  z[threadIdx.x] = __shfl_xor_sync(ALL, z[threadIdx.x], 16);
  u[threadIdx.x] = __shfl_down_sync(ALL, u[threadIdx.x], 8);
}
// PTX: shfl.sync.bfly.b32 add.rn.f64
KERNEL(shuffleF64)(double* y) {
  double v = y[threadIdx.x];
#pragma unroll
  for (int lane = 16; lane > 0; lane >>= 1) {
    v += __shfl_xor_sync(ALL, v, lane);
  }
  y[threadIdx.x] = v;
}
// PTX: vote.sync.ballot.b32 vote.sync.any.pred vote.sync.all.pred match.any.sync.b32 bar.warp.sync
KERNEL(votes)(unsigned* y, int a) {
  unsigned v = __ballot_sync(ALL, a > (int)threadIdx.x);
  v += __any_sync(ALL, y[threadIdx.x] == 3) ? 64 : 0;
  v += __all_sync(ALL, y[threadIdx.x] == 4) ? 128 : 0;
  v += __match_any_sync(ALL, y[threadIdx.x]) + __match_any_sync(ALL, a);
  __syncwarp();
  y[threadIdx.x] = v;
}

// Sums that branches choose between stay in registers.
struct Sums {
  float kept, dropped;
  __device__ __forceinline__ void add(float x, bool keep) {
    if (keep) {
      kept = fmaf(x, x, kept);
    } else {
      dropped = fmaf(x, x, dropped);
    }
  }
};
// PTX: fma.rn.f32 not .local
KERNEL(branchesOverSums)(const float* x, float* y, Params p) {
  Sums sums = {0.0f, 0.0f};
  for (int i = threadIdx.x; i < p.n; i += 64) {
    sums.add(x[i], x[i] < p.scale);
  }
  y[threadIdx.x] = sums.kept - sums.dropped;
}
