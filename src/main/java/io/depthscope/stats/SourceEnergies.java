package io.depthscope.stats;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * Energies (sums of squares) of the sources of an error.
 *
 * @param total energy of the whole error; NaN for a channel, whose tables leave it out
 * @param terms of every source
 * @param cross what the sources leave of the total: the sum of their cross products
 */
public record SourceEnergies(double total, Map<ErrorTerm, Double> terms, double cross) {

  /**
   * @throws IllegalArgumentException if a source is missing
   */
  public SourceEnergies {
    if (terms.size() != ErrorTerm.values().length) {
      throw new IllegalArgumentException("energies of " + terms.keySet() + " alone");
    }
    terms = Collections.unmodifiableMap(new EnumMap<>(terms));
  }

  /** Energy of one source. */
  public double of(ErrorTerm source) {
    return terms.get(source);
  }
}
