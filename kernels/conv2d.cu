// Dense convolution of any kernel size, stride and padding, as a matrix product over windows that are
// never written out. See common/gemm.cuh for the tile and for the order of the sums.
//
//   out[y][x][n] = f(bias[n] + sum over ky, kx, c of in[y*sh+ky-top][x*sw+kx-left][c] * w[ky][kx][c][n])
//
// in: float32 NHWC, padded channels. w, wQ: float32 [KH * KW * inStride][outStride], zeros in the
// padding; depth = KH * KW * inStride.
// Variants: n128 for many output channels (224 threads), n64 for few (112 threads).
// Java reference: ReferenceLayers.convolution.
#include "common/gemm.cuh"

DS_GEMM_KERNELS(conv2d, n128, 16, 1, WindowRows)
DS_GEMM_KERNELS(conv2d, n64, 8, 2, WindowRows)
