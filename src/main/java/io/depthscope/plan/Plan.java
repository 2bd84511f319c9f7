package io.depthscope.plan;

import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Everything a backend needs to run a network: for each layer its folded and its quantized weights,
 * how its output is quantized, and what to record. A plan is complete and immutable; two backends
 * that compile the same plan owe the same numbers.
 */
public final class Plan {
  private final Network network;
  private final List<Step> steps;
  private final Feed feed;
  private final Recording recording;
  private final float[][] inputTable;

  private Plan(
      Network network, List<Step> steps, Feed feed, Recording recording, float[][] inputTable) {
    this.network = network;
    this.steps = List.copyOf(steps);
    this.feed = feed;
    this.recording = recording;
    this.inputTable = inputTable;
    if (inputTable.length != inputShape().channels()) {
      throw new IllegalArgumentException(
          "normalization for "
              + inputTable.length
              + " channels, the network reads "
              + inputShape().channels());
    }
  }

  /**
   * A plan of the fp32 stream alone.
   *
   * @param inputTable value of each of the 256 pixel codes, per channel
   */
  public static Plan fp32(Network network, float[][] inputTable, Recording recording) {
    if (recording.quantizedStream()) {
      throw new IllegalArgumentException("a quantized stream needs a spec");
    }
    return of(network, inputTable, QuantSpec.NONE, Feed.ACCUMULATED, recording);
  }

  /**
   * A plan of the fp32 stream and of one quantized by a spec.
   *
   * @param inputTable value of each of the 256 pixel codes, per channel
   * @throws IllegalArgumentException if the spec names a node that is not there, or has codes for
   *     weights that it does not have
   */
  public static Plan of(
      Network network, float[][] inputTable, QuantSpec spec, Feed feed, Recording recording) {
    Graph graph = network.graph();
    List<Step> steps = new ArrayList<>();
    Set<String> unknown = new TreeSet<>(spec.outputs().keySet());
    unknown.addAll(spec.weights().keySet());
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      unknown.remove(node.name());
      boolean weighted = node.op().hasWeights();
      float[] kernel = weighted ? network.weightsOf(node).kernel().data() : new float[0];
      Optional<QuantizedTensor> codes = spec.weights(node.name());
      if (codes.isPresent() && codes.get().codes().length != kernel.length) {
        throw new IllegalArgumentException(
            codes.get().codes().length
                + " codes for the "
                + kernel.length
                + " weights of layer "
                + node.name());
      }
      steps.add(
          new Step(
              i,
              node,
              graph.inputShapes(i),
              graph.shape(i),
              kernel,
              codes.map(QuantizedTensor::dequantized).orElse(kernel),
              codes,
              weighted ? network.weightsOf(node).bias() : new float[0],
              spec.output(node.name())));
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("no layer " + String.join(", ", unknown));
    }
    return new Plan(network, steps, feed, recording, inputTable);
  }

  /** The same with another feed, and recording something else. */
  public Plan with(Feed otherFeed, Recording otherRecording) {
    return new Plan(network, steps, otherFeed, otherRecording, inputTable);
  }

  public Network network() {
    return network;
  }

  public Graph graph() {
    return network.graph();
  }

  public List<Step> steps() {
    return steps;
  }

  public Step step(int node) {
    return steps.get(node);
  }

  public Feed feed() {
    return feed;
  }

  public Recording recording() {
    return recording;
  }

  /** Value of each of the 256 pixel codes, per input channel. */
  public float[][] inputTable() {
    return inputTable;
  }

  public Shape inputShape() {
    return graph().inputShape();
  }

  /** Values of one image's outputs, one after the other. */
  public int outputSize() {
    return graph().outputs().stream().mapToInt(i -> step(i).out().size()).sum();
  }

  /** Empty statistics of the shape this plan records. */
  public NetworkAccumulator newAccumulator() {
    List<LayerAccumulator> list = new ArrayList<>();
    for (Step l : steps) {
      int codes = l.output().map(QuantParams::codes).orElse(0);
      list.add(new LayerAccumulator(l.out().channels(), codes, recording.errorTerms()));
    }
    return new NetworkAccumulator(list, recording.quantizedStream());
  }

  /** Empty sums of one image, one entry a node. */
  public List<ImageSums> newImageSums() {
    List<ImageSums> list = new ArrayList<>();
    for (Step l : steps) {
      list.add(new ImageSums(l.out().channels(), l.out().positions(), recording.errorTerms()));
    }
    return List.copyOf(list);
  }
}
