package io.depthscope.remedy;

import io.depthscope.quant.LayerWidths;
import io.depthscope.quant.QuantScheme;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Gives each layer with weights a bit width of its own, such that what the layers add to the error
 * of the outputs is least within a budget. What a layer adds at each width is measured on the
 * calibration images with that layer alone quantized; errors of different layers are taken to be
 * independent, so that their energies add up. See {@link WidthAllocation}, and {@link LayerWidths}
 * for what a width means.
 *
 * @param budget what the weights may take
 * @param widths that a layer may have, ascending
 * @param corrected whether biases are corrected behind it: what they make up for does not count
 */
public record MixedPrecision(WidthBudget budget, List<Integer> widths, boolean corrected)
    implements Choice {
  /** What it is selected by. */
  public static final String NAME = "mixed-precision";

  /** What a sentence calls it. */
  static final String WORDS = "mixed precision";

  public MixedPrecision {
    widths = List.copyOf(new TreeSet<>(widths));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String words() {
    return WORDS;
  }

  @Override
  public String summary() {
    return "a width for each layer's weights, "
        + widths.stream().map(String::valueOf).collect(Collectors.joining(", "))
        + " bits, by measured sensitivity under the budget";
  }

  @Override
  public Stage stage() {
    return Stage.FORMAT;
  }

  /** True if weights may not take what the scheme gives them: then it is no choice. */
  public boolean isNeeded(QuantScheme scheme) {
    return scheme.weights().filter(f -> budget.bits(f.bits()) < f.bits()).isPresent();
  }

  /**
   * Checks that it can be done.
   *
   * @throws IllegalArgumentException if not
   */
  public void check(QuantScheme scheme) {
    if (scheme.weights().isEmpty()) {
      throw new IllegalArgumentException(
          "scheme " + scheme.name() + " leaves the weights in float32: no widths to choose");
    }
    double bits = budget.bits(scheme.weights().get().bits());
    if (bits < widths.getFirst()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a budget of %.4g bits is below the narrowest width, %d",
              bits,
              widths.getFirst()));
    }
  }

  @Override
  public Mended choose(Mending before) {
    WidthNoise noise = WidthNoise.of(before, widths, corrected);
    return within(before, noise, noise.predicted());
  }

  @Override
  public Mended apply(Mending before, CalibrationImages images) throws IOException {
    WidthNoise noise = WidthNoise.of(before, widths, corrected);
    return within(before, noise, noise.measured(images));
  }

  /** Chooses by what layers add at each width. */
  Mended within(Mending before, WidthNoise of, double[][] noise) {
    if (noise.length == 0) {
      return Mended.nothing(before);
    }
    List<WidthAllocation.Layer> layers = new ArrayList<>();
    long weights = 0;
    for (int l = 0; l < noise.length; l++) {
      layers.add(new WidthAllocation.Layer(of.weights(l), noise[l]));
      weights += of.weights(l);
    }
    double mean = budget.bits(before.scheme().weights().orElseThrow().bits());
    int[] bits = widths.stream().mapToInt(Integer::intValue).toArray();
    int[] chosen = WidthAllocation.choose(layers, bits, (long) Math.floor(mean * weights));
    Map<String, Integer> byName = new HashMap<>();
    long taken = 0;
    double left = 0;
    for (int l = 0; l < chosen.length; l++) {
      byName.put(of.layers().get(l).name(), bits[chosen[l]]);
      taken += of.weights(l) * bits[chosen[l]];
      left += noise[l][chosen[l]];
    }
    List<String> account = new ArrayList<>();
    account.add(
        String.format(
            Locale.ROOT,
            "%.3f bits a weight in the mean, %.3f allowed; what the layers add to the error alone"
                + " sums up to %.1f dB",
            (double) taken / weights,
            mean,
            -10 * Math.log10(left)));
    for (int w = bits.length - 1; w >= 0; w--) {
      int own = w;
      long layersOfIt = Arrays.stream(chosen).filter(c -> c == own).count();
      if (layersOfIt > 0) {
        account.add(layersOfIt + " layers of " + bits[w] + " bits");
      }
    }
    return new Mended(before.anew(before.scheme(), new LayerWidths(byName)), account);
  }
}
