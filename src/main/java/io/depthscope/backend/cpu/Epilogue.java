package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.D;
import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.I;
import static io.depthscope.backend.cpu.Lanes.N;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import io.depthscope.graph.Clamp;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.StreamSums;
import jdk.incubator.vector.DoubleVector;
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
 * short passes over its results; one loop that did everything would need far more registers than
 * there are.
 *
 * <p>Rounding uses the float32 adder: for |v| up to 2^22, v + 1.5 * 2^23 rounds half to even, and
 * the integer stands in the low bits of the sum. Larger sums still order correctly as integers, so
 * clamping the bits saturates them. A block in which any accumulator is NaN or infinite is left to
 * {@link ScalarEpilogue}.
 */
final class Epilogue {
  /**
   * Positions per block: as many as a tile usually has, since every block ends with an addition to
   * the double sums, and at most the 256 terms that may be added in float32.
   */
  static final int BLOCK = 252;

  private static final float MAGIC = 12582912f;
  private static final int MAGIC_BITS = Float.floatToRawIntBits(MAGIC);

  /**
   * Channels whose largest error lies between these are squared and added in float32: a block of
   * squares does not overflow, nor does what is lost below the smallest float32 matter beside it.
   */
  private static final float LARGEST_ERROR = 0x1p59f;

  private static final float SMALLEST_ERROR = 0x1p-60f;

  private final Recording recording;
  private final boolean simulatedAlone;

  /**
   * Channels whose results are written out together: the more, the longer the runs of memory that
   * are written at once, but the results of a block must stay in the caches until then.
   */
  private static final int GROUP = 128;

  /** Results of a block, of the baseline and of the candidate, one vector after the other. */
  private final float[] x = new float[BLOCK * GROUP];

  private final float[] xq;

  // Lists of the block's non-zero values: most activations after a ReLU are zero, and counting
  // those in one step saves half the increments. One vector longer, for the last store's tail.
  private final int[] bins = new int[(BLOCK + 1) * N];
  private final int[] codes = new int[(BLOCK + 1) * N];
  private int codesListed;
  private final int[] saturatedLanes = new int[N];

  private final BlockFrame baselineFrame;
  private final BlockFrame candidateFrame;

  /**
   * @param simulatedAlone whether the baseline, without a candidate, is the stream that is
   *     quantized
   * @param channels most channels of a layer, padded to whole vectors
   */
  Epilogue(Recording recording, boolean simulatedAlone, int channels) {
    this.recording = recording;
    this.simulatedAlone = simulatedAlone;
    this.xq = new float[recording.paired() ? x.length : 0];
    this.baselineFrame = new BlockFrame(channels);
    this.candidateFrame = new BlockFrame(channels);
  }

  /**
   * Finishes a tile of {@code rows} positions.
   *
   * @param baseline accumulators of the baseline, laid out as {@link Gemm} writes them
   * @param candidate those of the candidate; ignored without one
   * @param outBaseline receives the fp32 results from {@code position} on
   * @param outCandidate the same for the candidate
   * @param outputRow floats from one position of the output to the next
   */
  void run(
      OutputStage stage,
      int rows,
      float[] baseline,
      float[] candidate,
      float[] outBaseline,
      float[] outCandidate,
      int position,
      int outputRow,
      ImageSums sums,
      HistogramScratch histogram) {
    if (!recording.statistics()) {
      int at = position * outputRow;
      boolean done =
          simulatedAlone
              ? unrecordedCandidate(stage, rows, baseline, outBaseline, at, outputRow)
              : unrecorded(stage, stage.bias(), rows, baseline, outBaseline, at, outputRow);
      if (done && recording.paired()) {
        done = unrecordedCandidate(stage, rows, candidate, outCandidate, at, outputRow);
      }
      if (done) {
        return;
      }
    }
    for (int group = 0; group < stage.padded(); group += GROUP) {
      int end = Math.min(stage.padded(), group + GROUP);
      for (int from = 0; from < rows; from += BLOCK) {
        int n = Math.min(BLOCK, rows - from);
        for (int c = group; c < end; c += N) {
          block(
              stage,
              c,
              n,
              baseline,
              candidate,
              c * rows + from * N,
              (c - group) * n,
              sums,
              histogram);
        }
        int out = (position + from) * outputRow + group;
        store(x, n, end - group, outBaseline, out, outputRow);
        if (recording.paired()) {
          store(xq, n, end - group, outCandidate, out, outputRow);
        }
      }
    }
  }

