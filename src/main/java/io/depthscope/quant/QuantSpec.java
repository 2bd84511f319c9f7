package io.depthscope.quant;

import io.depthscope.file.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

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

  /** SHA-256 of all parameters, in lower-case hexadecimal: equal for equal ones in any order. */
  public String fingerprint() {
    Map<String, List<QuantParams>> params = new HashMap<>();
    weights.forEach((name, tensor) -> params.put(name, tensor.params()));
    return fingerprint(outputs, params);
  }

  /**
   * The same of a spec whose codes are not made yet.
   *
   * @param weights parameters of the kernels
   */
  public static String fingerprint(
      Map<String, QuantParams> outputs, Map<String, List<QuantParams>> weights) {
    StringBuilder all = new StringBuilder();
    new TreeMap<>(outputs).forEach((name, p) -> append(all, "output", name, List.of(p)));
    new TreeMap<>(weights).forEach((name, p) -> append(all, "weights", name, p));
    return Sha256.of(all.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void append(
      StringBuilder all, String what, String name, List<QuantParams> params) {
    all.append(what).append(' ').append(name.length()).append(' ').append(name);
    for (QuantParams p : params) {
      all.append(' ').append(Float.floatToIntBits(p.scale()));
      all.append(' ').append(p.zeroPoint()).append(' ').append(p.qmin()).append(' ');
      all.append(p.qmax());
    }
    all.append('\n');
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
