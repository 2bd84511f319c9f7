package io.depthscope.record;

import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a {@code quantization.json} holds. Its parameters need not be those that its scheme makes of
 * its calibration: somebody may have changed them.
 *
 * @param outputs parameters by node; the outputs of others stay in float32
 * @param weights one entry for the kernel or one for each output channel, by node; others stay
 */
public record QuantizationFile(
    Path file,
    QuantScheme scheme,
    Map<String, QuantParams> outputs,
    Map<String, List<QuantParams>> weights,
    Calibration calibration) {

  public QuantizationFile {
    outputs = Map.copyOf(outputs);
    Map<String, List<QuantParams>> copy = new HashMap<>();
    weights.forEach((name, params) -> copy.put(name, List.copyOf(params)));
    weights = Map.copyOf(copy);
  }

  /**
   * The network quantized by these parameters; codes of weights are rounded to the nearest.
   *
   * @throws IOException naming the file and the layer, if a layer is not in the network, cannot be
   *     quantized, or has another number of channels
   */
  public QuantSpec spec(Network network) throws IOException {
    for (Map.Entry<String, QuantParams> e : new TreeMap<>(outputs).entrySet()) {
      node(network, e.getKey()); // any output may be rounded
    }
    Map<String, QuantizedTensor> codes = new HashMap<>();
    for (Map.Entry<String, List<QuantParams>> e : new TreeMap<>(weights).entrySet()) {
      Node node = node(network, e.getKey());
      if (!node.op().hasWeights()) {
        throw wrong(e.getKey(), "has parameters for weights, and no weights");
      }
      int channels = network.weightsOf(node).channels();
      int given = e.getValue().size();
      if (given != 1 && given != channels) {
        throw wrong(
            e.getKey(),
            "has " + given + " parameters for the weights of " + channels + " channels");
      }
      float[] kernel = network.quantizable(node).kernel().data();
      codes.put(e.getKey(), QuantizedTensor.of(kernel, e.getValue()));
    }
    return new QuantSpec(outputs, codes);
  }

  private Node node(Network network, String name) throws IOException {
    Optional<Node> node =
        network.graph().nodes().stream().filter(n -> n.name().equals(name)).findFirst();
    return node.orElseThrow(() -> wrong(name, "is not in the network " + network.graph().name()));
  }

  private IOException wrong(String layer, String reason) {
    return new IOException(file + ": layer " + layer + " " + reason);
  }

  /** As {@link QuantSpec#fingerprint()}. */
  public String fingerprint() {
    return QuantSpec.fingerprint(outputs, weights);
  }
}