  /**
   * Finishes a tile of which nothing is recorded, position by position.
   *
   * @return false if it has to be done the general way: for a general interval, or since an
   *     accumulator is not finite
   */
  private static boolean unrecorded(
      OutputStage stage, float[] bias, int rows, float[] acc, float[] out, int at, int outputRow) {
    boolean rectifies = stage.rectifies();
    if (!rectifies && !stage.clamp().equals(Clamp.NONE)) {
      return false;
    }
    IntVector upper = Lanes.ints(Float.floatToRawIntBits(stage.clamp().upper(0)));
    FloatVector zero = FloatVector.zero(F);
    FloatVector bad = zero;
    for (int row = 0; row < rows; row++) {
      int to = at + row * outputRow;
      for (int c = 0; c < stage.padded(); c += N) {
        FloatVector v =
            FloatVector.fromArray(F, acc, c * rows + row * N)
                .add(FloatVector.fromArray(F, bias, c));
        bad = v.fma(zero, bad);
        if (rectifies) {
          v = v.reinterpretAsInts().max(0).min(upper).reinterpretAsFloats();
        }
        v.intoArray(out, to + c);
      }
    }
    return isFinite(bad);
  }

  /** The same for what is quantized, where this layer is. */
  private static boolean unrecordedCandidate(
      OutputStage stage, int rows, float[] acc, float[] out, int at, int outputRow) {
    return stage.quantizer().isPresent()
        ? unrecordedQuantized(stage, rows, acc, out, at, outputRow)
        : unrecorded(stage, stage.candidateBias(), rows, acc, out, at, outputRow);
  }

  /** The same for the candidate of a layer whose output is quantized. */
  private static boolean unrecordedQuantized(
      OutputStage stage, int rows, float[] acc, float[] out, int at, int outputRow) {
    boolean rectifies = stage.rectifies();
    if (!rectifies && !stage.clamp().equals(Clamp.NONE)) {
      return false;
    }
    QuantParams q = stage.quantizer().get();
    IntVector upper = Lanes.ints(Float.floatToRawIntBits(stage.clamp().upper(0)));
    FloatVector scale = Lanes.floats(q.scale());
    FloatVector magic = Lanes.floats(MAGIC);
    IntVector lowest = Lanes.ints(MAGIC_BITS + q.qmin() - q.zeroPoint());
    IntVector highest = Lanes.ints(MAGIC_BITS + q.qmax() - q.zeroPoint());
    IntVector zeroCode = Lanes.ints(MAGIC_BITS);
    FloatVector zero = FloatVector.zero(F);
    FloatVector bad = zero;
    float[] bias = stage.candidateBias();
    for (int row = 0; row < rows; row++) {
      int to = at + row * outputRow;
      for (int c = 0; c < stage.padded(); c += N) {
        FloatVector v =
            FloatVector.fromArray(F, acc, c * rows + row * N)
                .add(FloatVector.fromArray(F, bias, c));
        bad = v.fma(zero, bad);
        if (rectifies) {
          v = v.reinterpretAsInts().max(0).min(upper).reinterpretAsFloats();
        }
        IntVector code = v.div(scale).add(magic).reinterpretAsInts().max(lowest).min(highest);
        ((FloatVector) code.sub(zeroCode).convert(I2F, 0)).mul(scale).intoArray(out, to + c);
      }
    }
    return isFinite(bad);
  }

  /** Finishes {@code n} positions of the vector of channels that begins at {@code c}. */
  private void block(
      OutputStage stage,
      int c,
      int n,
      float[] baseline,
      float[] candidate,
      int at,
      int o,
      ImageSums sums,
      HistogramScratch histogram) {
    boolean finite = activate(stage, stage.bias(), c, n, baseline, at, x, o, baselineFrame);
    if (finite && simulatedAlone && stage.quantizer().isPresent()) {
      fakeQuantize(stage, c, n, x, o);
    }
    if (finite && recording.statistics()) {
      baselineFrame.mergeRange(sums.baseline, c);
    }
    if (finite && recording.paired()) {
      finite = activate(stage, stage.candidateBias(), c, n, candidate, at, xq, o, candidateFrame);
      if (finite && stage.quantizer().isPresent()) {
        fakeQuantize(stage, c, n, xq, o);
      }
      if (finite && recording.statistics()) {
        candidateFrame.mergeRange(sums.candidate, c);
      }
    }
    if (!finite) {
      ScalarEpilogue scalar = new ScalarEpilogue(stage, recording, sums, histogram);
      if (simulatedAlone) {
        scalar.simulated(c, n, baseline, at, x, o);
      } else {
        scalar.block(c, n, baseline, candidate, at, x, xq, o);
      }
    } else if (recording.statistics()) {
      statistics(stage, c, n, o, sums, histogram);
    }
  }

