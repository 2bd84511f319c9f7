package io.depthscope.run;

import io.depthscope.stats.Confidence;

/**
 * How well sensitivities are to be known, and what that may cost.
 *
 * @param confidence at which two layers next to each other in a ranking are told apart
 * @param precisionDb layers that are this close for certain count as told apart, too
 * @param passes evaluations of the whole network on all images that everything together may take;
 *     infinite to run everything on all images
 */
public record SensitivityAim(Confidence confidence, double precisionDb, double passes) {

  /** What is aimed at where nobody says otherwise. */
  public static final SensitivityAim USUAL = new SensitivityAim(new Confidence(0.95), 0.01, 15);

  /** True if nothing is left out. */
  public boolean exhaustive() {
    return Double.isInfinite(passes);
  }

  /** As one line. */
  public String text() {
    return "confidence "
        + confidence.level()
        + ", precision "
        + precisionDb
        + " dB, "
        + (exhaustive() ? "exhaustive" : passes + " passes");
  }
}
