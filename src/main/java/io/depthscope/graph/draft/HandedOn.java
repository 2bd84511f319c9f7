package io.depthscope.graph.draft;

import io.depthscope.graph.Graph;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import java.util.Optional;

/** How values are quantized where they are read, behind operations that hand them on. */
public final class HandedOn {

  private HandedOn() {}

  /**
   * How the values are quantized that a node of one input reads: as the output is that they come
   * from, through operations that hand them on. Empty if they are not.
   */
  public static Optional<QuantParams> to(Graph graph, QuantSpec spec, Node reader) {
    Node from = graph.node(reader.inputs().getFirst());
    while (spec.output(from.name()).isEmpty()
        && !from.op().quantizesOutput()
        && from.op().arity() == 1) {
      from = graph.node(from.inputs().getFirst());
    }
    return spec.output(from.name());
  }

  /** The constants that a node puts among values, quantized as they are. */
  public static float[] fill(Graph graph, QuantSpec spec, Node reader, Op.Rearrange op) {
    Optional<QuantParams> params = to(graph, spec, reader);
    if (params.isEmpty()) {
      return op.fill();
    }
    float[] values = op.fill().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] = params.get().fakeQuantize(values[i]);
    }
    return values;
  }
}
