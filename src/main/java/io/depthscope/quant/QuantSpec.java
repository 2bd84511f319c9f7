package io.depthscope.quant;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How each tensor of a network is quantized, by the name of its node: the one thing that everything
 * below knows of quantization. A scheme is one way to make a spec; a file, or a search over layers,
 * are others.
 *
 * @param outputs parameters of the outputs that are quantized; others stay in float32
 * @param weights codes of the kernels that are quantized; others stay in float32
 */
public record QuantSpec(Map<String, QuantParams> outputs, Map<String, QuantizedTensor> weights) {

  /** Nothing is quantized. */
  public static final QuantSpec NONE = new QuantSpec(Map.of(), Map.of());

  public QuantSpec {
    outputs = Map.copyOf(outputs);
    weights = Map.copyOf(weights);
  }

  public Optional<QuantParams> output(String node) {
    return Optional.ofNullable(outputs.get(node));
  }

  public Optional<QuantizedTensor> weights(String node) {
    return Optional.ofNullable(weights.get(node));
  }

  /** What it says of these nodes. */
  public QuantSpec only(Set<String> nodes) {
    Map<String, QuantParams> someOutputs = new HashMap<>(outputs);
    someOutputs.keySet().retainAll(nodes);
    Map<String, QuantizedTensor> someWeights = new HashMap<>(weights);
    someWeights.keySet().retainAll(nodes);
    return new QuantSpec(someOutputs, someWeights);
  }
}
