package io.depthscope.run;

import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.Range;
import io.depthscope.record.Calibration;
import io.depthscope.record.QuantizationFile;
import java.io.IOException;
import java.util.Optional;

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

  /** One scheme for all tensors, on the ranges of a calibration. */
  record ByScheme(QuantScheme scheme) implements Quantization {
    private static final Range ANY = new Range(0, 1);

    @Override
    public Optional<String> fingerprint() {
      return Optional.empty();
    }

    @Override
    public QuantSpec spec(Network network, Calibration calibration) {
      return SchemePolicy.spec(network, scheme, calibration.tensors());
    }

    @Override
    public Optional<QuantParams> codesOf(Node node) {
      Optional<QuantFormat> format =
          node.op().quantizesOutput() ? scheme.activations() : Optional.empty();
      return format.map(f -> QuantParams.of(ANY, f));
    }

    @Override
    public Optional<QuantParams> weightCodesOf(Node node) {
      Optional<QuantFormat> format = node.op().hasWeights() ? scheme.weights() : Optional.empty();
      return format.map(f -> QuantParams.of(ANY, f));
    }
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
