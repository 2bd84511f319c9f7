package io.depthscope.quant;

import io.depthscope.stats.BitHistogram;

/**
 * Affine quantization, the one place where its formula stands in Java:
 *
 * <pre>
 * quantize(x)     = clamp(rint(x / scale) + zeroPoint, qmin, qmax)
 * dequantize(q)   = (q - zeroPoint) * scale
 * fakeQuantize(x) = dequantize(quantize(x))
 * </pre>
 *
 * <p>Division and product are float32, rounding is half to even and comes before the zero point is
 * added. NaN becomes zeroPoint; infinities saturate.
 *
 * @param scale positive and finite
 * @param zeroPoint the code of 0, in qmin..qmax
 */
public record QuantParams(float scale, int zeroPoint, int qmin, int qmax) {

  /**
   * @throws IllegalArgumentException if the scale is not positive and finite, or the zero point
   *     lies outside the codes
   */
  public QuantParams {
    if (!(scale > 0 && Float.isFinite(scale))) {
      throw new IllegalArgumentException("scale must be positive and finite, got " + scale);
    }
    if (!(qmin < qmax && qmin <= zeroPoint && zeroPoint <= qmax)) {
      throw new IllegalArgumentException(
          "zero point " + zeroPoint + " outside the codes " + qmin + ".." + qmax);
    }
  }

  /**
   * Parameters for a range, widened to include 0. A range of zero width (or one so narrow that the
   * scale underflows) gets scale 1.
   *
   * @throws IllegalArgumentException if the range is so wide that the scale overflows float32
   */
  public static QuantParams of(Range range, QuantFormat format) {
    Range r = range.withZero();
    int qmin = format.qmin();
    int qmax = format.qmax();
    double width =
        format.symmetric() ? Math.max(-r.min(), r.max()) / qmax : r.width() / (qmax - qmin);
    float scale = (float) width;
    if (scale == 0) {
      return new QuantParams(1, clamp(0, qmin, qmax), qmin, qmax);
    }
    double zero = format.symmetric() ? 0 : Math.rint(qmin - r.min() / scale);
    return new QuantParams(scale, (int) Math.max(qmin, Math.min(qmax, zero)), qmin, qmax);
  }

  /** The codes of values, each as {@link #quantize(float)} has it. */
  public long[] quantize(float[] values) {
    long[] codes = new long[values.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = quantize(values[i]);
    }
    return codes;
  }

  /** Number of codes. */
  public int codes() {
    return qmax - qmin + 1;
  }

  /** Bits of an integer that counts them. */
  public int bits() {
    return Integer.SIZE - Integer.numberOfLeadingZeros(codes() - 1);
  }

  /** True if as many codes lie below the zero point as above it. */
  public boolean symmetric() {
    return (long) zeroPoint - qmin == (long) qmax - zeroPoint;
  }

  /** The code before clamping, as an exact float32 integer relative to the zero point. */
  private float steps(float x) {
    return (float) Math.rint(x / scale);
  }

  public int quantize(float x) {
    if (Float.isNaN(x)) {
      return zeroPoint;
    }
    float r = Math.max(qmin - zeroPoint, Math.min(qmax - zeroPoint, steps(x)));
    return (int) r + zeroPoint;
  }

  public float dequantize(int code) {
    return (code - zeroPoint) * scale;
  }

  /** What the outermost codes stand for, in double. */
  public Range representable() {
    return new Range((qmin - zeroPoint) * (double) scale, (qmax - zeroPoint) * (double) scale);
  }

  /** How many of the codes a range of this width reaches. */
  public double effectiveLevels(double width) {
    return width / scale;
  }

  public float fakeQuantize(float x) {
    return dequantize(quantize(x));
  }

  /** The squared errors of all values that a histogram counts, each taken as its bin's middle. */
  public double noise(BitHistogram histogram) {
    return Occupied.of(histogram).noise(this);
  }

  /**
   * True if clamping changes the code of x: this is what "outside the range" means wherever
   * saturation and clipping are counted.
   */
  public boolean saturates(float x) {
    float r = steps(x);
    return r < qmin - zeroPoint || r > qmax - zeroPoint;
  }

  private static int clamp(int x, int lo, int hi) {
    return Math.max(lo, Math.min(hi, x));
  }
}
