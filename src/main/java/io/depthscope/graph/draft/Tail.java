package io.depthscope.graph.draft;

import io.depthscope.graph.Graph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a file computes behind the network's outputs to make its own: a softmax, another order of
 * axes. It is no part of what is measured.
 *
 * <p>Values are numbered: first the sources, then the constants, then what the steps give, in their
 * order.
 *
 * @param sources outputs of the network
 * @param outputs the file's outputs, in its order
 */
public record Tail(
    List<Source> sources, List<NdArray> constants, List<Step> steps, List<Output> outputs) {

  /**
   * An output of the network as the file's tensor.
   *
   * @param output place among the network's outputs
   */
  public record Source(int output, View order) {}

  /** A function of tensors. */
  @FunctionalInterface
  public interface Calculation {
    /**
     * @throws IllegalArgumentException if the inputs do not fit
     */
    List<NdArray> of(List<NdArray> inputs);
  }

  /**
   * One step.
   *
   * @param word of the operation, such as {@code Softmax}
   * @param inputs numbers of the values it reads; -1 for one left out
   */
  public record Step(
      String name, String word, List<Integer> inputs, int outputs, Calculation calculation) {

    /** True for a step that does nothing but round to codes, or back. */
    boolean rounds() {
      return ROUNDING.contains(word);
    }
  }

  private static final Set<String> ROUNDING = Set.of("QuantizeLinear", "DequantizeLinear");

  /** An output of the file: the value of this number. */
  public record Output(String name, int value) {}

  public Tail {
    sources = List.copyOf(sources);
    constants = List.copyOf(constants);
    steps = List.copyOf(steps);
    outputs = List.copyOf(outputs);
  }

  /** The network's outputs as they are, named after their nodes, [1, H, W, C]. */
  static Tail none(Graph graph) {
    List<Source> sources = new ArrayList<>();
    List<Output> outputs = new ArrayList<>();
    for (int i = 0; i < graph.outputs().size(); i++) {
      int node = graph.outputs().get(i);
      sources.add(new Source(i, View.nhwc(graph.shape(node))));
      outputs.add(new Output(graph.node(node).name(), i));
    }
    return new Tail(sources, List.of(), List.of(), outputs);
  }

  /**
   * The file's outputs for one image, by name.
   *
   * @param network the network's outputs, each NHWC
   * @param quantized false for a stream in float32: what rounds hands on what it reads
   */
  public Map<String, NdArray> of(Graph graph, List<float[]> network, boolean quantized) {
    List<NdArray> values = new ArrayList<>();
    for (Source s : sources) {
      int node = graph.outputs().get(s.output());
      values.add(s.order().gather(network.get(s.output()), graph.shape(node)));
    }
    values.addAll(constants);
    for (Step step : steps) {
      List<NdArray> inputs = new ArrayList<>();
      step.inputs().forEach(i -> inputs.add(i < 0 ? null : values.get(i)));
      values.addAll(
          step.rounds() && !quantized ? List.of(inputs.getFirst()) : step.calculation().of(inputs));
    }
    Map<String, NdArray> named = new LinkedHashMap<>();
    outputs.forEach(o -> named.put(o.name(), values.get(o.value())));
    return named;
  }
}
