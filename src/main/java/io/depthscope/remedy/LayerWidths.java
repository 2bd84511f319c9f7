package io.depthscope.remedy;

import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Node;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Mixed precision: some layers get other bit widths than the scheme's, for their weights and their
 * outputs.
 *
 * @param bits by node name; others stay as they are
 */
public record LayerWidths(Map<String, Integer> bits) implements Choice {
  public LayerWidths {
    bits = Map.copyOf(bits);
  }

  @Override
  public String name() {
    return "mixed-precision";
  }

  @Override
  public String summary() {
    return "a bit width for each layer, by measured sensitivity, under a budget";
  }

  @Override
  public Stage stage() {
    return Stage.FORMAT;
  }

  @Override
  public Mended choose(Mending before) {
    QuantScheme scheme = before.scheme();
    Map<String, QuantParams> outputs = new HashMap<>(before.spec().outputs());
    Map<String, QuantizedTensor> weights = new HashMap<>(before.spec().weights());
    Map<Integer, Integer> counts = new TreeMap<>();
    for (Node node : before.network().graph().nodes()) {
      Integer width = bits.get(node.name());
      if (width == null) {
        continue;
      }
      counts.merge(width, 1, Integer::sum);
      if (outputs.containsKey(node.name())) {
        QuantFormat format = scheme.activations().orElseThrow().withBits(width);
        CalibratedTensor seen = before.seen().tensors().get(node.name());
        outputs.put(
            node.name(),
            QuantParams.of(
                scheme.activationRange().estimate(seen.observed(), seen.histogram(), format),
                format));
      }
      if (weights.containsKey(node.name())) {
        FoldedWeights w = before.network().quantizable(node);
        weights.put(
            node.name(),
            QuantizedTensor.of(
                w.kernel().data(),
                w.channels(),
                scheme.weights().orElseThrow().withBits(width),
                scheme.granularity(),
                scheme.weightRange()));
      }
    }
    if (counts.isEmpty()) {
      return Mended.nothing(before);
    }
    List<String> account =
        counts.entrySet().stream()
            .map(e -> e.getValue() + " layers with " + e.getKey() + " bits")
            .toList();
    return new Mended(before.with(new QuantSpec(outputs, weights)), account);
  }
}
