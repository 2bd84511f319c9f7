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
 * @param codes how the file quantizes it
 */
public record DraftNode(
    String name,
    DraftOp op,
    Clamp clamp,
    List<Integer> inputs,
    Optional<LayerParameters> parameters,
    Shape shape,
    View order,
    NodeCodes codes) {
  public DraftNode {
    inputs = List.copyOf(inputs);
  }

  DraftNode withOp(DraftOp other) {
    return new DraftNode(name, other, clamp, inputs, parameters, shape, order, codes);
  }

  /** The same node, its values held to another interval. */
  public DraftNode withClamp(Clamp other) {
    return new DraftNode(name, op, other, inputs, parameters, shape, order, codes);
  }

  DraftNode withInputs(List<Integer> other) {
    return new DraftNode(name, op, clamp, other, parameters, shape, order, codes);
  }

  DraftNode withParameters(LayerParameters other) {
    return new DraftNode(name, op, clamp, inputs, Optional.of(other), shape, order, codes);
  }

  /** The same node, its codes others. */
  public DraftNode withCodes(NodeCodes other) {
    return new DraftNode(name, op, clamp, inputs, parameters, shape, order, other);
  }

  /** True if its output is quantized, so that nothing behind can be made part of it. */
  boolean quantizes() {
    return codes.output().isPresent();
  }

  /** This node with what one behind it did to its output: the latter's codes are its own. */
  DraftNode endingIn(DraftNode behind) {
    return withCodes(codes.withOutput(behind.codes.output()));
  }

  /** The convolution, if it is one. */
  Optional<Op.Convolution> convolution() {
    return op instanceof DraftOp.Of(Op.Convolution c) ? Optional.of(c) : Optional.empty();
  }
}
