package io.depthscope.graph;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Where the places of a resized axis lie on the original one: place i at first + i * step, counted
 * in places of the original from its first.
 */
public record Sampling(double step, double first) {

  /**
   * @throws IllegalArgumentException if either is not finite
   */
  public Sampling {
    if (!Double.isFinite(step) || !Double.isFinite(first)) {
      throw new IllegalArgumentException("a step of " + step + " from " + first);
    }
  }

  /**
   * Places are cells of equal size over one length.
   *
   * @param scale of the output to the input
   */
  public static Sampling halfPixel(double scale) {
    return new Sampling(1 / scale, 0.5 / scale - 0.5);
  }

  /** The first place lies on the first, and the others in equal steps from there. */
  public static Sampling asymmetric(double scale) {
    return new Sampling(1 / scale, 0);
  }

  /** The first place lies on the first, the last on the last. */
  public static Sampling alignedCorners(int in, int out) {
    return new Sampling(out == 1 ? 0 : (in - 1.0) / (out - 1), 0);
  }

  /**
   * A place between two of the original.
   *
   * @param share of the upper one, at least 0 and below 1
   */
  public record Tap(int low, int high, float share) {}

  /** For each place of the resized axis the two that it lies between. */
  public List<Tap> taps(int in, int out) {
    return IntStream.range(0, out).mapToObj(i -> tap(i, in)).toList();
  }

  /**
   * The value between four others: in double, rounded once.
   *
   * @param down share of the lower two
   * @param right share of the right two
   */
  public static float between(float a, float b, float c, float d, float down, float right) {
    double upper = a * (1.0 - right) + b * (double) right;
    double lower = c * (1.0 - right) + d * (double) right;
    return (float) (upper * (1.0 - down) + lower * down);
  }

  private Tap tap(int place, int in) {
    double at = Math.clamp(first + place * step, 0.0, in - 1.0);
    int low = (int) at;
    float share = (float) (at - low);
    // A share that float32 rounds up to 1 is the next place itself.
    return share < 1
        ? new Tap(low, Math.min(low + 1, in - 1), share)
        : new Tap(low + 1, Math.min(low + 2, in - 1), 0);
  }
}
