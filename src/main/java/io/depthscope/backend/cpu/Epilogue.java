package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.I;
import static io.depthscope.backend.cpu.Lanes.N;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.StreamSums;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * The end of every layer, for one tile: bias, activation function and fake quantization of the
 * accumulators of both streams, and the statistics of the results while they are in the first
 * cache.
 *
 * <p>A tile is walked one vector of channels at a time, at most {@link #BLOCK} positions at once;
 * that many float32 terms are added before they go to the double sums. Each block is handled by
 * short passes over compact copies of the results; one loop that did everything would need far more
 * registers than there are.
 *
 * <p>Rounding uses the float32 adder: for |v| up to 2^22, v + 1.5 * 2^23 rounds half to even, and
 * the integer stands in the low bits of the sum. Larger sums still order correctly as integers, so
 * clamping the bits saturates them. A block in which any accumulator is NaN or infinite is left to
 * {@link ScalarEpilogue}.
 */
final class Epilogue {
  /** Positions per block: three compact copies stay in the first cache. */
  static final int BLOCK = 64;

  private static final float MAGIC = 12582912f;
  private static final int MAGIC_BITS = Float.floatToRawIntBits(MAGIC);

  private final Recording recording;
  private final float[] x = new float[BLOCK * N];
  private final float[] xq = new float[BLOCK * N];
  private final int[] packed = new int[BLOCK * N];
  private final int[] saturatedLanes = new int[N];
  private final float[] flush = new float[4 * N];

  Epilogue(Recording recording) {
    this.recording = recording;
  }

  /**
   * Finishes a tile of {@code rows} positions.
   *
   * @param fp32 accumulators of the fp32 stream, blocked as {@link Gemm} writes them
   * @param quantized those of the quantized stream; ignored without one
   * @param outFp32 receives the fp32 results, NHWC with padded channels, from {@code position} on
   * @param outQuantized the same for the quantized stream
   */
  void run(
      OutputStage stage,
      int rows,
      float[] fp32,
      float[] quantized,
      float[] outFp32,
      float[] outQuantized,
      int position,
      ImageSums sums,
      HistogramScratch histogram) {
    for (int c = 0; c < stage.padded(); c += N) {
      for (int from = 0; from < rows; from += BLOCK) {
        int n = Math.min(BLOCK, rows - from);
        int at = c * rows + from * N;
        int out = (position + from) * stage.padded() + c;
        boolean finite = fp32Results(stage, c, n, fp32, at, outFp32, out);
        if (recording.quantizedStream()) {
          finite &=
              stage.quantizer().isPresent()
                  ? quantizedResults(stage, c, n, quantized, at, outQuantized, out)
                  : passedResults(stage, c, n, quantized, at, outQuantized, out);
        }
        if (!finite) {
          new ScalarEpilogue(stage, recording, sums, histogram)
              .block(c, n, fp32, quantized, at, outFp32, outQuantized, out);
        } else if (recording.statistics()) {
          statistics(stage, c, n, sums, histogram);
        }
      }
    }
  }

  private void statistics(
      OutputStage stage, int c, int n, ImageSums sums, HistogramScratch histogram) {
    moments(x, n, c, stage.shift(), sums.fp32);
    if (recording.quantizedStream()) {
      moments(xq, n, c, stage.shift(), sums.quantized);
      errors(n, c, sums);
      if (stage.quantizer().isPresent()) {
        IntVector.fromArray(I, saturatedLanes, 0)
            .add(IntVector.fromArray(I, sums.saturated, c))
            .intoArray(sums.saturated, c);
      }
    }
    if (recording.histograms()) {
      histogram.add(packed, n, N, stage.lanesAt(c));
    }
  }

  /** Activation of the fp32 stream; false if an accumulator is not finite. */
  private boolean fp32Results(
      OutputStage stage, int c, int n, float[] acc, int at, float[] out, int o) {
    FloatVector bias = FloatVector.fromArray(F, stage.bias(), c);
    FloatVector lower = Lanes.floats(stage.activation().lower());
    FloatVector upper = Lanes.floats(stage.activation().upper());
    FloatVector zero = FloatVector.zero(F);
    FloatVector bad = zero;
    int step = stage.padded();
    for (int i = 0; i < n * N; i += N, o += step) {
      FloatVector u = FloatVector.fromArray(F, acc, at + i).add(bias);
      bad = u.fma(zero, bad);
      FloatVector v = u.blend(lower, u.compare(LE, lower));
      v = v.blend(upper, v.compare(GE, upper));
      v.intoArray(x, i);
      v.intoArray(out, o);
      v.reinterpretAsInts().lanewise(LSHR, BitHistogram.SHIFT).intoArray(packed, i);
    }
    return isZero(bad);
  }

  /** Finite values times zero sum to zero; NaN and infinities do not. */
  private static boolean isZero(FloatVector bad) {
    return bad.compare(EQ, 0f).allTrue();
  }

  /** Activation and fake quantization; false if an accumulator is not finite. */
  private boolean quantizedResults(
      OutputStage stage, int c, int n, float[] acc, int at, float[] out, int o) {
    QuantParams q = stage.quantizer().get();
    FloatVector bias = FloatVector.fromArray(F, stage.bias(), c);
    FloatVector lower = Lanes.floats(stage.activation().lower());
    FloatVector upper = Lanes.floats(stage.activation().upper());
    FloatVector scale = Lanes.floats(q.scale());
    FloatVector magic = Lanes.floats(MAGIC);
    IntVector lowest = Lanes.ints(MAGIC_BITS + q.qmin() - q.zeroPoint());
    IntVector highest = Lanes.ints(MAGIC_BITS + q.qmax() - q.zeroPoint());
    IntVector zeroCode = Lanes.ints(MAGIC_BITS);
    int codeOffset = q.zeroPoint() - q.qmin();
    FloatVector zero = FloatVector.zero(F);
    FloatVector bad = zero;
    IntVector saturated = IntVector.zero(I);
    int step = stage.padded();
    for (int i = 0; i < n * N; i += N, o += step) {
      FloatVector u = FloatVector.fromArray(F, acc, at + i).add(bias);
      bad = u.fma(zero, bad);
      FloatVector v = u.blend(lower, u.compare(LE, lower));
      v = v.blend(upper, v.compare(GE, upper));
      IntVector rounded = v.div(scale).add(magic).reinterpretAsInts();
      IntVector clamped = rounded.max(lowest).min(highest);
      saturated = saturated.add(1, rounded.compare(NE, clamped));
      IntVector steps = clamped.sub(zeroCode);
      FloatVector dequantized = ((FloatVector) steps.convert(I2F, 0)).mul(scale);
      dequantized.intoArray(xq, i);
      dequantized.intoArray(out, o);
      IntVector code = steps.add(codeOffset).lanewise(LSHL, 15);
      IntVector.fromArray(I, packed, i).or(code).intoArray(packed, i);
    }
    saturated.intoArray(saturatedLanes, 0);
    return isZero(bad);
  }

  /**
   * Activation of a quantized stream whose output is not quantized (pools, weight-only schemes).
   */
  private boolean passedResults(
      OutputStage stage, int c, int n, float[] acc, int at, float[] out, int o) {
    FloatVector bias = FloatVector.fromArray(F, stage.bias(), c);
    FloatVector lower = Lanes.floats(stage.activation().lower());
    FloatVector upper = Lanes.floats(stage.activation().upper());
    FloatVector zero = FloatVector.zero(F);
    FloatVector bad = zero;
    int step = stage.padded();
    for (int i = 0; i < n * N; i += N, o += step) {
      FloatVector u = FloatVector.fromArray(F, acc, at + i).add(bias);
      bad = u.fma(zero, bad);
      FloatVector v = u.blend(lower, u.compare(LE, lower));
      v = v.blend(upper, v.compare(GE, upper));
      v.intoArray(xq, i);
      v.intoArray(out, o);
    }
    return isZero(bad);
  }

  /** Power sums about the shift, smallest, largest and zeros of one block of one stream. */
  private void moments(float[] values, int n, int c, float[] shifts, StreamSums sums) {
    FloatVector shift = FloatVector.fromArray(F, shifts, c);
    FloatVector s1 = FloatVector.zero(F);
    FloatVector s2 = s1;
    FloatVector s3 = s1;
    FloatVector s4 = s1;
    FloatVector min = FloatVector.fromArray(F, sums.min, c);
    FloatVector max = FloatVector.fromArray(F, sums.max, c);
    FloatVector zero = FloatVector.zero(F);
    IntVector zeros = IntVector.fromArray(I, sums.zeros, c);
    for (int i = 0; i < n * N; i += N) {
      FloatVector v = FloatVector.fromArray(F, values, i);
      min = min.blend(v, v.compare(LT, min));
      max = max.blend(v, v.compare(GT, max));
      VectorMask<Integer> isZero = v.compare(EQ, zero).cast(I);
      zeros = zeros.add(1, isZero);
      FloatVector d = v.sub(shift);
      FloatVector d2 = d.mul(d);
      s1 = s1.add(d);
      s2 = s2.add(d2);
      s3 = d2.fma(d, s3);
      s4 = d2.fma(d2, s4);
    }
    min.intoArray(sums.min, c);
    max.intoArray(sums.max, c);
    zeros.intoArray(sums.zeros, c);
    s1.intoArray(flush, 0);
    s2.intoArray(flush, N);
    s3.intoArray(flush, 2 * N);
    s4.intoArray(flush, 3 * N);
    for (int i = 0; i < N; i++) {
      sums.s1[c + i] += flush[i];
      sums.s2[c + i] += flush[N + i];
      sums.s3[c + i] += flush[2 * N + i];
      sums.s4[c + i] += flush[3 * N + i];
    }
  }

  private void errors(int n, int c, ImageSums sums) {
    FloatVector sum = FloatVector.zero(F);
    FloatVector squares = sum;
    IntVector largest = FloatVector.fromArray(F, sums.errorMaxAbs, c).reinterpretAsInts();
    for (int i = 0; i < n * N; i += N) {
      FloatVector e = FloatVector.fromArray(F, xq, i).sub(FloatVector.fromArray(F, x, i));
      sum = sum.add(e);
      squares = e.fma(e, squares);
      // Magnitudes order as their bits do.
      largest = largest.max(e.abs().reinterpretAsInts());
    }
    largest.reinterpretAsFloats().intoArray(sums.errorMaxAbs, c);
    sum.intoArray(flush, 0);
    squares.intoArray(flush, N);
    for (int i = 0; i < N; i++) {
      sums.errorSum[c + i] += flush[i];
      sums.errorSquares[c + i] += flush[N + i];
    }
  }
}
