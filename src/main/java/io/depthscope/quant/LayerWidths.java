package io.depthscope.quant;

import java.util.Map;

/**
 * Mixed precision: bit widths of single layers where they are not a scheme's. Weights may be
 * narrower than the scheme's, outputs never are; see {@link QuantScheme#withWidth}.
 *
 * @param bits of weights, by node name; other layers have the scheme's
 */
public record LayerWidths(Map<String, Integer> bits) {

  /** Every layer has the scheme's. */
  public static final LayerWidths NONE = new LayerWidths(Map.of());

  public LayerWidths {
    bits = Map.copyOf(bits);
  }

  /** How a node is quantized where a scheme says how all are. */
  public QuantScheme of(String node, QuantScheme usual) {
    Integer own = bits.get(node);
    return own == null ? usual : usual.withWidth(own);
  }
}
