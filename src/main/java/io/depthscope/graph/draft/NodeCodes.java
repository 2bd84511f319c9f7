package io.depthscope.graph.draft;

import io.depthscope.quant.QuantParams;
import java.util.List;
import java.util.Optional;

/**
 * How a file quantizes a node. The weights of a draft are the values that their codes stand for, so
 * that the parameters alone give the codes back.
 *
 * @param output of its output, after its clamp; empty where it stays in float32
 * @param weights one entry for the kernel, or one for each output channel; none where it stays in
 *     float32
 */
public record NodeCodes(Optional<QuantParams> output, List<QuantParams> weights) {

  /** All is float32. */
  public static final NodeCodes NONE = new NodeCodes(Optional.empty(), List.of());

  public NodeCodes {
    weights = List.copyOf(weights);
  }

  /** Weights alone. */
  public static NodeCodes ofWeights(List<QuantParams> weights) {
    return new NodeCodes(Optional.empty(), weights);
  }

  /** The same with another output. */
  public NodeCodes withOutput(Optional<QuantParams> other) {
    return new NodeCodes(other, weights);
  }
}
