package io.depthscope.record;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which channels carry nothing: the one definition, of findings, tables and pages. It takes a run
 * to tell; of a network alone is known which of its batch norms have collapsed.
 */
public final class DeadChannels {
  /**
   * Moving variance of a batch norm below which its channel has stopped firing in training. The
   * usual epsilon is 1e-3, a hundred times as much: folding then divides by the root of epsilon
   * alone, and multiplies the weights by about thirty.
   */
  public static final double VARIANCE = 1e-5;

  /**
   * A channel whose output moves by less than a thousandth of the layer's range moves by a quarter
   * of one of 256 levels, and is as good as constant. The range, and not the variance, decides: a
   * channel that fires on a single image in a thousand has hardly any variance, but is alive.
   */
  public static final double CONSTANT_RANGE = 1e-3;

  /**
   * A batch norm with no variance may still pass something on if its epsilon is small too. What
   * moves by more than a tenth of the layer's range is alive, whatever the training saw.
   */
  public static final double ALIVE_RANGE = 0.1;

  /** From fewer values of a channel, as of a dense layer over few images, nothing follows. */
  public static final long FEWEST_VALUES = 32;

  private DeadChannels() {}

  /** True if the moving variance says that training has left the channel without a signal. */
  public static boolean hasCollapsed(double batchNormVariance) {
    return batchNormVariance < VARIANCE;
  }

  /**
   * The dead channels of a layer with weights, ascending; those of other layers are their input's.
   */
  public static List<Integer> of(RunLayer layer) {
    List<Integer> dead = new ArrayList<>();
    double range = layer.fp32().statistics().range();
    if (layer.weights().isEmpty() || !(range > 0)) {
      return dead;
    }
    for (RunLayer.Channel c : layer.channels()) {
      if (c.fp32().count() < FEWEST_VALUES) {
        continue;
      }
      double moves = c.fp32().range() / range;
      if (moves <= CONSTANT_RANGE
          || (hasCollapsed(c.batchNormVariance()) && moves <= ALIVE_RANGE)) {
        dead.add(c.channel());
      }
    }
    return dead;
  }

  /** The other channels, ascending. */
  public static List<Integer> live(RunLayer layer) {
    List<Integer> dead = of(layer);
    return IntStream.range(0, layer.channels().size())
        .boxed()
        .filter(c -> Collections.binarySearch(dead, c) < 0)
        .toList();
  }
}
