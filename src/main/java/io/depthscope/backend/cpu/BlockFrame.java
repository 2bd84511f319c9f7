package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import io.depthscope.stats.Moments;
import io.depthscope.stats.StreamSums;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Where the values of one stream in one block lie, for each lane of the block's vector of channels:
 * their range, and the point and the unit in which their powers are summed.
 *
 * <p>The point is their mean. The unit is a power of two near their range, so that a fourth power
 * neither overflows nor vanishes, whatever the magnitudes; it scales without rounding.
 */
final class BlockFrame {
  private static final int MANTISSA_BITS = 23;

  /** Biased exponents add up to this for a unit and its reciprocal. */
  private static final int RECIPROCAL = 254;

  // Indexed by channel, so that they can be handed on with the sums.
  private final float[] about;
  private final float[] unit;
  private final float[] s1;
  private final float[] s2;
  private final float[] s3;
  private final float[] s4;
  private final float[] smallest = new float[N];
  private final float[] largest = new float[N];
  private final Moments moments;

  /**
   * @param channels most channels of a layer, padded to whole vectors
   */
  BlockFrame(int channels) {
    about = new float[channels];
    unit = new float[channels];
    s1 = new float[channels];
    s2 = new float[channels];
    s3 = new float[channels];
    s4 = new float[channels];
    moments = new Moments(channels);
  }

  /**
   * Takes the block of the vector of channels at {@code c}.
   *
   * @param mean of the values, as far as float32 knows it; where it overflowed, the middle of the
   *     range stands in
   */
  void set(int c, FloatVector min, FloatVector max, FloatVector mean) {
    min.intoArray(smallest, 0);
    max.intoArray(largest, 0);
    FloatVector middle = min.mul(0.5f).add(max.mul(0.5f));
    FloatVector finite = mean.mul(0f); // 0, or NaN
    mean.blend(middle, finite.compare(EQ, 0f).not()).intoArray(about, c);
    FloatVector range = max.sub(min);
    IntVector exponent =
        range.reinterpretAsInts().lanewise(LSHR, MANTISSA_BITS).max(1).min(RECIPROCAL - 1);
    FloatVector power = exponent.lanewise(LSHL, MANTISSA_BITS).reinterpretAsFloats();
    // Equal values are at distance 0 in any unit, but need one in which they do not overflow.
    power.blend(1f, range.compare(EQ, 0f)).intoArray(unit, c);
  }

  /** Widens the range of the image's sums. */
  void mergeRange(StreamSums sums, int c) {
    FloatVector min = FloatVector.fromArray(F, smallest, 0);
    FloatVector max = FloatVector.fromArray(F, largest, 0);
    FloatVector low = FloatVector.fromArray(F, sums.min, c);
    FloatVector high = FloatVector.fromArray(F, sums.max, c);
    low.blend(min, min.compare(LT, low)).intoArray(sums.min, c);
    high.blend(max, high.compare(LT, max)).intoArray(sums.max, c);
  }

  /** What a value is multiplied by first. */
  FloatVector scale(int c) {
    IntVector exponent =
        FloatVector.fromArray(F, unit, c).reinterpretAsInts().lanewise(LSHR, MANTISSA_BITS);
    return Lanes.ints(RECIPROCAL).sub(exponent).lanewise(LSHL, MANTISSA_BITS).reinterpretAsFloats();
  }

  /** What is added then, which leaves the distance from the mean in units. */
  FloatVector offset(int c) {
    return FloatVector.fromArray(F, about, c).mul(scale(c)).neg();
  }

  /** Adds {@code n} values a channel, of which the sums of powers are these. */
  void addPowers(
      int c, int n, FloatVector p1, FloatVector p2, FloatVector p3, FloatVector p4, StreamSums to) {
    p1.intoArray(s1, c);
    p2.intoArray(s2, c);
    p3.intoArray(s3, c);
    p4.intoArray(s4, c);
    int before = to.count[c]; // the same in every lane
    if (before == 0) {
      to.moments.setPowers(c, c + N, n, about, unit, s1, s2, s3, s4);
    } else {
      moments.setPowers(c, c + N, n, about, unit, s1, s2, s3, s4);
      to.moments.add(c, c + N, before, moments, n);
    }
    for (int i = c; i < c + N; i++) {
      to.count[i] = before + n;
    }
  }
}
