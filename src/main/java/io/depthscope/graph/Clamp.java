package io.depthscope.graph;

import java.util.Arrays;
import java.util.List;

/**
 * The interval a layer's values are held to after its bias: the one kind of activation function
 * that is fused into the layer before it. NaN passes through unchanged.
 *
 * @param lower smallest value, one for the tensor or one a channel; -infinity for none
 * @param upper largest value, likewise; +infinity for none
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content, never written
public record Clamp(float[] lower, float[] upper) {

  public static final Clamp NONE = of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY);
  public static final Clamp RELU = of(0f, Float.POSITIVE_INFINITY);
  public static final Clamp RELU6 = of(0f, 6f);

  /** The functions that networks are usually trained with. */
  public static final List<Clamp> RECTIFIERS = List.of(RELU, RELU6);

  /**
   * @throws IllegalArgumentException if the two differ in length, are empty, or an interval is
   */
  public Clamp {
    if (lower.length == 0 || lower.length != upper.length) {
      throw new IllegalArgumentException(
          "a clamp of " + lower.length + " lower and " + upper.length + " upper ends");
    }
    for (int c = 0; c < lower.length; c++) {
      if (!(lower[c] <= upper[c])) {
        throw new IllegalArgumentException("nothing lies in " + lower[c] + ".." + upper[c]);
      }
    }
  }

  /** One interval for the whole tensor. */
  public static Clamp of(float lower, float upper) {
    return new Clamp(new float[] {lower}, new float[] {upper});
  }

  /**
   * The clamp of a word: {@code none}, {@code relu} or {@code relu6}.
   *
   * @throws IllegalArgumentException for any other
   */
  public static Clamp named(String word) {
    return switch (word) {
      case "none" -> NONE;
      case "relu" -> RELU;
      case "relu6" -> RELU6;
      default -> throw new IllegalArgumentException("the unknown word '" + word + "'");
    };
  }

  /** The word in files: that of {@link #named}, or {@code clamp}. */
  public String word() {
    return equals(NONE) ? "none" : equals(RELU) ? "relu" : equals(RELU6) ? "relu6" : "clamp";
  }

  /** True if every channel has an interval of its own. */
  public boolean isPerChannel() {
    return lower.length > 1;
  }

  /** Smallest value of a channel. */
  public float lower(int channel) {
    return lower[isPerChannel() ? channel : 0];
  }

  /** Largest value of a channel. */
  public float upper(int channel) {
    return upper[isPerChannel() ? channel : 0];
  }

  /** A value of a channel, held to the interval; never -0 where the lower end is 0. */
  public float apply(float x, int channel) {
    float lo = lower(channel);
    if (Float.isNaN(x)) {
      return x;
    }
    return x > lo ? Math.min(x, upper(channel)) : lo;
  }

  /** This one and another after it as one. */
  public Clamp then(Clamp next) {
    int n = Math.max(lower.length, next.lower.length);
    float[] low = new float[n];
    float[] high = new float[n];
    for (int c = 0; c < n; c++) {
      low[c] = next.apply(lower(c), c);
      high[c] = next.apply(upper(c), c);
    }
    return new Clamp(low, high);
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Clamp c && Arrays.equals(lower, c.lower) && Arrays.equals(upper, c.upper);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(lower) + Arrays.hashCode(upper);
  }

  @Override
  public String toString() {
    return word().equals("clamp") ? Arrays.toString(lower) + ".." + Arrays.toString(upper) : word();
  }
}
