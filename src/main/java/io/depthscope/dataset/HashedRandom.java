package io.depthscope.dataset;

/**
 * A counter hashed by the SplitMix64 finalizer: the same numbers for the same (seed, stream, index)
 * on every machine and Java release.
 */
final class HashedRandom {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private long state;

  HashedRandom(long seed, int stream, int index) {
    state = mix(mix(mix(seed + GOLDEN) + stream + 1) + index + 1);
  }

  long nextLong() {
    state += GOLDEN;
    return mix(state);
  }

  /** Uniform in [low, high). */
  double uniform(double low, double high) {
    return low + (high - low) * ((nextLong() >>> 11) * 0x1p-53);
  }

  /** Uniform in 0..bound-1; the bias of the scaling, below bound / 2^32, does not matter here. */
  int below(int bound) {
    return (int) (((nextLong() >>> 32) * bound) >>> 32);
  }

  /**
   * Nearly normal with mean 0 and variance 1: the sum of four 16-bit uniforms, which needs no
   * logarithm and one hash.
   */
  double nearNormal() {
    long bits = nextLong();
    long sum =
        (bits & 0xffff) + ((bits >>> 16) & 0xffff) + ((bits >>> 32) & 0xffff) + (bits >>> 48);
    // The variance of one uniform over 0..65535 is (65536^2 - 1) / 12.
    return (sum - 2 * 65535.0) / Math.sqrt(4 * (65536.0 * 65536.0 - 1) / 12);
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
