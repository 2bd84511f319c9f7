// What follows a matrix product that another library did: bias, activation function, quantization and
// the statistics of both streams, in place.
//
//   out  = f(out + bias)
//   outQ = fakeQuantize(f(outQ + bias))
//
// out, outQ, middle: raw products, float32 NHWC with padded channels.
// Launch: 256 threads a block, any number of blocks.
// Java reference: the end of ReferenceLayers.convolution, and ReferenceProgram.record.
#include "common/measure.cuh"

DS_MEASURE_KERNELS(pointwise_epilogue, f32_none_f32_tensor, naive, ProductSource)
