package io.depthscope.plan;

import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantizedKernel;
import io.depthscope.quant.Range;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything a backend needs to run a network: for each layer its folded and its quantized weights,
 * how its output is quantized, and what to record. A plan is complete and immutable; two backends
 * that compile the same plan owe the same numbers.
 */
public final class ExecutionPlan {
  private final Network network;
  private final List<LayerPlan> layers;
  private final Feed feed;
  private final Recording recording;
  private final float[][] inputTable;

  private ExecutionPlan(
      Network network,
      List<LayerPlan> layers,
      Feed feed,
      Recording recording,
      float[][] inputTable) {
    this.network = network;
    this.layers = List.copyOf(layers);
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
  public static ExecutionPlan fp32(Network network, float[][] inputTable, Recording recording) {
    if (recording.quantizedStream()) {
      throw new IllegalArgumentException("a quantized stream needs a calibration");
    }
    List<LayerPlan> layers = new ArrayList<>();
    Graph graph = network.graph();
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      boolean weighted = node.op().hasWeights();
      float[] kernel = weighted ? network.weightsOf(node).kernel().data() : new float[0];
      float[] bias = weighted ? network.weightsOf(node).bias() : new float[0];
      layers.add(
          new LayerPlan(
              i,
              node,
              graph.inputShapes(i),
              graph.shape(i),
              kernel,
              kernel,
              List.of(),
              bias,
              Optional.empty()));
    }
    return new ExecutionPlan(network, layers, Feed.ACCUMULATED, recording, inputTable);
  }

  /**
   * A plan of both streams.
   *
   * @param fp32 the plan the calibration ran
   * @param calibration what it saw, by node name; needed for every node
   * @throws IllegalArgumentException if a calibrated tensor is missing or its range is not finite
   */
  public static ExecutionPlan paired(
      ExecutionPlan fp32,
      QuantScheme scheme,
      Map<String, CalibratedTensor> calibration,
      Feed feed,
      Recording recording) {
    List<LayerPlan> layers = new ArrayList<>();
    for (LayerPlan l : fp32.layers) {
      CalibratedTensor seen = calibration.get(l.node().name());
      if (seen == null) {
        throw new IllegalArgumentException("no calibration for layer " + l.node().name());
      }
      Optional<QuantParams> output =
          l.op().quantizesOutput()
              ? scheme.activations().map(f -> outputParams(scheme, seen, f))
              : Optional.empty();
      layers.add(quantized(l, scheme, output));
    }
    return new ExecutionPlan(fp32.network, layers, feed, recording, fp32.inputTable);
  }

  /** A plan of both streams with given parameters for the outputs, by node name. */
  public static ExecutionPlan withParams(
      ExecutionPlan fp32,
      QuantScheme scheme,
      Map<String, QuantParams> outputs,
      Feed feed,
      Recording recording) {
    List<LayerPlan> layers = new ArrayList<>();
    for (LayerPlan l : fp32.layers) {
      layers.add(quantized(l, scheme, Optional.ofNullable(outputs.get(l.node().name()))));
    }
    return new ExecutionPlan(fp32.network, layers, feed, recording, fp32.inputTable);
  }

  private static QuantParams outputParams(
      QuantScheme scheme, CalibratedTensor seen, QuantFormat format) {
    Range range = scheme.activationRange().estimate(seen.observed(), seen.histogram(), format);
    return QuantParams.of(range, format);
  }

  private static LayerPlan quantized(
      LayerPlan l, QuantScheme scheme, Optional<QuantParams> output) {
    float[] kernel = l.kernel();
    List<QuantParams> params = List.of();
    if (l.op().hasWeights() && scheme.weights().isPresent()) {
      QuantizedKernel q =
          QuantizedKernel.of(
              kernel,
              l.out().channels(),
              scheme.weights().get(),
              scheme.granularity(),
              scheme.weightRange());
      kernel = q.dequantized();
      params = q.params();
    }
    return new LayerPlan(
        l.index(), l.node(), l.ins(), l.out(), l.kernel(), kernel, params, l.bias(), output);
  }

  public Network network() {
    return network;
  }

  public Graph graph() {
    return network.graph();
  }

  public List<LayerPlan> layers() {
    return layers;
  }

  public LayerPlan layer(int node) {
    return layers.get(node);
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
    return graph().outputs().stream().mapToInt(i -> layer(i).out().size()).sum();
  }

  /** Empty statistics of the shape this plan records. */
  public NetworkAccumulator newAccumulator() {
    List<LayerAccumulator> list = new ArrayList<>();
    for (LayerPlan l : layers) {
      int codes = l.output().map(QuantParams::codes).orElse(0);
      list.add(new LayerAccumulator(l.out().channels(), codes, recording.errorTerms()));
    }
    return new NetworkAccumulator(list, recording.quantizedStream());
  }

  /** Empty sums of one image, one entry a node. */
  public List<ImageSums> newImageSums() {
    List<ImageSums> list = new ArrayList<>();
    for (LayerPlan l : layers) {
      list.add(new ImageSums(l.out().channels(), l.out().positions(), recording.errorTerms()));
    }
    return List.copyOf(list);
  }
}
