// The channels of each position brought to mean 0 and variance 1, then scaled and shifted.
//
//   out = (x - mean) / sqrt(variance + epsilon) * scale[channel] + shift[channel]
//
// Every element goes through the channels of its position for mean and variance, in float32 for a few terms at a time
// and on in double; in double alone where squares would leave float32's range. bias holds the scales, then the shifts,
// each padded to the stride, and epsilon. in, out: float32 NHWC, channels padded to the stride. There are no weights, so
// the third product of the sources of error is that of the fp32 input.
// Launch: 256 threads a block, any number of blocks.
// Java reference: LayerNorm.
#include "common/measure.cuh"

// Terms that are summed in float32.
constexpr int NORM_TERMS = 16;

struct NormSource {
  int channel, channels;
  float scale, shift, epsilon;

  __device__ __forceinline__ NormSource(const LayerParams& p, const LayerPointers& d, int c)
      : channel(c),
        channels(p.outChannels),
        scale(d.bias[c]),
        shift(d.bias[p.outStride + c]),
        epsilon(d.bias[2 * p.outStride]) {}

  __device__ __forceinline__ double meanOf(const float* row) const {
    float first = row[0];
    double sum = 0.0;
    for (int c = 0; c < channels; c += NORM_TERMS) {
      int end = min(channels, c + NORM_TERMS);
      float part = 0.0f;
      for (int k = c; k < end; k++) {
        part += row[k] - first;
      }
      sum += part;
    }
    return first + sum / channels;
  }

  // The sum of the squares of the distances to near, which lies off the mean by a rounding.
  __device__ __forceinline__ double squaresOf(const float* row, float near) const {
    double sum = 0.0;
    for (int c = 0; c < channels; c += NORM_TERMS) {
      int end = min(channels, c + NORM_TERMS);
      float part = 0.0f;
      for (int k = c; k < end; k++) {
        float distance = row[k] - near;
        part = fmaf(distance, distance, part);
      }
      sum += part;
    }
    return sum;
  }

  __device__ __forceinline__ float result(float x, double mean, double variance) const {
    return (float)((x - mean) / sqrt(variance + epsilon) * scale + shift);
  }

  // What values too large or too alike for float32 become.
  __device__ __forceinline__ float exactly(const float* row) const {
    double sum = 0.0, squares = 0.0;
    for (int c = 0; c < channels; c++) {
      sum += row[c];
    }
    double mean = sum / channels;
    for (int c = 0; c < channels; c++) {
      double distance = row[c] - mean;
      squares += distance * distance;
    }
    return result(row[channel], mean, squares / channels);
  }

  __device__ __forceinline__ float of(const float* in, long long at) const {
    const float* row = in + (at - channel);
    double mean = meanOf(row);
    float near = (float)mean;
    double squares = squaresOf(row, near);
    if (!(squares > 1e-24 && squares < 1e30)) {
      return exactly(row);
    }
    double off = mean - near;
    return result(row[channel], mean, squares / channels - off * off);
  }

  template <int MODE>
  __device__ __forceinline__ Element fetch(
      const LayerParams&, const LayerPointers& d, long long at, int, int) const {
    float x = of(d.in, at);
    return {x, hasPair(MODE) ? of(d.inQ, at) : 0.0f, x};
  }

  template <int MODE>
  __device__ __forceinline__ Element finish(const LayerParams&, const Element& e) const {
    return e;
  }
};

DS_MEASURE_KERNELS(layer_norm, f32_none_f32_tensor, naive, NormSource)
