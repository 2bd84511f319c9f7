package io.depthscope.plan;

import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.quant.LayerWidths;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import java.util.HashMap;
import java.util.Map;

/**
 * Quantizes a whole network by one scheme: the same estimators for every layer, and the same widths
 * but where some are named.
 */
public final class SchemePolicy {
  private SchemePolicy() {}

  /**
   * The spec of a network.
   *
   * @param calibration what was seen of each node's fp32 output, by its name; needed for every node
   * @throws IllegalArgumentException if a calibrated tensor is missing or its range is not finite
   */
  public static QuantSpec spec(
      Network network, QuantScheme scheme, Map<String, CalibratedTensor> calibration) {
    return spec(network, scheme, QuantPolicy.TFLITE, calibration);
  }

  /** The same of the outputs that a policy chooses. */
  public static QuantSpec spec(
      Network network,
      QuantScheme scheme,
      QuantPolicy policy,
      Map<String, CalibratedTensor> calibration) {
    return spec(network, scheme, LayerWidths.NONE, policy, calibration);
  }

  /** The same with other widths for some layers. */
  public static QuantSpec spec(
      Network network,
      QuantScheme scheme,
      LayerWidths widths,
      QuantPolicy policy,
      Map<String, CalibratedTensor> calibration) {
    Map<String, QuantParams> outputs = new HashMap<>();
    for (Node node : network.graph().nodes()) {
      CalibratedTensor seen = calibration.get(node.name());
      if (seen == null) {
        throw new IllegalArgumentException("no calibration for layer " + node.name());
      }
      QuantScheme own = widths.of(node.name(), scheme);
      if (policy.quantizes(node.op()) && own.activations().isPresent()) {
        outputs.put(node.name(), seen.params(own.activationRange(), own.activations().get()));
      }
    }
    return new QuantSpec(outputs, weights(network, scheme, widths));
  }

  /** The codes of all weights, by node name; none where the scheme leaves them in float32. */
  public static Map<String, QuantizedTensor> weights(Network network, QuantScheme scheme) {
    return weights(network, scheme, LayerWidths.NONE);
  }

  /** The same with other widths for some layers. */
  public static Map<String, QuantizedTensor> weights(
      Network network, QuantScheme scheme, LayerWidths widths) {
    Map<String, QuantizedTensor> quantized = new HashMap<>();
    if (scheme.weights().isPresent()) {
      for (Node node : network.graph().nodes()) {
        if (!node.op().hasWeights()) {
          continue;
        }
        FoldedWeights w = network.quantizable(node);
        quantized.put(
            node.name(),
            QuantizedTensor.of(
                w.kernel().data(),
                w.channels(),
                widths.of(node.name(), scheme).weights().get(),
                scheme.granularity(),
                scheme.weightRange()));
      }
    }
    return quantized;
  }
}
