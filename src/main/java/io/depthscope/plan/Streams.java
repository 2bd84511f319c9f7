package io.depthscope.plan;

import java.util.Locale;

/**
 * The two streams of a program: errors are those of the candidate against the baseline. Without a
 * pair the baseline runs alone.
 */
public record Streams(Arithmetic baseline, Arithmetic candidate) {

  /** The network as it was trained, and as it is quantized. */
  public static final Streams QUANTIZATION = new Streams(Arithmetic.FLOAT32, Arithmetic.SIMULATED);

  @Override
  public String toString() {
    return baseline.name().toLowerCase(Locale.ROOT)
        + " against "
        + candidate.name().toLowerCase(Locale.ROOT);
  }
}
