// Parameter structs of the kernels: plain 32-bit fields, no padding.
//
// The host writes them field by field: io.depthscope.backend.cuda.LayerParams and its neighbours are
// records of the same names in the same order, and a test compares the two texts.
#pragma once

// One layer over a batch. Activations are NHWC with channels padded to a multiple of 4 (the stride);
// what lies in the padding is 0.
// An operation on two tensors has the extent of the second in the kernel's place: see elementwise.cu.
struct LayerParams {
  int images;
  int inHeight, inWidth, inStride;
  int outHeight, outWidth, outChannels, outStride;
  int kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft;
  // Positions from one tap of the window to the next.
  int dilationHeight, dilationWidth;
  // Blocks of channels that a convolution keeps apart; 1 for none.
  int groups;
  // Rows of the matrix product: taps times channels, which are padded but in grouped_conv.cu.
  int depth;
  // How one image's positions are cut into tiles, which fixes the order of its sums. A block takes
  // tilesPerBlock of them at a time; where that is more than 1, they are all full.
  int tilesPerImage, rowsPerTile, tilesPerBlock;
  int lanes, columnTiles;
  // Activation function: clamp to lower..upper, where all channels have the same; see Bounds.
  float lower, upper;
  // Quantization of the output.
  int quantized;
  float scale, inverseScale;
  // Its lowest and highest code, less the zero point.
  float lowest, highest;
  // Whether to count histograms.
  int histograms;
};
static_assert(sizeof(LayerParams) == 31 * 4, "LayerParams must have no padding");

// Partial sums of one layer's tiles to sums of images.
struct ReduceParams {
  int images;
  int tilesPerImage, channels, stride;
  // Channels of all layers together, padding included.
  int networkChannels;
  // 0 the fp32 stream alone, 1 both, 2 both and the four sources of error.
  int level;
};
static_assert(sizeof(ReduceParams) == 6 * 4, "ReduceParams must have no padding");

// Sums of the images of a batch into the running state of all layers.
struct MergeParams {
  int images;
  // Of all layers together, padding included.
  int channels;
  int level;
  // Images merged before this batch, low and high half.
  unsigned imagesBeforeLow, imagesBeforeHigh;
};
static_assert(sizeof(MergeParams) == 5 * 4, "MergeParams must have no padding");
