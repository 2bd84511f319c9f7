package io.depthscope.cli;

import io.depthscope.plan.QuantPolicy;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** How to quantize. */
final class SchemeOptions {

  private static final List<String> NAMES =
      List.of(
          "--scheme",
          "--granularity",
          "--symmetric",
          "--asymmetric",
          "--range",
          "--weight-range",
          "--quantize-policy");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Which tensors an option speaks of. */
  enum Tensors {
    WEIGHTS,
    ACTIVATIONS,
    BOTH
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
  private Granularity granularity;

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
          "How activation ranges are chosen: min-max, percentile:P (P %% of the values are kept),"
              + " mse or entropy. Default: ${DEFAULT-VALUE}.")
  private RangeEstimator range;

  @Option(
      names = "--weight-range",
      paramLabel = "R",
      defaultValue = "min-max",
      description = "The same for weights. Default: ${DEFAULT-VALUE}.")
  private RangeEstimator weightRange;

  @Option(
      names = "--quantize-policy",
      paramLabel = "P",
      defaultValue = "tflite",
      description =
          "Which outputs are quantized: tflite (of convolutions, sums, functions, concatenations),"
              + " weighted (of layers with weights alone) or all (pools and moves, too). Default:"
              + " ${DEFAULT-VALUE}.")
  private QuantPolicy policy;

  /** Which outputs the scheme quantizes. */
  QuantPolicy policy() {
    return policy;
  }

  /** True if any of it stands on the command line. */
  boolean isGiven() {
    ParseResult parsed = command.commandLine().getParseResult();
    return NAMES.stream().anyMatch(parsed::hasMatchedOption);
  }

  /**
   * What is given, else its defaults.
   *
   * @throws UsageException if an option has no meaning, or two contradict each other
   */
  QuantScheme scheme() {
    try {
      return QuantScheme.parse(
          scheme,
          isSymmetric(Tensors.WEIGHTS),
          isSymmetric(Tensors.ACTIVATIONS),
          granularity,
          range,
          weightRange);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private boolean isSymmetric(Tensors what) {
    boolean yes = symmetric.contains(what) || symmetric.contains(Tensors.BOTH);
    boolean no = asymmetric.contains(what) || asymmetric.contains(Tensors.BOTH);
    if (yes && no) {
      String tensors = what.name().toLowerCase(Locale.ROOT);
      throw new UsageException(tensors + " cannot be both --symmetric and --asymmetric");
    }
    return yes;
  }
}
