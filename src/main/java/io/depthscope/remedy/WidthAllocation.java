package io.depthscope.remedy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Chooses a width for each layer such that what all of them add to the error is least, within so
 * many bits (the multiple-choice knapsack problem). Layer by layer, of all choices so far those are
 * kept that no other one beats in both bits and error: exact, unless they become more than {@link
 * #MOST_STATES}; then of those whose bits are nearly the same the one with the least error is kept.
 */
final class WidthAllocation {
  /** Choices that are kept beside each other. */
  static final int MOST_STATES = 1 << 12;

  private WidthAllocation() {}

  /**
   * A layer.
   *
   * @param weights how many
   * @param noise what it adds to the error at each width, at least 0
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Layer(long weights, double[] noise) {}

  /**
   * Widths of the layers up to some one.
   *
   * @param width place of that one's
   * @param before those of the layers before; null before the first
   */
  private record State(long bits, double noise, int width, State before) {}

  /**
   * Chooses.
   *
   * @param widths ascending
   * @param budget most bits of all weights together
   * @return the place of each layer's width
   * @throws IllegalArgumentException if not even the narrowest width fits
   */
  static int[] choose(List<Layer> layers, int[] widths, long budget) {
    long left = layers.stream().mapToLong(Layer::weights).sum();
    if (left * widths[0] > budget) {
      throw new IllegalArgumentException(
          left + " weights do not fit " + budget + " bits with " + widths[0] + " each");
    }
    long slack = budget - left * widths[0];
    List<State> states = List.of(new State(0, 0, -1, null));
    for (Layer layer : layers) {
      left -= layer.weights();
      List<State> longer = new ArrayList<>();
      for (State s : states) {
        for (int w = 0; w < widths.length; w++) {
          long bits = s.bits() + layer.weights() * widths[w];
          if (bits + left * widths[0] <= budget) {
            longer.add(new State(bits, s.noise() + layer.noise()[w], w, s));
          }
        }
      }
      states = unbeaten(longer, slack);
    }
    State best = states.getLast();
    int[] chosen = new int[layers.size()];
    int uniform = bestUniform(layers, widths, budget);
    if (noise(layers, uniform) < best.noise()) {
      Arrays.fill(chosen, uniform);
      return chosen;
    }
    for (int l = layers.size() - 1; l >= 0; l--) {
      chosen[l] = best.width();
      best = best.before();
    }
    return chosen;
  }

  /** Ascending in bits, and descending in noise. */
  private static List<State> unbeaten(List<State> all, long slack) {
    all.sort(Comparator.comparingLong(State::bits).thenComparingDouble(State::noise));
    List<State> kept = new ArrayList<>();
    for (State s : all) {
      if (kept.isEmpty() || s.noise() < kept.getLast().noise()) {
        kept.add(s);
      }
    }
    if (kept.size() <= MOST_STATES) {
      return kept;
    }
    long step = slack / (MOST_STATES - 1) + 1;
    long least = kept.getFirst().bits();
    List<State> thinned = new ArrayList<>();
    for (int i = 0; i < kept.size(); i++) {
      boolean last =
          i + 1 == kept.size()
              || (kept.get(i + 1).bits() - least) / step != (kept.get(i).bits() - least) / step;
      if (last) {
        thinned.add(kept.get(i));
      }
    }
    return thinned;
  }

  /** The width of least noise that all layers may have; thinning could lose it. */
  private static int bestUniform(List<Layer> layers, int[] widths, long budget) {
    long weights = layers.stream().mapToLong(Layer::weights).sum();
    int best = 0;
    for (int w = 1; w < widths.length; w++) {
      if (weights * widths[w] <= budget && noise(layers, w) < noise(layers, best)) {
        best = w;
      }
    }
    return best;
  }

  private static double noise(List<Layer> layers, int width) {
    return layers.stream().mapToDouble(l -> l.noise()[width]).sum();
  }
}