  /** Writes the results of a block where the next layer reads them. */
  private static void store(
      float[] block, int n, int channels, float[] out, int at, int outputRow) {
    for (int i = 0; i < n; i++) {
      int to = at + i * outputRow;
      for (int c = 0; c < channels; c += N) {
        FloatVector.fromArray(F, block, c * n + i * N).intoArray(out, to + c);
      }
    }
  }

  private void statistics(
      OutputStage stage, int c, int n, int at, ImageSums sums, HistogramScratch histogram) {
    moments(x, at, n, c, baselineFrame, sums.baseline);
    if (recording.paired()) {
      moments(xq, at, n, c, candidateFrame, sums.candidate);
      errors(at, n, c, sums);
      if (stage.quantizer().isPresent()) {
        IntVector.fromArray(I, saturatedLanes, 0)
            .add(IntVector.fromArray(I, sums.saturated, c))
            .intoArray(sums.saturated, c);
      }
    }
    if (recording.histograms()) {
      histograms(stage, at, n, c, histogram);
    }
  }

  /**
   * Adds the bias and applies the activation; leaves where the results lie in {@code frame}.
   *
   * @return false if an accumulator is not finite
   */
  private static boolean activate(
      OutputStage stage,
      float[] biases,
      int c,
      int n,
      float[] acc,
      int at,
      float[] out,
      int o,
      BlockFrame frame) {
    if (stage.rectifies()) {
      return rectify(stage, biases, c, n, acc, at, out, o, frame);
    }
    return stage.clamp().equals(Clamp.NONE)
        ? addBias(stage, biases, c, n, acc, at, out, o, frame)
        : clamp(stage, biases, c, n, acc, at, out, o, frame);
  }

  private static boolean addBias(
      OutputStage stage,
      float[] biases,
      int c,
      int n,
      float[] acc,
      int at,
      float[] out,
      int o,
      BlockFrame frame) {
    FloatVector bias = FloatVector.fromArray(F, biases, c);
    FloatVector zero = FloatVector.zero(F);
    FloatVector bad = zero;
    FloatVector first = FloatVector.fromArray(F, acc, at).add(bias);
    FloatVector sum = zero;
    FloatVector min = Lanes.floats(Float.POSITIVE_INFINITY);
    FloatVector max = Lanes.floats(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n * N; i += N) {
      FloatVector v = FloatVector.fromArray(F, acc, at + i).add(bias);
      bad = v.fma(zero, bad);
      sum = sum.add(v.sub(first));
      // Compare and blend cost less than min and max, which follow Java's rules for NaN.
      min = min.blend(v, v.compare(LT, min));
      max = max.blend(v, v.compare(GT, max));
      v.intoArray(out, o + i);
    }
    frame.set(c, min, max, first.add(sum.div(n)));
    return isFinite(bad);
  }

  /** ReLU and ReLU6: from zero upwards, floats order as their bits do. */
  private static boolean rectify(
      OutputStage stage,
      float[] biases,
      int c,
      int n,
      float[] acc,
      int at,
      float[] out,
      int o,
      BlockFrame frame) {
    FloatVector bias = FloatVector.fromArray(F, biases, c);
    FloatVector zero = FloatVector.zero(F);
    FloatVector bad = zero;
    IntVector upper = Lanes.ints(Float.floatToRawIntBits(stage.clamp().upper(0)));
    FloatVector first =
        FloatVector.fromArray(F, acc, at)
            .add(bias)
            .reinterpretAsInts()
            .max(0)
            .min(upper)
            .reinterpretAsFloats();
    FloatVector sum = zero;
    IntVector min = upper;
    IntVector max = IntVector.zero(I);
    for (int i = 0; i < n * N; i += N) {
      FloatVector u = FloatVector.fromArray(F, acc, at + i).add(bias);
      bad = u.fma(zero, bad);
      IntVector v = u.reinterpretAsInts().max(0).min(upper);
      sum = sum.add(v.reinterpretAsFloats().sub(first));
      min = min.min(v);
      max = max.max(v);
      v.reinterpretAsFloats().intoArray(out, o + i);
    }
    frame.set(c, min.reinterpretAsFloats(), max.reinterpretAsFloats(), first.add(sum.div(n)));
    return isFinite(bad);
  }

