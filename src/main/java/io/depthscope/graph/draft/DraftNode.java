package io.depthscope.graph.draft;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Op;
import io.depthscope.tensor.Shape;
import java.util.List;
import java.util.Optional;

/**
 * A node of a draft.
 *
 * @param name unique in the draft
 * @param clamp what its values are held to afterwards
 * @param inputs places of the nodes it reads, all smaller than its own
 * @param parameters of a convolution
 * @param shape of its output
 * @param order how the file's tensor of it lies over the output
 */
public record DraftNode(
    String name,
    DraftOp op,
    Clamp clamp,
    List<Integer> inputs,
    Optional<LayerParameters> parameters,
    Shape shape,
    View order) {
  public DraftNode {
    inputs = List.copyOf(inputs);
  }

  DraftNode withOp(DraftOp other) {
    return new DraftNode(name, other, clamp, inputs, parameters, shape, order);
  }

  DraftNode withClamp(Clamp other) {
    return new DraftNode(name, op, other, inputs, parameters, shape, order);
  }

  DraftNode withInputs(List<Integer> other) {
    return new DraftNode(name, op, clamp, other, parameters, shape, order);
  }

  DraftNode withParameters(LayerParameters other) {
    return new DraftNode(name, op, clamp, inputs, Optional.of(other), shape, order);
  }

  /** The convolution, if it is one. */
  Optional<Op.Convolution> convolution() {
    return op instanceof DraftOp.Of(Op.Convolution c) ? Optional.of(c) : Optional.empty();
  }
}
