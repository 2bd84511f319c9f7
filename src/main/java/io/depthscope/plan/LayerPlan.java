package io.depthscope.plan;

import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.quant.QuantParams;
import io.depthscope.tensor.Shape;
import java.util.List;
import java.util.Optional;

/**
 * One node as it is to be executed.
 *
 * @param index place of the node in the model
 * @param ins shapes of the inputs; none for the network's input
 * @param kernel folded weights, [O, KH, KW, I / groups]; empty without weights
 * @param quantizedKernel the weights of the quantized stream, dequantized, in the same layout
 * @param kernelParams how the weights are quantized: none, one, or one per output channel
 * @param bias one per output channel; empty without weights
 * @param output how the output is quantized, or empty to leave it in float32
 */
@SuppressWarnings("ArrayRecordComponent") // weight storage, never compared
public record LayerPlan(
    int index,
    Node node,
    List<Shape> ins,
    Shape out,
    float[] kernel,
    float[] quantizedKernel,
    List<QuantParams> kernelParams,
    float[] bias,
    Optional<QuantParams> output) {

  /** Shape of the first input; for the network's input, its own. */
  public Shape in() {
    return ins.isEmpty() ? out : ins.getFirst();
  }

  public Op op() {
    return node.op();
  }

  /** The word for the layer in tables and files. */
  public String word() {
    return node.op().word(ins);
  }
}
