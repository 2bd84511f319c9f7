// Pointwise convolutions and fully connected layers: a matrix product over the channels, finished in
// the same kernel. See common/gemm.cuh for the tile and for the order of the sums.
//
//   out[position][n] = f(bias[n] + sum over c of in[position][c] * w[c][n])
//
// in: float32 NHWC, padded channels (depth = inStride). w, wQ: float32 [depth][outStride], zeros in the
// padding. A fully connected layer has one position an image.
// Variants: n128 for many output channels (256 threads), n64 for few (128 threads).
// lanes is a power of two: the columns of a tile, or at least outStride where that is less.
// Java reference: ReferenceLayers.convolution.
#include "common/gemm.cuh"

DS_GEMM_KERNELS(pointwise, n128, 16, 2, PointwiseRow)
DS_GEMM_KERNELS(pointwise, n64, 8, 3, PointwiseRow)
