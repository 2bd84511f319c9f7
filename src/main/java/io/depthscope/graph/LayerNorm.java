package io.depthscope.graph;

import static io.depthscope.tensor.FloatTensor.ofChannel;

import io.depthscope.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * The channels of each position brought to mean 0 and variance 1, then scaled and shifted: (x -
 * mean) / sqrt(variance + epsilon) * scale + shift, with the mean and the variance of the
 * position's own channels, divided by their number.
 *
 * @param scale one for the tensor or one a channel
 * @param shift likewise
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content, never written
public record LayerNorm(float epsilon, float[] scale, float[] shift) implements Op {
  /**
   * @throws IllegalArgumentException if what is divided by might be 0, or a number is missing or
   *     not finite
   */
  public LayerNorm {
    if (!(epsilon > 0) || !Float.isFinite(epsilon)) {
      throw new IllegalArgumentException("an epsilon of " + epsilon);
    }
    check(scale, "scale");
    check(shift, "shift");
  }

  private static void check(float[] values, String what) {
    if (values.length == 0) {
      throw new IllegalArgumentException("no " + what);
    }
    for (float v : values) {
      if (!Float.isFinite(v)) {
        throw new IllegalArgumentException("a " + what + " of " + v);
      }
    }
  }

  /** Mean of the channels of a position, whose first value lies at {@code first}. */
  public static double mean(float[] in, int first, int channels) {
    double sum = 0;
    for (int c = 0; c < channels; c++) {
      sum += in[first + c];
    }
    return sum / channels;
  }

  /** What the distances to the mean of a position are divided by. */
  public double deviation(float[] in, int first, int channels, double mean) {
    double squares = 0;
    for (int c = 0; c < channels; c++) {
      double d = in[first + c] - mean;
      squares += d * d;
    }
    return Math.sqrt(squares / channels + epsilon);
  }

  /** What a value of a channel becomes. */
  public float of(float x, double mean, double deviation, int channel) {
    return (float) ((x - mean) / deviation * ofChannel(scale, channel) + ofChannel(shift, channel));
  }

  /** This norm with another scale and shift behind it. */
  public LayerNorm then(BatchNorm next) {
    int channels = next.gamma().length;
    float[] scales = new float[channels];
    float[] shifts = new float[channels];
    for (int c = 0; c < channels; c++) {
      double factor = next.factor(c);
      scales[c] = (float) (ofChannel(scale, c) * factor);
      shifts[c] =
          (float) (((double) ofChannel(shift, c) - next.mean()[c]) * factor + next.beta()[c]);
    }
    return new LayerNorm(epsilon, scales, shifts);
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    Shape in = inputs.getFirst();
    for (float[] each : List.of(scale, shift)) {
      if (each.length != 1 && each.length != in.channels()) {
        throw new IllegalArgumentException(
            "scales and shifts of " + each.length + " channels on " + in.channels());
      }
    }
    return in;
  }

  @Override
  public boolean quantizesOutput() {
    return true;
  }

  @Override
  public String word(List<Shape> inputs) {
    return "layer-norm";
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof LayerNorm n
        && epsilon == n.epsilon
        && Arrays.equals(scale, n.scale)
        && Arrays.equals(shift, n.shift);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(scale) + Arrays.hashCode(shift);
  }

  @Override
  public String toString() {
    return "LayerNorm " + epsilon + " " + Arrays.toString(scale) + " " + Arrays.toString(shift);
  }
}
