package io.depthscope.remedy;

/** A remedy that quantizes the same network in another way. */
public sealed interface Choice extends Remedy permits RangeSearch, PerChannelWeights {

  /** The same network with another spec. */
  Mended choose(Mending before);

  @Override
  default Mended apply(Mending before, CalibrationImages images) {
    return choose(before);
  }

  @Override
  default double foresee(Mending before, boolean corrected) {
    return NoiseModel.of(choose(before).mending()).corrected(corrected).sqnrDb();
  }
}
