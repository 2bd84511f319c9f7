package io.depthscope.plan;

import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.tensor.Shape;
import java.util.List;
import java.util.Optional;

/**
 * One node as it is to be executed.
 *
 * @param index place of the node in the model
 * @param ins shapes of the inputs; none for the network's input
 * @param kernel folded weights, [O, KH, KW, I / groups], or the constants of a rearrangement; empty
 *     for others
 * @param quantizedKernel the same for the candidate: dequantized from the codes; where it has none,
 *     what a quantized form is made of, nearly always the kernel itself
 * @param codes of the weights, or empty to leave them in float32
 * @param bias one per output channel; empty without weights
 * @param quantizedBias what the candidate adds in its place, nearly always the same array
 * @param output how the output is quantized, or empty to leave it in float32
 */
@SuppressWarnings("ArrayRecordComponent") // weight storage, never compared
public record Step(
    int index,
    Node node,
    List<Shape> ins,
    Shape out,
    float[] kernel,
    float[] quantizedKernel,
    Optional<QuantizedTensor> codes,
    float[] bias,
    float[] quantizedBias,
    Optional<QuantParams> output) {

  /** Shape of the first input; for the network's input, its own. */
  public Shape in() {
    return ins.isEmpty() ? out : ins.getFirst();
  }

  /** The kernel as a stream of this arithmetic multiplies by it. */
  public float[] kernel(Arithmetic arithmetic) {
    return switch (arithmetic) {
      case FLOAT32 -> kernel;
      case SIMULATED -> quantizedKernel;
    };
  }

  /** What a stream of this arithmetic adds to its sums. */
  public float[] bias(Arithmetic arithmetic) {
    return switch (arithmetic) {
      case FLOAT32 -> bias;
      case SIMULATED -> quantizedBias;
    };
  }

  /** How a stream of this arithmetic quantizes its output; empty if it leaves it in float32. */
  public Optional<QuantParams> output(Arithmetic arithmetic) {
    return switch (arithmetic) {
      case FLOAT32 -> Optional.empty();
      case SIMULATED -> output;
    };
  }

  public Op op() {
    return node.op();
  }

  /** The same with the candidate's weights and biases for all streams, without their codes. */
  public Step simulated() {
    return new Step(
        index,
        node,
        ins,
        out,
        quantizedKernel,
        quantizedKernel,
        Optional.empty(),
        quantizedBias,
        quantizedBias,
        output);
  }

  /** A stand-in for this step's output, computed elsewhere. */
  Step given(int place) {
    Node stand = new Node(node.name(), new Op.Input(out), List.of());
    float[] none = new float[0];
    return new Step(
        place, stand, List.of(), out, none, none, Optional.empty(), none, none, Optional.empty());
  }

  /** The same step at another place in a plan, where its inputs have other places, too. */
  Step moved(int place, List<Integer> inputs) {
    Node moved = new Node(node.name(), node.op(), node.clamp(), inputs);
    return new Step(
        place, moved, ins, out, kernel, quantizedKernel, codes, bias, quantizedBias, output);
  }

  /** How the weights are quantized: none, one, or one per output channel. */
  public List<QuantParams> kernelParams() {
    return codes.map(QuantizedTensor::params).orElse(List.of());
  }

  public Op.Role role() {
    return node.op().role(ins);
  }

  /** The word for the layer in tables and files. */
  public String word() {
    return node.op().word(ins);
  }
}
