package io.depthscope.run;

import io.depthscope.stats.Confidence;

/**
 * How well sensitivities are to be known, and what that may cost.
 *
 * @param confidence at which two layers next to each other in a ranking are told apart
 * @param precision layers that lie this close for certain count as told apart, too, as a share of
 *     the distance between the first and the last of their ranking
 * @param passes evaluations of the whole network on all images that everything together may take;
 *     infinite to run everything on all images
 */
public record SensitivityAim(Confidence confidence, double precision, double passes) {

  /** What is aimed at where nobody says otherwise. */
  public static final SensitivityAim USUAL = new SensitivityAim(new Confidence(0.95), 0.02, 15);

  /** True if nothing is left out. */
  public boolean exhaustive() {
    return Double.isInfinite(passes);
  }

  /** As one line. */
  public String text() {
    return "confidence "
        + confidence.level()
        + ", precision "
        + precision
        + ", "
        + (exhaustive() ? "exhaustive" : passes + " passes");
  }
}
