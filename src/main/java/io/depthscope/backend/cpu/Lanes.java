package io.depthscope.backend.cpu;

import io.depthscope.stats.StreamSums;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector width of this process: the machine's own, at most 512 bits, or the value of the system
 * property {@code depthscope.cpu.vectorBits} (128, 256 or 512) where that is smaller.
 *
 * <p>Results do not depend on it: lanes hold different channels, and every sum runs over positions
 * in the same order whatever the width.
 */
final class Lanes {
  static final VectorSpecies<Float> F = VectorSpecies.of(float.class, shape());
  static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, shape());

  /** Half as many doubles as floats. */
  static final VectorSpecies<Double> D = VectorSpecies.of(double.class, shape());

  /** Floats in a vector: 4, 8 or 16; always divides {@link StreamSums#PAD}. */
  static final int N = F.length();

  private Lanes() {}

  private static VectorShape shape() {
    int machine = Math.min(512, FloatVector.SPECIES_PREFERRED.vectorBitSize());
    int wanted = Integer.getInteger("depthscope.cpu.vectorBits", machine);
    if (wanted != 128 && wanted != 256 && wanted != 512) {
      throw new IllegalArgumentException(
          "depthscope.cpu.vectorBits must be 128, 256 or 512, got " + wanted);
    }
    return VectorShape.forBitSize(Math.max(128, Math.min(machine, wanted)));
  }

  static IntVector ints(int value) {
    return IntVector.broadcast(I, value);
  }

  static FloatVector floats(float value) {
    return FloatVector.broadcast(F, value);
  }
}
