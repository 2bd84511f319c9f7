package io.depthscope.remedy;

import io.depthscope.quant.QuantizedTensor;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Learned rounding: codes of weights are chosen such that the layer's sums err least on calibration
 * images, instead of each weight by itself; then that layer's biases are corrected, and the next
 * layer is looked at with what the quantized network now gives it. All of it is algebra on the
 * second moments of a layer's inputs; see {@link GramMatrix}.
 *
 * <p>The ranges that codes stand for shrink where that helps: a few large weights that are cut off
 * cost less than coarse steps for all others, once the others make up for them. See {@link
 * LayerRounding}.
 *
 * @param method how the codes are found
 */
public record Rounding(Method method) implements Fit {

  /** How codes are found. */
  public enum Method {
    /**
     * Weight by weight, each error made up for by the weights that follow (Frantar et al., GPTQ,
     * 2022), then single codes moved as long as that helps.
     */
    SECOND_ORDER,
    /** By gradient descent on a soft rounding (Nagel et al., AdaRound, 2020). */
    ADAROUND
  }

  /** Share of the weights' noise that is expected to be left: what it usually is at four bits. */
  private static final double EXPECTED_LEFT = 0.25;

  @Override
  public String name() {
    return method == Method.ADAROUND ? "adaround" : "round";
  }

  @Override
  public String words() {
    return method == Method.ADAROUND ? "learned rounding" : "second-order rounding";
  }

  @Override
  public String summary() {
    return method == Method.ADAROUND
        ? "codes of weights by gradient descent (AdaRound), then corrected biases, layer by layer"
        : "codes of weights by second-order rounding, then corrected biases, layer by layer";
  }

  @Override
  public Stage stage() {
    return Stage.ROUNDING;
  }

  @Override
  public double foresee(Mending before, boolean corrected) {
    return NoiseModel.of(before).rounded(EXPECTED_LEFT).corrected(true).sqnrDb();
  }

  @Override
  public Mended apply(Mending before, CalibrationImages images) throws IOException {
    LayerWalk walk = new LayerWalk(before, images);
    Totals totals = new Totals();
    Mending after =
        walk.walk(
            before,
            layer -> {
              if (layer.codes().isEmpty()) {
                return new LayerWalk.Change(Optional.empty(), BiasCorrection.corrected(layer));
              }
              QuantizedTensor nearest = layer.codes().get();
              LayerRounding.Result rounded = LayerRounding.of(layer, nearest, method);
              totals.add(nearest, rounded);
              return new LayerWalk.Change(
                  Optional.of(rounded.codes()),
                  BiasCorrection.corrected(layer, rounded.codes().dequantized()));
            });
    String account =
        String.format(
            Locale.ROOT,
            "%,d of %,d codes differ from the nearest; relative error of the sums, mean over layers,"
                + " %.1f dB lower on %d images",
            totals.moved,
            totals.codes,
            10 * Math.log10(totals.nearest / totals.learned),
            walk.count());
    return new Mended(after, List.of(account));
  }

  private static final class Totals {
    private long moved;
    private long codes;
    private double nearest;
    private double learned;

    void add(QuantizedTensor before, LayerRounding.Result after) {
      nearest += after.nearest();
      learned += after.learned();
      codes += before.codes().length;
      for (int i = 0; i < before.codes().length; i++) {
        moved += before.codes()[i] != after.codes().codes()[i] ? 1 : 0;
      }
    }
  }
}
