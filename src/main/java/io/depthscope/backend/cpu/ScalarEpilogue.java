package io.depthscope.backend.cpu;

import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.ImageSums;
import java.util.Arrays;
import java.util.Optional;

/**
 * What {@link Epilogue} does, one value at a time and to the letter of the definitions: for the
 * blocks in which an accumulator is NaN or infinite, for the network's input, and for the sources
 * of error, which are recorded on request.
 */
final class ScalarEpilogue {
  private final OutputStage stage;
  private final Recording recording;
  private final ImageSums sums;
  private final HistogramScratch histogram;

  ScalarEpilogue(
      OutputStage stage, Recording recording, ImageSums sums, HistogramScratch histogram) {
    this.stage = stage;
    this.recording = recording;
    this.sums = sums;
    this.histogram = histogram;
  }

  /**
   * Finishes one block: {@code n} positions of the vector of channels that begins at {@code c}.
   *
   * @param at where the block's accumulators begin
   * @param o where its results go
   */
  void block(
      int c,
      int n,
      float[] baseline,
      float[] candidate,
      int at,
      float[] outBaseline,
      float[] outCandidate,
      int o) {
    int lanes = Math.max(0, stage.lanesAt(c));
    int first = o;
    for (int row = 0; row < n; row++, o += Lanes.N) {
      // What stood in the padding must not reach the next layer, which looks at whole vectors.
      Arrays.fill(outBaseline, o + lanes, o + Lanes.N, 0);
      if (recording.paired()) {
        Arrays.fill(outCandidate, o + lanes, o + Lanes.N, 0);
      }
      for (int lane = 0; lane < lanes; lane++) {
        int i = at + row * Lanes.N + lane;
        float x = activated(baseline[i], stage.bias(), c + lane);
        outBaseline[o + lane] = x;
        if (recording.paired()) {
          outCandidate[o + lane] =
              value(c + lane, x, activated(candidate[i], stage.candidateBias(), c + lane), 1);
        } else {
          value(c + lane, x, x, 1);
        }
      }
    }
    for (int lane = 0; lane < lanes; lane++) {
      moments(c + lane, outBaseline, outCandidate, first + lane, Lanes.N, n);
    }
  }

  /** Finishes one block of a stream that runs alone and is quantized. */
  void simulated(int c, int n, float[] accumulators, int at, float[] out, int o) {
    int lanes = Math.max(0, stage.lanesAt(c));
    for (int row = 0; row < n; row++) {
      int to = o + row * Lanes.N;
      Arrays.fill(out, to + lanes, to + Lanes.N, 0); // as above
      for (int lane = 0; lane < lanes; lane++) {
        float y =
            activated(accumulators[at + row * Lanes.N + lane], stage.candidateBias(), c + lane);
        out[to + lane] = value(c + lane, y, y, 1);
      }
    }
  }

  /** Adds {@code n} values of a channel, {@code step} apart, to the moments of both streams. */
  void moments(int channel, float[] x, float[] xq, int at, int step, int n) {
    if (recording.statistics()) {
      sums.baseline.add(channel, x, at, step, n);
      if (recording.paired()) {
        sums.candidate.add(channel, xq, at, step, n);
      }
    }
  }

  /** Adds a pair of values {@code times} times to the moments of both streams. */
  void moments(int channel, float x, float xq, int times) {
    if (recording.statistics()) {
      sums.baseline.add(channel, x, times);
      if (recording.paired()) {
        sums.candidate.add(channel, xq, times);
      }
    }
  }

  /**
   * Records a pair of values that occurs {@code times} times, but for the moments.
   *
   * @param y the candidate's value before quantization; ignored without that stream
   * @return the candidate's value
   */
  float value(int channel, float x, float y, int times) {
    Optional<QuantParams> q = stage.quantizer();
    float xq = q.isPresent() ? q.get().fakeQuantize(y) : y;
    if (!recording.statistics()) {
      return xq;
    }
    if (recording.histograms()) {
      histogram.addBit(x, times);
    }
    if (recording.paired()) {
      sums.addError(channel, x, xq, times);
      if (q.isPresent()) {
        sums.saturated[channel] += q.get().saturates(y) ? times : 0;
        if (recording.histograms()) {
          histogram.addCode(q.get().quantize(y) - q.get().qmin(), times);
        }
      }
    }
    return xq;
  }

  /**
   * Adds the energies of the four sources of error of a tile of {@code rows} positions.
   *
   * @param middle accumulators of the quantized weights on the fp32 input
   */
  void errorTerms(int rows, float[] baseline, float[] middle, float[] candidate) {
    for (int channel = 0; channel < stage.channels(); channel++) {
      int at = channel / Lanes.N * Lanes.N * rows + channel % Lanes.N;
      for (int row = 0; row < rows; row++, at += Lanes.N) {
        float x = activated(baseline[at], stage.bias(), channel);
        float m = activated(middle[at], stage.candidateBias(), channel);
        float y = activated(candidate[at], stage.candidateBias(), channel);
        errorTerms(channel, x, m, y, 1);
      }
    }
  }

  /** Adds the energies of the sources of error of one value that occurs {@code times} times. */
  void errorTerms(int channel, float x, float middle, float y, int times) {
    Optional<QuantParams> q = stage.quantizer();
    ErrorTerm last =
        q.isPresent() && q.get().saturates(y) ? ErrorTerm.CLIPPING : ErrorTerm.ROUNDING;
    float xq = q.isPresent() ? q.get().fakeQuantize(y) : y;
    add(ErrorTerm.INHERITED, channel, (double) y - middle, times);
    add(ErrorTerm.WEIGHTS, channel, (double) middle - x, times);
    add(last, channel, (double) xq - y, times);
  }

  private void add(ErrorTerm term, int channel, double e, int times) {
    sums.terms[term.ordinal()][channel] += times * (e * e);
  }

  private float activated(float accumulator, float[] bias, int channel) {
    return stage.clamp().apply(accumulator + bias[channel], channel);
  }
}
