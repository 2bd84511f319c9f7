package io.depthscope.quant;

/**
 * The integer codes of a quantized tensor: how many, and where zero lies.
 *
 * @param bits 2..16
 * @param signed codes -2^(b-1)..2^(b-1)-1 rather than 0..2^b-1
 * @param symmetric zeroPoint 0 and the scale from the larger magnitude; signed symmetric codes
 *     leave out the lowest (narrow range), so that they are symmetric themselves
 */
public record QuantFormat(int bits, boolean signed, boolean symmetric) {

  public static final int MIN_BITS = 2;
  public static final int MAX_BITS = 16;

  /**
   * @throws IllegalArgumentException if bits is outside 2..16
   */
  public QuantFormat {
    if (bits < MIN_BITS || bits > MAX_BITS) {
      throw new IllegalArgumentException(
          "bits must be " + MIN_BITS + ".." + MAX_BITS + ", got " + bits);
    }
  }

  /** Unsigned asymmetric codes, the paper's default. */
  public static QuantFormat asymmetric(int bits) {
    return new QuantFormat(bits, false, false);
  }

  /** Signed symmetric codes. */
  public static QuantFormat symmetric(int bits) {
    return new QuantFormat(bits, true, true);
  }

  /**
   * The same with other bits.
   *
   * @throws IllegalArgumentException if they are outside 2..16
   */
  public QuantFormat withBits(int other) {
    return new QuantFormat(other, signed, symmetric);
  }

  public int qmin() {
    if (!signed) {
      return 0;
    }
    return symmetric ? -qmax() : -(1 << (bits - 1));
  }

  public int qmax() {
    return signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
  }

  @Override
  public String toString() {
    return (signed ? "int" : "uint") + bits + (symmetric ? " symmetric" : " asymmetric");
  }
}
