package io.depthscope.stats;

import java.util.Optional;

/**
 * Figures of the error e = xq - x of one layer or channel against the baseline; {@link ErrorSums}
 * has their formulas.
 *
 * @param meanError the bias shift
 * @param maxAbs largest |e|
 * @param sqnrDb +infinity where there is no error
 * @param cosine of the two streams; NaN where either is 0
 * @param saturation share of elements whose code was clamped
 * @param energies by source; empty where they were not recorded
 */
public record ErrorStatistics(
    double mse,
    double meanError,
    double maxAbs,
    double sqnrDb,
    double nsr,
    double cosine,
    double saturation,
    Optional<SourceEnergies> energies) {

  /** The same figures with these energies. */
  public ErrorStatistics with(Optional<SourceEnergies> sources) {
    return new ErrorStatistics(mse, meanError, maxAbs, sqnrDb, nsr, cosine, saturation, sources);
  }
}
