package io.depthscope.cli;

import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import java.util.List;
import picocli.CommandLine.Option;

/** How to quantize. */
final class SchemeOptions {

  /** Which tensors an option speaks of. */
  enum Tensors {
    weights,
    activations,
    both
  }

  @Option(
      names = "--scheme",
      paramLabel = "wXaY",
      defaultValue = "w8a8",
      description =
          "Bits of weights and activations, 2..16 each: w8a8, w4a8, w8 (activations stay in"
              + " float32), a8. Default: ${DEFAULT-VALUE}.")
  private String scheme;

  @Option(
      names = "--granularity",
      paramLabel = "G",
      defaultValue = "per-tensor",
      description = "Scales of the weights: per-tensor or per-channel. Default: ${DEFAULT-VALUE}.")
  private String granularity;

  @Option(
      names = "--symmetric",
      paramLabel = "TENSORS",
      description =
          "Signed symmetric codes for weights, activations or both. Default: none; all tensors"
              + " have unsigned asymmetric codes.")
  private List<Tensors> symmetric = List.of();

  @Option(
      names = "--asymmetric",
      paramLabel = "TENSORS",
      description = "Unsigned asymmetric codes for weights, activations or both.")
  private List<Tensors> asymmetric = List.of();

  @Option(
      names = "--range",
      paramLabel = "R",
      defaultValue = "min-max",
      description =
          "How activation ranges are chosen: min-max, percentile:P (P %% of the values are kept)"
              + " or mse. Default: ${DEFAULT-VALUE}.")
  private String range;

  @Option(
      names = "--weight-range",
      paramLabel = "R",
      defaultValue = "min-max",
      description = "The same for weights. Default: ${DEFAULT-VALUE}.")
  private String weightRange;

  /**
   * @throws UsageException if an option has no meaning, or two contradict each other
   */
  QuantScheme scheme() {
    try {
      return QuantScheme.parse(
          scheme,
          isSymmetric(Tensors.weights),
          isSymmetric(Tensors.activations),
          granularity(granularity),
          RangeEstimator.parse(range),
          RangeEstimator.parse(weightRange));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private boolean isSymmetric(Tensors what) {
    boolean yes = symmetric.contains(what) || symmetric.contains(Tensors.both);
    boolean no = asymmetric.contains(what) || asymmetric.contains(Tensors.both);
    if (yes && no) {
      throw new UsageException(what + " cannot be both --symmetric and --asymmetric");
    }
    return yes;
  }

  /**
   * @throws UsageException if it is neither
   */
  static Granularity granularity(String text) {
    for (Granularity g : Granularity.values()) {
      if (g.toString().equals(text)) {
        return g;
      }
    }
    throw new UsageException("granularity '" + text + "' is neither per-tensor nor per-channel");
  }
}