  /** Any other interval, one for the tensor or one a channel. */
  private static boolean clamp(
      OutputStage stage,
      float[] biases,
      int c,
      int n,
      float[] acc,
      int at,
      float[] out,
      int o,
      BlockFrame frame) {
    FloatVector bias = FloatVector.fromArray(F, biases, c);
    FloatVector lower = FloatVector.fromArray(F, stage.lower(), c);
    FloatVector upper = FloatVector.fromArray(F, stage.upper(), c);
    FloatVector zero = FloatVector.zero(F);
    FloatVector bad = zero;
    FloatVector first = FloatVector.fromArray(F, acc, at).add(bias).max(lower).min(upper);
    FloatVector sum = zero;
    FloatVector min = Lanes.floats(Float.POSITIVE_INFINITY);
    FloatVector max = Lanes.floats(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n * N; i += N) {
      FloatVector u = FloatVector.fromArray(F, acc, at + i).add(bias);
      bad = u.fma(zero, bad);
      FloatVector v = u.max(lower).min(upper);
      sum = sum.add(v.sub(first));
      min = min.blend(v, v.compare(LT, min));
      max = max.blend(v, v.compare(GT, max));
      v.intoArray(out, o + i);
    }
    frame.set(c, min, max, first.add(sum.div(n)));
    return isFinite(bad);
  }

  /** True if every lane was drawn from finite values times zero: others give NaN. */
  private static boolean isFinite(FloatVector timesZero) {
    return timesZero.compare(EQ, 0f).allTrue();
  }

  /** Replaces values by their fake-quantized ones; lists the codes other than that of zero. */
  private void fakeQuantize(OutputStage stage, int c, int n, float[] values, int at) {
    QuantParams q = stage.quantizer().get();
    FloatVector scale = Lanes.floats(q.scale());
    FloatVector magic = Lanes.floats(MAGIC);
    IntVector lowest = Lanes.ints(MAGIC_BITS + q.qmin() - q.zeroPoint());
    IntVector highest = Lanes.ints(MAGIC_BITS + q.qmax() - q.zeroPoint());
    IntVector zeroCode = Lanes.ints(MAGIC_BITS);
    int codeOffset = q.zeroPoint() - q.qmin();
    IntVector saturated = IntVector.zero(I);
    IntVector min = highest;
    IntVector max = lowest;
    IntVector sum = IntVector.zero(I); // below 2^24, so that its float32 is exact
    boolean listCodes = recording.histograms();
    VectorMask<Integer> lanes = I.indexInRange(0, Math.max(0, stage.lanesAt(c)));
    int list = 0;
    for (int i = at; i < at + n * N; i += N) {
      FloatVector v = FloatVector.fromArray(F, values, i);
      IntVector rounded = v.div(scale).add(magic).reinterpretAsInts();
      IntVector clamped = rounded.max(lowest).min(highest);
      saturated = saturated.add(1, rounded.compare(NE, clamped));
      min = min.min(clamped);
      max = max.max(clamped);
      IntVector steps = clamped.sub(zeroCode);
      sum = sum.add(steps);
      ((FloatVector) steps.convert(I2F, 0)).mul(scale).intoArray(values, i);
      if (listCodes) {
        VectorMask<Integer> listed = steps.compare(NE, 0).and(lanes);
        steps.add(codeOffset).compress(listed).intoArray(codes, list);
        list += listed.trueCount();
      }
    }
    saturated.intoArray(saturatedLanes, 0);
    candidateFrame.set(
        c,
        ((FloatVector) min.sub(zeroCode).convert(I2F, 0)).mul(scale),
        ((FloatVector) max.sub(zeroCode).convert(I2F, 0)).mul(scale),
        ((FloatVector) sum.convert(I2F, 0)).div(n).mul(scale));
    codesListed = list;
  }

  private void histograms(OutputStage stage, int at, int n, int c, HistogramScratch histogram) {
    int lanes = Math.max(0, stage.lanesAt(c));
    VectorMask<Integer> valid = I.indexInRange(0, lanes);
    int list = 0;
    for (int i = 0; i < n * N; i += N) {
      IntVector bits = FloatVector.fromArray(F, x, at + i).reinterpretAsInts();
      VectorMask<Integer> listed = bits.compare(NE, 0).and(valid);
      bits.lanewise(LSHR, BitHistogram.SHIFT).compress(listed).intoArray(bins, list);
      list += listed.trueCount();
    }
    boolean candidate = stage.quantizer().isPresent() && recording.paired();
    histogram.add(bins, list, codes, candidate ? codesListed : 0);
    histogram.addBit(0, n * lanes - list);
    if (candidate) {
      QuantParams q = stage.quantizer().get();
      histogram.addCode(q.zeroPoint() - q.qmin(), n * lanes - codesListed);
    }
  }

