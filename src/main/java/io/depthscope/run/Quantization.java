package io.depthscope.run;

import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.QuantPolicy;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.Calibration;
import io.depthscope.record.QuantizationFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Who decides how each tensor is quantized. */
public sealed interface Quantization {

  /** The scheme that the run records. */
  QuantScheme scheme();

  /** What tells parameters that are not the scheme's from others; empty where they are. */
  Optional<String> fingerprint();

  /**
   * How each tensor of a network is quantized.
   *
   * @throws IOException if a file speaks of another network, with the file's and the layer's name
   * @throws IllegalArgumentException if the calibration is that of another network, or holds ranges
   *     beyond float32
   */
  QuantSpec spec(Network network, Calibration calibration) throws IOException;

  /** Parameters of as many codes as a node's output will have; empty where it stays in float32. */
  Optional<QuantParams> codesOf(Node node);

  /** The same for a node's weights, of any number of parameters; empty where it has none. */
  Optional<QuantParams> weightCodesOf(Node node);

  /** Which outputs are quantized; where a file says it, the usual ones. */
  default QuantPolicy policy() {
    return QuantPolicy.TFLITE;
  }

  /** One scheme for all tensors that a policy chooses, on the ranges of a calibration. */
  record ByScheme(QuantScheme scheme, QuantPolicy policy) implements Quantization {
    private static final Range ANY = new Range(0, 1);

    /** The usual tensors. */
    public ByScheme(QuantScheme scheme) {
      this(scheme, QuantPolicy.TFLITE);
    }

    @Override
    public Optional<String> fingerprint() {
      return Optional.empty();
    }

    @Override
    public QuantSpec spec(Network network, Calibration calibration) {
      return SchemePolicy.spec(network, scheme, policy, calibration.tensors());
    }

    @Override
    public Optional<QuantParams> codesOf(Node node) {
      Optional<QuantFormat> format =
          policy.quantizes(node.op()) ? scheme.activations() : Optional.empty();
      return format.map(f -> QuantParams.of(ANY, f));
    }

    @Override
    public Optional<QuantParams> weightCodesOf(Node node) {
      Optional<QuantFormat> format = node.op().hasWeights() ? scheme.weights() : Optional.empty();
      return format.map(f -> QuantParams.of(ANY, f));
    }
  }

  /**
   * The scales and codes that stand in the model's own file.
   *
   * @param spec as the file has it
   */
  record AsStored(QuantSpec spec) implements Quantization {

    /**
     * The scheme of the most usual widths in it; the parameters need not be those it would make.
     */
    @Override
    public QuantScheme scheme() {
      List<List<QuantParams>> weights = new ArrayList<>();
      spec.weights().values().forEach(w -> weights.add(w.params()));
      return new QuantScheme(
          format(weights),
          format(spec.outputs().values().stream().map(List::of).toList()),
          weights.stream().anyMatch(p -> p.size() > 1)
              ? Granularity.PER_CHANNEL
              : Granularity.PER_TENSOR,
          new RangeEstimator.MinMax(),
          new RangeEstimator.MinMax());
    }

    private static Optional<QuantFormat> format(List<List<QuantParams>> tensors) {
      Map<QuantFormat, Long> counts =
          tensors.stream()
              .map(AsStored::formatOf)
              .collect(Collectors.groupingBy(f -> f, Collectors.counting()));
      return counts.entrySet().stream()
          .max(
              Map.Entry.<QuantFormat, Long>comparingByValue()
                  .thenComparing(e -> e.getKey().toString()))
          .map(Map.Entry::getKey);
    }

    private static QuantFormat formatOf(List<QuantParams> tensor) {
      int bits = tensor.stream().mapToInt(QuantParams::bits).max().orElseThrow();
      boolean signed = tensor.getFirst().qmin() < 0;
      boolean symmetric = signed && tensor.stream().allMatch(p -> p.zeroPoint() == 0);
      return new QuantFormat(bits, signed, symmetric);
    }

    @Override
    public Optional<String> fingerprint() {
      return Optional.of(spec.fingerprint());
    }

    @Override
    public QuantSpec spec(Network network, Calibration calibration) {
      return spec;
    }

    @Override
    public Optional<QuantParams> codesOf(Node node) {
      return spec.output(node.name());
    }

    @Override
    public Optional<QuantParams> weightCodesOf(Node node) {
      return spec.weights(node.name()).map(w -> w.params().getFirst());
    }
  }

  /**
   * By the scheme that a user asks for, else as the model's file has it, else by the usual one.
   *
   * @param asked true if it stands on the command line
   */
  static Quantization of(LoadedModel model, QuantScheme scheme, QuantPolicy policy, boolean asked) {
    return asked || model.quantization().isEmpty()
        ? new ByScheme(scheme, policy)
        : new AsStored(model.quantization().get());
  }

  /** The parameters that stand in a file, whether or not a scheme would choose them. */
  record AsWritten(QuantizationFile file) implements Quantization {
    @Override
    public QuantScheme scheme() {
      return file.scheme();
    }

    @Override
    public Optional<String> fingerprint() {
      return Optional.of(file.fingerprint());
    }

    @Override
    public QuantSpec spec(Network network, Calibration calibration) throws IOException {
      return file.spec(network);
    }

    @Override
    public Optional<QuantParams> codesOf(Node node) {
      return Optional.ofNullable(file.outputs().get(node.name()));
    }

    @Override
    public Optional<QuantParams> weightCodesOf(Node node) {
      return Optional.ofNullable(file.weights().get(node.name()))
          .flatMap(params -> params.stream().findFirst());
    }
  }
}
