package io.depthscope.quant;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What gets quantized and how.
 *
 * @param weights format of the weights, or empty to leave them in float32
 * @param activations format of the input and the layers' outputs, or empty to leave them
 * @param granularity of the weights; activations are always per tensor
 * @param activationRange how the range of an activation is chosen from its distribution
 * @param weightRange the same for weights
 */
public record QuantScheme(
    Optional<QuantFormat> weights,
    Optional<QuantFormat> activations,
    Granularity granularity,
    RangeEstimator activationRange,
    RangeEstimator weightRange) {

  private static final Pattern NAME = Pattern.compile("(?:w(\\d{1,2}))?(?:a(\\d{1,2}))?");

  /**
   * The scheme of a name such as {@code w8a8}, {@code w4a8}, {@code w8} or {@code a8}.
   *
   * @throws IllegalArgumentException if the name is not of that form or bits are outside 2..16
   */
  public static QuantScheme parse(
      String name,
      boolean symmetricWeights,
      boolean symmetricActivations,
      Granularity granularity,
      RangeEstimator activationRange,
      RangeEstimator weightRange) {
    Matcher m = NAME.matcher(name.toLowerCase(Locale.ROOT));
    if (name.isEmpty() || !m.matches()) {
      throw new IllegalArgumentException(
          "scheme '" + name + "' is not of the form w8a8, w4a8, w8 or a8");
    }
    return new QuantScheme(
        format(m.group(1), symmetricWeights),
        format(m.group(2), symmetricActivations),
        granularity,
        activationRange,
        weightRange);
  }

  private static Optional<QuantFormat> format(String bits, boolean symmetric) {
    if (bits == null) {
      return Optional.empty();
    }
    int b = Integer.parseInt(bits);
    return Optional.of(symmetric ? QuantFormat.symmetric(b) : QuantFormat.asymmetric(b));
  }

  /**
   * The same for a layer with a width of its own: weights of so many bits, and an output of as many
   * where that is more than it had.
   *
   * @throws IllegalArgumentException if bits are outside 2..16
   */
  public QuantScheme withWidth(int bits) {
    return new QuantScheme(
        weights.map(f -> f.withBits(bits)),
        activations.map(f -> f.withBits(Math.max(bits, f.bits()))),
        granularity,
        activationRange,
        weightRange);
  }

  /** The name of the bit widths, such as {@code w8a8}. */
  public String name() {
    return weights.map(f -> "w" + f.bits()).orElse("")
        + activations.map(f -> "a" + f.bits()).orElse("");
  }

  /** Such as {@code w8a8: weights uint8 asymmetric per-tensor min-max, activations float32}. */
  @Override
  public String toString() {
    String ofWeights =
        weights.map(f -> f + " " + granularity + " " + weightRange.name()).orElse("float32");
    String ofActivations = activations.map(f -> f + " " + activationRange.name()).orElse("float32");
    return name() + ": weights " + ofWeights + ", activations " + ofActivations;
  }
}