  /**
   * Moments and zeros of one block of one stream. Even and odd positions have sums of their own: a
   * value far larger than the others then rounds half of them only, and additions overlap.
   */
  private static void moments(
      float[] values, int at, int n, int c, BlockFrame frame, StreamSums sums) {
    FloatVector scale = frame.scale(c);
    FloatVector offset = frame.offset(c);
    FloatVector zero = FloatVector.zero(F);
    FloatVector s1 = zero;
    FloatVector s2 = zero;
    FloatVector s3 = zero;
    FloatVector s4 = zero;
    FloatVector t1 = zero;
    FloatVector t2 = zero;
    FloatVector t3 = zero;
    FloatVector t4 = zero;
    IntVector zeros = IntVector.fromArray(I, sums.zeros, c);
    int pairs = n / 2 * 2 * N;
    for (int i = 0; i < pairs; i += 2 * N) {
      FloatVector v = FloatVector.fromArray(F, values, at + i);
      zeros = zeros.add(1, v.compare(EQ, zero).cast(I));
      FloatVector d = v.fma(scale, offset);
      FloatVector d2 = d.mul(d);
      s1 = s1.add(d);
      s2 = s2.add(d2);
      s3 = d2.fma(d, s3);
      s4 = d2.fma(d2, s4);
      FloatVector w = FloatVector.fromArray(F, values, at + i + N);
      zeros = zeros.add(1, w.compare(EQ, zero).cast(I));
      FloatVector e = w.fma(scale, offset);
      FloatVector e2 = e.mul(e);
      t1 = t1.add(e);
      t2 = t2.add(e2);
      t3 = e2.fma(e, t3);
      t4 = e2.fma(e2, t4);
    }
    if (pairs < n * N) {
      FloatVector v = FloatVector.fromArray(F, values, at + pairs);
      zeros = zeros.add(1, v.compare(EQ, zero).cast(I));
      FloatVector d = v.fma(scale, offset);
      FloatVector d2 = d.mul(d);
      s1 = s1.add(d);
      s2 = s2.add(d2);
      s3 = d2.fma(d, s3);
      s4 = d2.fma(d2, s4);
    }
    zeros.intoArray(sums.zeros, c);
    frame.addPowers(c, n, s1.add(t1), s2.add(t2), s3.add(t3), s4.add(t4), sums);
  }

  private void errors(int at, int n, int c, ImageSums sums) {
    FloatVector sum = FloatVector.zero(F);
    FloatVector squares = sum;
    IntVector bits = IntVector.zero(I);
    for (int i = 0; i < n * N; i += N) {
      FloatVector e = FloatVector.fromArray(F, xq, at + i).sub(FloatVector.fromArray(F, x, at + i));
      sum = sum.add(e);
      squares = e.fma(e, squares);
      // Magnitudes order as their bits do.
      bits = bits.max(e.abs().reinterpretAsInts());
    }
    FloatVector largest = bits.reinterpretAsFloats();
    FloatVector.fromArray(F, sums.errorMaxAbs, c)
        .reinterpretAsInts()
        .max(bits)
        .reinterpretAsFloats()
        .intoArray(sums.errorMaxAbs, c);
    VectorMask<Float> wild =
        largest.compare(GT, LARGEST_ERROR).or(largest.compare(LT, SMALLEST_ERROR));
    wild = wild.andNot(largest.compare(EQ, 0f));
    if (wild.anyTrue()) {
      for (int lane = 0; lane < N; lane++) {
        for (int i = lane; wild.laneIsSet(lane) && i < n * N; i += N) {
          sums.addError(c + lane, x[at + i], xq[at + i], 1);
        }
      }
      FloatVector none = FloatVector.zero(F);
      sum = sum.blend(none, wild);
      squares = squares.blend(none, wild);
    }
    add(sums.errorSum, c, sum);
    add(sums.errorSquares, c, squares);
  }

  /** Adds a float32 sum of each lane to the double sums from channel {@code c} on. */
  private static void add(double[] sums, int c, FloatVector v) {
    DoubleVector low = (DoubleVector) v.convertShape(F2D, D, 0);
    DoubleVector high = (DoubleVector) v.convertShape(F2D, D, 1);
    low.add(DoubleVector.fromArray(D, sums, c)).intoArray(sums, c);
    high.add(DoubleVector.fromArray(D, sums, c + N / 2)).intoArray(sums, c + N / 2);
  }
}
