// Each value over a power of what its neighbours among the channels amount to.
//
//   out = x / (bias + alpha / size * sum of squares)^beta
//
// The sum runs over channels c - (size - 1) / 2 .. c + size / 2, as far as there are, in double; kernelWidth is the
// size, and the pointer bias holds alpha, beta and bias. The power is exp(beta log(..)), which may differ from the
// oracle's in its last bits. in, out: float32 NHWC, channels padded to the stride. There are no weights, so the third
// product of the sources of error is that of the fp32 input.
// Launch: 256 threads a block, any number of blocks.
// Java reference: ReferenceLayers.response.
#include "common/double_math.cuh"
#include "common/measure.cuh"

struct ResponseSource {
  int channel, first, end;
  double share, beta, bias;

  __device__ __forceinline__ ResponseSource(const LayerParams& p, const LayerPointers& d, int c)
      : channel(c),
        first(max(0, c - (p.kernelWidth - 1) / 2)),
        end((int)min((long long)p.outChannels, c + 1LL + p.kernelWidth / 2)),
        share((double)d.bias[0] / p.kernelWidth),
        beta(d.bias[1]),
        bias(d.bias[2]) {}

  __device__ __forceinline__ float of(const float* in, long long at) const {
    const float* row = in + (at - channel);
    double squares = 0.0;
    for (int c = first; c < end; c++) {
      squares += (double)row[c] * row[c];
    }
    double amount = bias + share * squares;
    if (amount != amount) {
      return (float)amount;
    }
    double power = beta * logarithm(amount);
    // Over what is beyond all floats a value is 0, but infinity is NaN.
    return power > 700.0 ? row[channel] * 0.0f : (float)(row[channel] / exponential(power));
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

DS_MEASURE_KERNELS(local_response, f32_none_f32_tensor, naive, ResponseSource)
