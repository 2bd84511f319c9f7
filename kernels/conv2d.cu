// Dense convolution of any kernel size, stride, dilation and padding, as a matrix product over windows that are
// never written out. See common/gemm.cuh for the tile and for the order of the sums.
//
//   out[y][x][n] = f(bias[n] + sum over ky, kx, c of in[y*sh+ky*dh-top][x*sw+kx*dw-left][c] * w[ky][kx][c][n])
//
// in: float32 NHWC, padded channels. w, wQ: float32 [KH * KW * inStride][outStride], zeros in the
// padding; depth = KH * KW * inStride.
// Variants: n128 for many output channels (256 threads), n64 for few (128 threads).
// lanes is a power of two: the columns of a tile, or at least outStride where that is less.
// Java reference: ReferenceLayers.convolution.
#include "common/gemm.cuh"

DS_GEMM_KERNELS(conv2d, n128, 16, 2, WindowRow)
DS_GEMM_KERNELS(conv2d, n64, 8, 3, WindowRow)
