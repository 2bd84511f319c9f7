package io.depthscope.remedy;

import java.io.IOException;

/** A remedy that quantizes the same network in another way. */
public sealed interface Choice extends Remedy
    permits RangeSearch, PerChannelWeights, MixedPrecision {

  /** The same network with another spec, without running anything. */
  Mended choose(Mending before);

  @Override
  default Mended apply(Mending before, CalibrationImages images) throws IOException {
    return choose(before);
  }

  @Override
  default double foresee(Mending before, boolean corrected) {
    return NoiseModel.of(choose(before).mending()).corrected(corrected).sqnrDb();
  }
}
