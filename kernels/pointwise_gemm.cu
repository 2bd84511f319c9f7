// Pointwise convolutions and fully connected layers: a matrix product over the channels, finished in
// the same kernel. See common/gemm.cuh for the tile and for the order of the sums.
//
//   out[position][n] = f(bias[n] + sum over c of in[position][c] * w[c][n])
//
// in: float32 NHWC, padded channels (depth = inStride). w, wQ: float32 [depth][outStride], zeros in the
// padding. A fully connected layer has one position an image.
// Variants: n128 for many output channels (224 threads), n64 for few (112 threads); lanes is 32 or,
// for fewer channels, a power of two.
// Java reference: ReferenceLayers.convolution.
#include "common/gemm.cuh"

DS_GEMM_KERNELS(pointwise, n128, 16, 1, PointwiseRows)
DS_GEMM_KERNELS(pointwise, n64, 8, 2, PointwiseRows)
