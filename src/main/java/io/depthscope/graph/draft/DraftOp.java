package io.depthscope.graph.draft;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.tensor.Shape;
import java.util.List;

/** What a node of a draft computes: an operation, or what clean-up makes part of one. */
public sealed interface DraftOp {

  /**
   * Shape of the output.
   *
   * @throws IllegalArgumentException if the inputs do not fit
   */
  Shape outputShape(List<Shape> inputs);

  /** True if a clamp may be fused into it. */
  default boolean takesClamp() {
    return true;
  }

  /** An operation of the graph. */
  record Of(Op op) implements DraftOp {
    @Override
    public Shape outputShape(List<Shape> inputs) {
      return op.outputShape(inputs);
    }

    @Override
    public boolean takesClamp() {
      return op.takesClamp();
    }
  }

  /** Each channel scaled and shifted: a batch normalization, or a factor and a term. */
  record Normalize(BatchNorm norm) implements DraftOp {
    @Override
    public Shape outputShape(List<Shape> inputs) {
      return inputs.getFirst();
    }
  }

  /** Each value held to an interval. */
  record Bound(Clamp clamp) implements DraftOp {
    @Override
    public Shape outputShape(List<Shape> inputs) {
      return inputs.getFirst();
    }
  }

  /** Rows and columns of one value around the input. */
  record Pad(Padding padding, float value) implements DraftOp {
    @Override
    public boolean takesClamp() {
      return false;
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      Shape in = inputs.getFirst();
      return new Shape(
          Math.addExact(in.height(), Math.addExact(padding.top(), padding.bottom())),
          Math.addExact(in.width(), Math.addExact(padding.left(), padding.right())),
          in.channels());
    }
  }
}
